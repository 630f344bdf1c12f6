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

#include "consumer/store/db_stmt.h"

struct db;

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
/* What the database would take if it were compact: pages in use, not the file, which shrinks later. */
int db_used_bytes(struct db *db, uint64_t *ret);

/* rowid of the last row inserted; rows changed by the last statement. */
int64_t db_last_id(const struct db *db);
int64_t db_changes(const struct db *db);

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
