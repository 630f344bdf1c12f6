/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose database lies at a path, judged from bytes that are read before SQLite opens it: SQLite creates files beside a
 * database, rolls back its journal and writes its WAL into it, also when it is the database of another program.
 */
#ifndef CRI_CONSUMER_STORE_DB_ORIGIN_H
#define CRI_CONSUMER_STORE_DB_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "consumer/store/db_header.h"

#define DB_ORIGIN_TEXT_MAX 160

enum db_whose {
	DB_NOBODYS,	/* no file, or nothing in it: no tables and no application id */
	DB_OURS,	/* the application id of cri-ebpf */
	DB_FOREIGN,	/* the database of another program */
	DB_NO_DATABASE, /* something else than a database, or one whose header is destroyed */
};

struct db_origin {
	enum db_whose whose;
	struct db_header header; /* of DB_OURS and DB_FOREIGN */
	bool empty;		 /* the file has no bytes, or there is none */
	bool left;		 /* and a WAL or a journal that has some lies beside it */
	bool traces;		 /* a WAL or a lock file of the caller's user lies beside it, as a recorder leaves them */
	bool own_directory;	 /* the directory belongs to the caller's user */
	uid_t owner;		 /* the caller's effective user when there is no file */
	const char *contents; /* of DB_NO_DATABASE: what it looks like, static */
};

/*
 * Reads the beginning of the database and, when that says nothing, its WAL; never waits for the other end of a FIFO. Not
 * while this process has the database open: it drops the locks. Returns 0, also when there is no file; -EISDIR;
 * -ERROR_NOT_REGULAR: it is a FIFO, socket or device; or the negative errno of reading it.
 */
int db_origin_read(const char *path, struct db_origin *ret);

/*
 * Whether the database may be written or, when there is none, created. 0: yes. It may be set aside: -ERROR_DB_OLDER;
 * -ERROR_DB_CORRUPT: its header is destroyed; -ERROR_DB_LEFT: only a WAL or a journal is left of it. It must not
 * be touched: -ERROR_DB_NEWER, -ERROR_DB_FOREIGN, -ERROR_DB_NONE, -ERROR_DB_OWNER.
 */
int db_origin_judge_write(const struct db_origin *origin);
/* Whether the database may be read. 0, -ERROR_DB_NEWER, -ERROR_DB_OLDER, -ERROR_DB_FOREIGN, -ERROR_DB_NONE, -ERROR_DB_EMPTY. */
int db_origin_judge_read(const struct db_origin *origin);

/* True for the errors of a file that must not be touched. */
bool db_origin_is_refused(int error);

/* Reads and judges. */
int db_origin_check_write(const char *path);

/* Whose it seems to be, in words that continue a sentence. */
void db_origin_format(const struct db_origin *origin, char out[DB_ORIGIN_TEXT_MAX]);

#endif
