/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Narrow wrapper round SQLite: the only place that knows sqlite3.h.
 * Failures are negative errno: -ENOENT missing, -EACCES not readable, -EBUSY locked by another
 * process, -ENOSPC disk full, -EROFS read-only, -EIO, -ENOMEM, -EINVAL wrong SQL or value; and of consumer/text/error.h:
 * -ERROR_DB_NEWER, -ERROR_DB_FOREIGN, -ERROR_DB_EMPTY, -ERROR_DB_NONE, -ERROR_DB_CORRUPT, -ERROR_SQL_REFUSED,
 * -ERROR_SQL_TIMEOUT.
 */
#ifndef CRI_CONSUMER_STORE_DB_H
#define CRI_CONSUMER_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct db_stmt;

/* Reads what SQLite's random numbers begin with, which a sandbox would keep from it. Before db_open_write. */
void db_seed_writer(void);
/* Opens or makes the database for the recorder: WAL, persistent WAL files, schema of this version. */
int db_open_write(const char *path, struct db **ret);
/* The same without a look at all its pages: for one that this process found sound and gave up for somebody's lock. */
int db_open_write_again(const char *path, struct db **ret);
/*
 * Opens an existing database read-only, never making a file. Checks that it is ours and not newer. -ERROR_DB_PRIVATE: the
 * recorder keeps readers from the log's index for now, because one held a lock on it.
 */
int db_open_read(const char *path, struct db **ret);
void db_close(struct db *db);
/* True when the path no longer names the open file: commits would go to a file nobody can find. */
bool db_moved(const struct db *db);
/* The same of its log: what is committed is lost with it unless a checkpoint comes first. */
bool db_wal_moved(const struct db *db);
/*
 * The same of the index of the log, or it is about to be so. Its locks are those of nobody else any more: what a
 * reader has read since then may be wrong, and a writer must stop.
 */
bool db_wal_index_moved(const struct db *db);
/* How long a call waits for somebody else's lock before it fails with -EBUSY; two seconds unless told. */
void db_set_busy_timeout(struct db *db, unsigned int milliseconds);
/* Bytes of the database file, and of the log beside it; 0 for a file that is not there. */
void db_file_sizes(const struct db *db, uint64_t *ret_database, uint64_t *ret_log);
/* SQLite's text for the last failure; valid until the next call. */
const char *db_message(const struct db *db);

int db_exec(struct db *db, const char *sql);
/* A single number, such as a pragma gives; NULL is 0. -EINVAL: there is no row. */
int db_number(struct db *db, const char *sql, int64_t *ret);
/* What the database would take if it were compact: pages in use, not the file, which shrinks later. */
int db_used_bytes(struct db *db, uint64_t *ret);

/* The statement lives until db_close or db_finish, whichever is first. */
int db_prepare(struct db *db, const char *sql, struct db_stmt **ret);
void db_finish(struct db_stmt *stmt);

/* For CLEANUP(cleanup_stmt). */
static inline void cleanup_stmt(struct db_stmt **stmt)
{
	db_finish(*stmt);
}

/* Positions from 1. Text is not copied: it must live until the next step or reset. NULL text binds NULL. */
void db_bind_int(struct db_stmt *stmt, int position, int64_t value);
void db_bind_text(struct db_stmt *stmt, int position, const char *text, size_t length);
void db_bind_null(struct db_stmt *stmt, int position);
int db_parameter_index(struct db_stmt *stmt, const char *name); /* ":since"; 0 when there is none */

/* 1: a row; 0: done, and the statement is reset for its next use; negative errno: failed and reset. */
int db_step(struct db_stmt *stmt);
/* Ends a statement early, so that it can be bound and stepped again. */
void db_reset(struct db_stmt *stmt);
/* Step once, expect no row. */
int db_run(struct db_stmt *stmt);

/* rowid of the last row inserted; rows changed by the last statement. */
int64_t db_last_id(const struct db *db);
int64_t db_changes(const struct db *db);

/* Columns from 0. Text may hold any bytes; valid until the next step, reset or finish. */
int db_columns(struct db_stmt *stmt);
const char *db_column_name(struct db_stmt *stmt, int column);
bool db_is_null(struct db_stmt *stmt, int column);
bool db_is_number(struct db_stmt *stmt, int column); /* stored as integer or real */
int64_t db_int(struct db_stmt *stmt, int column);
double db_double(struct db_stmt *stmt, int column);
const char *db_text(struct db_stmt *stmt, int column, size_t *ret_length); /* NULL for NULL */

/* full: the commit is on the disk when it returns, else only safe against a crash of the process. */
int db_begin(struct db *db, bool full);
int db_commit(struct db *db);
/* No error when there is no transaction. */
void db_rollback(struct db *db);

/*
 * For text from a user: only SELECT, reading and the pragmas that list columns; bounded in size and memory; a
 * statement longer than limit_ns ends with -ERROR_SQL_TIMEOUT.
 */
int db_restrict(struct db *db, uint64_t limit_ns);

#endif
