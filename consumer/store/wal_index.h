/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wal-index of the database, the file "DATABASE-shm". Any process that may read the file can hold shared locks on
 * it for any length of time, and these locks stop commits, checkpoints and the recovery of the wal-index.
 *
 * Bytes and layout are those of SQLite's wal-index (walformat.html of its documentation). Except for wal_index_map,
 * call these functions only while this process has the database closed: closing any descriptor of a file drops all
 * POSIX locks that the process holds on it. db_path is always the path of the database.
 */
#ifndef CRI_CONSUMER_STORE_WAL_INDEX_H
#define CRI_CONSUMER_STORE_WAL_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The strongest lock that another process holds. */
enum wal_index_lock {
	WAL_INDEX_UNLOCKED,
	WAL_INDEX_READ,	   /* an ordinary reader: only keeps the WAL from being truncated */
	WAL_INDEX_BLOCKED, /* a shared lock where SQLite takes none for longer than a moment: no commit is possible */
	WAL_INDEX_WRITTEN  /* an exclusive lock: a process that may write is writing */
};

/* *ret_holder: pid of a process with such a lock, 0 when the kernel does not say. */
enum wal_index_lock wal_index_inspect(const char *db_path, pid_t *ret_holder);

/*
 * Invalidates and unlinks the wal-index, so that the next process that opens the database rebuilds it from the WAL. Old
 * locks stay on the unlinked file. A process that still has that file open gets SQLITE_CANTOPEN for each new
 * transaction, hence two wal-indexes are never written at the same time; what it is reading meanwhile may be wrong.
 *
 * Creates a new file that only the owner can open, so that waiting readers cannot lock it before its first use;
 * wal_index_share opens it to them. *ret_fd: its descriptor, which the caller closes; -1: it could not be created.
 *
 * 0; -EBUSY: a process is writing or about to write, and nothing was changed; else an errno value, and the wal-index may
 * be invalid.
 */
int wal_index_replace(const char *db_path, int *ret_fd);
/*
 * True when the wal-index was invalidated by wal_index_replace but not unlinked: the replacement is under way, or its
 * process was killed. The database cannot be opened while another process still has the file open.
 */
bool wal_index_is_invalidated(const char *db_path);

/* A descriptor of the wal-index if only its owner can open it; -ENOENT: there is none, or it is shared. */
int wal_index_open_private(const char *db_path);
/*
 * Gives the wal-index the read permissions of the database. fd: its descriptor, to be kept open while this process has
 * the database open: closing it would drop the process's locks.
 */
int wal_index_share(const char *db_path, int fd);

/*
 * True when the wal-index is older than this boot, which began at boot_wall_ns: after a power failure the WAL may be
 * shorter than the wal-index says.
 */
bool wal_index_is_stale(const char *db_path, int64_t boot_wall_ns);

/*
 * Creates an empty wal-index beside a database that came with its WAL only, as a copy may: a sandboxed reader cannot
 * create files. SQLite rebuilds an empty one. Does nothing where that is not possible.
 */
void wal_index_make_empty(const char *db_path);

/*
 * mmap(2) for SQLite. For a shared writable mapping, which is the wal-index, first allocates that part of the file:
 * SQLite extends the file with one byte in each 4096, and on a full disk the first write into a hole would end the
 * process with SIGBUS.
 */
void *wal_index_map(void *at, size_t length, int protection, int flags, int fd, off_t offset);

#endif
