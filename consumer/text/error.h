/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors of cri-ebpf beside those of errno(3), for conditions that no errno value names. Functions return either kind
 * as a negative int; the numbers begin above the largest errno value of Linux (4095), so the two never meet.
 */
#ifndef CRI_CONSUMER_TEXT_ERROR_H
#define CRI_CONSUMER_TEXT_ERROR_H

#define ERROR_FIRST 5000

/* Name and sentence. A sentence continues a message such as "cannot open "FILE": ". */
#define ERROR_LIST(X)                                                                                                  \
	X(DB_NEWER, "the database was made by a newer version of cri-ebpf")                                            \
	X(DB_OLDER, "the database was made by an older version of cri-ebpf, whose tables this one does not read")         \
	X(DB_FOREIGN, "it is the database of another program, not one of cri-ebpf")                                    \
	X(DB_EMPTY, "it is empty, not a database of cri-ebpf")                                                         \
	X(DB_NONE, "it is not a database of cri-ebpf, nor of another program that uses SQLite")                        \
	X(DB_OWNER, "it belongs to another user")                                                                      \
	X(DB_LEFT, "it is gone, and only its WAL or its journal is left")                                              \
	X(DB_DIRECTORY, "its directory was replaced by another one")                                                   \
	X(DB_FILE_LIMIT, "the limit of file sizes (RLIMIT_FSIZE: LimitFSIZE= of the unit, ulimit -f) is reached")      \
	X(DB_CORRUPT, "the database is damaged")                                                                       \
	X(DB_SCHEMA, "its tables and views are not exactly those of cri-ebpf: one was added or changed,"               \
		     " or it is damaged or made to mislead")                                                           \
	X(VALUE_SIZE, "a value in it is larger than any that cri-ebpf stores")                                         \
	X(NOT_REGULAR, "it, or a file beside it (-wal, -shm, -journal), is a FIFO, socket or device")                   \
	X(DB_REOPEN, "the database must be closed and opened again")                                                   \
	X(DB_PRIVATE, "the recorder keeps readers out for the moment, because one of them held a lock that stopped"    \
		      " recording")                                                                                    \
	X(SQL_REFUSED, "only reading is allowed")                                                                      \
	X(SQL_TIMEOUT, "it took too long")                                                                             \
	X(AMBIGUOUS, "it may mean several things")                                                                     \
	X(REPLACED, "it was moved, deleted or replaced meanwhile")                                                     \
	X(LOCK_FOREIGN, "the lock file belongs to another user")                                                       \
	X(RECORD_NEWER, "the next record in the ring is of a newer version")                                           \
	X(RING_FROZEN, "somebody in group cri-ebpf-ring has frozen the ring (BPF_MAP_FREEZE), so that nothing in it can be"  \
		       " acknowledged any more")                                                                       \
	X(MAP_LAYOUT, "it was made by another version of cri-ebpf-loader")                                             \
	X(PRIVILEGES_LEFT, "privileges that were given up could be regained")

#define ERROR_ENUM_ROW(name, sentence) ERROR_##name,
enum error {
	ERROR_BEFORE_FIRST = ERROR_FIRST - 1,
	ERROR_LIST(ERROR_ENUM_ROW)
	ERROR_END,
};
#undef ERROR_ENUM_ROW

/* The sentence for a negative return value: ours, or that of strerror(3). Static, or valid until the next call. */
const char *error_text(int error);

#endif
