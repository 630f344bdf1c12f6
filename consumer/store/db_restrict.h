/* SPDX-License-Identifier: BSD-2-Clause */
/* Restrictions for SQL statements written by the user; private to db.c. */
#ifndef CRI_CONSUMER_STORE_DB_RESTRICT_H
#define CRI_CONSUMER_STORE_DB_RESTRICT_H

struct sqlite3;

/* From now on the connection can only read, with bounds for size and memory. Returns a result code of SQLite. */
int db_restrict_statements(struct sqlite3 *handle);

#endif
