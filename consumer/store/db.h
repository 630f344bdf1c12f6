/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A narrow wrapper around SQLite: only the db files include sqlite3.h.
 * Failures are negative: errno values -ENOENT missing, -EACCES not readable, -EBUSY locked by another
 * process, -ENOSPC disk full, -EROFS read-only, -EIO, -ENOMEM, -EINVAL wrong SQL or value; and of consumer/text/error.h:
 * -ERROR_DB_SCHEMA, -ERROR_NOT_REGULAR, -ERROR_VALUE_SIZE,
 * -ERROR_DB_NEWER, -ERROR_DB_OLDER, -ERROR_DB_FOREIGN, -ERROR_DB_EMPTY, -ERROR_DB_NONE, -ERROR_DB_CORRUPT,
 * -ERROR_DB_FILE_LIMIT, -ERROR_SQL_REFUSED, -ERROR_SQL_TIMEOUT.
 */
#ifndef CRI_CONSUMER_STORE_DB_H
#define CRI_CONSUMER_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consumer/store/db_stmt.h"

struct db;

/* Seeds SQLite's random numbers, which a sandbox would prevent. Call it before sandboxing and db_open_write. */
void db_seed_writer(void);
/*
 * Opens or creates the database for writing: WAL mode, WAL files that stay, schema of this version. What is not ours is
 * not touched; the errors are also those of db_origin_judge_write(). The time does not depend on the size of the history:
 * damage is found by the statement that reads it.
 */
int db_open_write(const char *path, struct db **ret);
/*
 * Opens an existing database read-only and creates no file. Checks that it is a database of cri-ebpf of this version.
 * -ERROR_DB_PRIVATE: the recorder keeps readers from the wal-index for the moment, because one of them held a lock on it.
 */
int db_open_read(const char *path, struct db **ret);
void db_close(struct db *db);
/* True when the path no longer names the open file, so that commits would go to a deleted or moved file. */
bool db_moved(const struct db *db);
/* The same of its WAL: what was committed is lost with it unless a checkpoint comes first. */
bool db_wal_moved(const struct db *db);
/*
 * The same of its wal-index, or the wal-index was invalidated to be replaced, or a WAL appeared where there was none. Locks
 * on the old file exclude no other process any more: what a reader has read since may be wrong, and a writer must stop.
 */
bool db_wal_index_moved(const struct db *db);
/* How long a call waits for a lock of another process before it fails with -EBUSY; two seconds by default. Returns the former
 * value. */
unsigned int db_set_busy_timeout(struct db *db, unsigned int milliseconds);
/* Bytes of the database file and of its WAL; 0 for a file that does not exist. */
void db_file_sizes(const struct db *db, uint64_t *ret_database, uint64_t *ret_wal);
/* The message for the last failure, of SQLite or of these functions; valid until the next call. "" for db NULL. */
const char *db_message(const struct db *db);

int db_exec(struct db *db, const char *sql);
/* Bytes of the pages in use; the file may be larger, since it shrinks later. */
int db_used_bytes(struct db *db, uint64_t *ret);

/* The rowid of the last row inserted; the number of rows changed by the last statement. */
int64_t db_last_id(const struct db *db);
int64_t db_changes(const struct db *db);

/* full: the commit is durable when db_commit returns; else it survives a crash of the process but not of the machine. */
int db_begin(struct db *db, bool full);
int db_commit(struct db *db);
/* Does nothing when there is no transaction. Keeps the message of the last failure. */
void db_rollback(struct db *db);

/*
 * For statements of a user: from now on only SELECT and the pragmas that describe tables are allowed, size and memory
 * are bounded, and a statement that runs longer than limit_ns (0: no limit) fails with -ERROR_SQL_TIMEOUT.
 */
int db_restrict(struct db *db, uint64_t limit_ns);

#endif
