/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who can put files beside a database. SQLite replays an unfinished journal that lies there, and the journal can name
 * files to be removed.
 */
#ifndef CRI_CONSUMER_STORE_DB_PLACE_H
#define CRI_CONSUMER_STORE_DB_PLACE_H

#include <sys/types.h>

/* Why a place is refused: "PATH REASON", and what to do about it. Static texts; path is one of the arguments. */
struct db_place_refusal {
	const char *path, *reason, *advice;
};

/*
 * Checks that only root, the caller's effective user and `owner` can create files in the directory or change the database,
 * and that the database is a regular file with one hard link. db_path: the real path, in this directory. Returns 0; 1 and
 * the reason; or the negative errno of opening them.
 */
int db_place_check(const char *directory, const char *db_path, uid_t owner, struct db_place_refusal *ret);

#endif
