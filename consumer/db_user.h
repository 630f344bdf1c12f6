/* SPDX-License-Identifier: BSD-2-Clause */
/* Part of db.c: what a statement that a user wrote may do. */
#ifndef CRI_CONSUMER_DB_USER_H
#define CRI_CONSUMER_DB_USER_H

struct sqlite3;

/* From now on only reading, with bounds for size and memory. SQLite's result code. */
int db_user_restrict(struct sqlite3 *handle);

#endif
