/* SPDX-License-Identifier: BSD-2-Clause */
/* Restrictions for connections to a database that may come from anywhere, and for statements of a user; private to db.c. */
#ifndef CRI_CONSUMER_STORE_DB_RESTRICT_H
#define CRI_CONSUMER_STORE_DB_RESTRICT_H

#include <stdint.h>

struct sqlite3;

/* Bounds for what is read, and for the memory that SQLite allocates in this process. */
void db_restrict_reader(struct sqlite3 *handle, uint64_t memory);
/*
 * From now on the connection can only read, with other bounds for size, and memory as far as a statement needs. Returns a
 * result code of SQLite.
 */
int db_restrict_statements(struct sqlite3 *handle, uint64_t memory);

#endif
