/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index of the database's log, "DATABASE-shm", as a file that others lock. Whoever may read it can hold shared
 * locks on it, for ever, and with them keep commits, checkpoints and the index's recovery from happening.
 *
 * Bytes and layout are those of SQLite's WAL-index (its walformat.html). Only for a database that this process has
 * closed: closing any descriptor of a file gives up all of a process's POSIX locks on it.
 */
#ifndef CRI_CONSUMER_STORE_WAL_INDEX_H
#define CRI_CONSUMER_STORE_WAL_INDEX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum wal_index_hold {
	DB_INDEX_FREE,
	DB_INDEX_READ,	 /* somebody reads: nothing stands still but the end of the log */
	DB_INDEX_KEPT,	 /* a shared lock where SQLite takes none for longer than a moment: commits stand still */
	DB_INDEX_WRITTEN /* somebody who may write does so */
};

/* Who holds locks on it. *ret_holder: the pid of one, 0 if that cannot be known. */
enum wal_index_hold wal_index_inspect(const char *db_path, pid_t *ret_holder);

/*
 * Takes the index out of the way, so that the next to open the database makes a new one out of the log. The locks
 * of others stay on a file without a name. Whoever still has that one open gets SQLITE_CANTOPEN for whatever he
 * begins, so that no two indexes are ever written by; what he has begun to read may turn out wrong.
 *
 * In its place there is one that nobody but the owner can open, as long as it is not shared: who waits for it cannot
 * lock it before its first use. *ret_fd: that one; -1 if there is none.
 *
 * 0; -EBUSY: somebody writes, or is about to, and it is as it was; else why it cannot be done: then it may be spoiled.
 */
int wal_index_replace(const char *db_path, int *ret_fd);
/*
 * It is one of which everybody was stopped, but it still is there: its replacement was cut short, or is under way. As
 * long as somebody has it open nobody can open the database, until it is replaced.
 */
bool wal_index_is_spoiled(const char *db_path);

/* The index when nobody but its owner can open it; -ENOENT: there is none, or it is shared. */
int wal_index_open_private(const char *db_path);
/* Lets those read it who may read the database. fd stays open: closing it costs this process its locks. */
int wal_index_share(const char *db_path, int fd);

/* It was made before this boot: what it says of the log's end may be more than a power cut has left of it. */
bool wal_index_is_stale(const char *db_path, int64_t boot_wall_ns);

#endif
