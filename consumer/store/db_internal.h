/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files db*.c, which wrap SQLite. */
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
	bool immutable;		    /* opened as a file that does not change: there was no WAL */
	const char *error_message;  /* of the last failure, static; NULL: that of SQLite */
	struct db_file_id files[DB_FILE_COUNT]; /* as they were when the database was opened */
	unsigned int busy_timeout_ms;
	uint64_t limit_ns;	    /* for each statement; 0: none */
	uint64_t deadline_ns;	    /* of the running statement, monotonic clock */
};

/* To be called with the result code of each SQLite function: returns it as an error of db.h, 0 for success. */
int db_result(struct db *db, int code);

enum db_access { DB_ACCESS_WRITE, DB_ACCESS_READ, DB_ACCESS_URI /* read-only, name is a file: URI */ };

/* Opens without reading. name: for SQLite; path: of the file, for messages and for the files beside it. */
int db_handle_open(const char *name, const char *path, enum db_access access, struct db **ret);

const char *db_path(const struct db *db);
bool db_is_read_only(const struct db *db);
/* Remembers device and inode of the files, for db_moved(), db_wal_moved() and db_wal_index_moved(). */
void db_remember_files(struct db *db);
/* Creates tables and indexes in an empty database, all or nothing. */
int db_create_schema(struct db *db);
/* Keeps the WAL and the wal-index when the last connection closes the database. */
int db_keep_wal(struct db *db);

/*
 * A writer has one thread and no heap limit: turns off SQLite's mutexes and memory statistics. Has an effect only
 * before the first use of SQLite in the process.
 */
void db_configure_writer(void);

/*
 * For a file that may come from anywhere, before it is read: bounds for the size of texts, values and statements, and for
 * the memory of SQLite in this process, which is lifted when it opens a database for writing. The connection never writes.
 */
int db_restrict_reading(struct db *db, uint64_t memory);

/* Returns error; message, which is static, becomes what db_message() returns. */
int db_set_error(struct db *db, int error, const char *message);
/*
 * As db_exec(), while stop, which may be NULL and must not use the database, returns false. -ERROR_SQL_TIMEOUT: it
 * returned true, and the statement was rolled back.
 */
int db_exec_until(struct db *db, const char *sql, bool (*stop)(void *context), void *context);
/*
 * Whether SQLite sorts and keeps temporary tables in files, which it removes, in the directory of the database: memory is
 * bounded then. Empties temporary tables. Not within a transaction.
 */
int db_use_temporary_files(struct db *db, bool use);

#endif
