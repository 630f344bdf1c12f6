/* SPDX-License-Identifier: BSD-2-Clause */
/* Part of db.c: what a statement that a user wrote may do. */
#ifndef CRI_CONSUMER_STORE_DB_RESTRICT_H
#define CRI_CONSUMER_STORE_DB_RESTRICT_H

struct sqlite3;

/* From now on only reading, with bounds for size and memory. SQLite's result code. */
int db_restrict_statements(struct sqlite3 *handle);

#endif
