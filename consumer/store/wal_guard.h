/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps readers from stopping the recorder with locks on the wal-index: decides when a wal-index is replaced because
 * of a reader's lock, and when readers may open the new one. Only locks of readers are broken; a process that may write
 * is waited for and reported. Logs each replacement, at most once an hour.
 */
#ifndef CRI_CONSUMER_STORE_WAL_GUARD_H
#define CRI_CONSUMER_STORE_WAL_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct db;

/* Zero but for db_path, which must outlive it. Times are boot time in nanoseconds, 0: never. */
struct wal_guard {
	const char *db_path;
	int fd;			  /* of the wal-index, if has_fd: kept open while the database is, see wal_index.h */
	bool has_fd, is_private;  /* is_private: and only the owner can open that file yet */
	bool replaced;		  /* the last failure may be gone: see wal_guard_take_retry */
	bool blocked;		  /* the WAL is above its limit because of a reader */
	bool warned;		  /* of a large WAL */
	unsigned int busy;	  /* consecutive failures with -EBUSY */
	pid_t writer;		  /* process whose exclusive lock caused the last failure; 0: none, or not known */
	uint64_t replaced_ns;	  /* last replacement */
	uint64_t reported_ns;	  /* last log message about one */
	uint64_t shrink_ns;	  /* last attempt to shrink the WAL by a replacement */
	uint64_t share_delay_ns;  /* from the replacement until readers may open the new wal-index */
};

/*
 * Before the database is opened. Replaces a wal-index whose replacement was cut short, and at the first opening of a
 * process one that is older than this boot.
 */
void wal_guard_prepare(struct wal_guard *guard, bool first);
/* After it was opened: shortens the busy timeout of db when a lock had to be broken lately. */
void wal_guard_opened(const struct wal_guard *guard, struct db *db);
/* A transaction has succeeded. */
void wal_guard_settled(struct wal_guard *guard);

/* After a commit and before a transaction: lets readers open a new wal-index when its delay is over. */
void wal_guard_share(struct wal_guard *guard);
/*
 * Before a transaction: watches the size of the WAL, which a reader that never finishes keeps from being truncated.
 * 0; -ERROR_DB_REOPEN: the wal-index must be replaced (close the database and call wal_guard_failed); -EBUSY: the WAL is
 * too large and a replacement was tried a moment ago.
 */
int wal_guard_check_size(struct wal_guard *guard, struct db *db);

/* The database was closed: releases the descriptor, unless only it can make the wal-index shared later. */
void wal_guard_closed(struct wal_guard *guard);
/* After a failure, with the database closed: replaces the wal-index when a reader's lock was the reason. */
void wal_guard_failed(struct wal_guard *guard, int error);
/* True once after a replacement in wal_guard_failed: the failed call can be repeated at once. */
bool wal_guard_take_retry(struct wal_guard *guard);

/* The recorder ends: readers may open the wal-index from now on. */
void wal_guard_end(struct wal_guard *guard);

#endif
