/* SPDX-License-Identifier: BSD-2-Clause */
/* What opening a database needs of the wrapper round SQLite; for consumer/db*.c alone. */
#ifndef CRI_CONSUMER_STORE_DB_INTERNAL_H
#define CRI_CONSUMER_STORE_DB_INTERNAL_H

#include "consumer/store/db.h"

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

/* Returns error, with that text, which is static, as db_message(). */
int db_complain(struct db *db, int error, const char *complaint);
/* As db_exec(). -ERROR_SQL_TIMEOUT: it took longer, and has changed nothing. */
int db_exec_within(struct db *db, const char *sql, uint64_t limit_ns);
/* -ERROR_DB_CORRUPT: damaged. Not finished in time counts as sound: what is wrong shows later, at the place itself. */
int db_check_pages(struct db *db);

#endif
