/* SPDX-License-Identifier: BSD-2-Clause */
/* What opening a database needs of the wrapper round SQLite; for consumer/db*.c alone. */
#ifndef CRI_CONSUMER_STORE_DB_INTERNAL_H
#define CRI_CONSUMER_STORE_DB_INTERNAL_H

#include "consumer/store/db.h"
#include "consumer/store/db_files.h"

struct sqlite3;

struct db {
	struct sqlite3 *handle;
	char *path;
	struct db_stmt *statements; /* open ones, finished by db_close */
	bool full;		    /* PRAGMA synchronous is FULL */
	bool stopped;		    /* SQLITE_CANTOPEN was returned: perhaps the wal-index was invalidated */
	const char *error_message;  /* of the last failure, static; NULL: that of SQLite */
	struct db_file_id files[DB_FILE_COUNT]; /* as they were when the database was opened */
	uint64_t limit_ns;	    /* for each statement; 0: none */
	uint64_t deadline_ns;	    /* of the running statement, monotonic clock */
};

/* To be called with the result code of each SQLite function: returns it as an error of db.h, 0 for success. */
int db_result(struct db *db, int code);

enum db_access { DB_ACCESS_WRITE, DB_ACCESS_READ, DB_ACCESS_URI /* reading what a file: URI names */ };

/* Opens and looks at nothing. path: what the file is called outside. */
int db_handle_open(const char *name, const char *path, enum db_access access, struct db **ret);

const char *db_path(const struct db *db);
bool db_is_read_only(const struct db *db);
/* Which files they are, for db_moved() and its like. */
void db_remember_files(struct db *db);
/* The log and its index stay when the database is closed. */
int db_keep_wal(struct db *db);

/*
 * The recorder is one thread and has no heap limit, so SQLite needs neither locks nor counts of its memory.
 * Only before its first use in a process; later it refuses, and is a little slower.
 */
void db_configure_writer(void);

/* Returns error; message, which is static, becomes what db_message() returns. */
int db_set_error(struct db *db, int error, const char *message);
/* As db_exec(). -ERROR_SQL_TIMEOUT: it took longer, and has changed nothing. */
int db_exec_within(struct db *db, const char *sql, uint64_t limit_ns);
/* -ERROR_DB_CORRUPT: damaged. Not finished in time counts as sound: what is wrong shows later, at the place itself. */
int db_check_pages(struct db *db);

#endif
