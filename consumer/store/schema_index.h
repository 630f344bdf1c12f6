/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The indexes of the database. A new database has all of them; one that lacks some, because a later version added them or
 * somebody dropped them, is recorded into and read without them, slower, until they have been built.
 */
#ifndef CRI_CONSUMER_STORE_SCHEMA_INDEX_H
#define CRI_CONSUMER_STORE_SCHEMA_INDEX_H

#include <stdbool.h>

struct db;

struct schema_index {
	const char *name, *table;
	const char *column;
	const char *condition; /* which rows it has; NULL: all */
};

/* The last entry has no name. */
extern const struct schema_index schema_indexes[];

/* Creates all of them in the transaction that is open. Failures are db.h's. */
int schema_index_create_all(struct db *db);

/* *ret: the first index that the database lacks; NULL: none. */
int schema_index_find_missing(struct db *db, const struct schema_index **ret);

/*
 * Builds one outside of a transaction, all or nothing. Sorts in a file, not in memory, which it removes. stop, which may
 * be NULL, is called every few microseconds and must not use the database; when it returns true, nothing is built:
 * -ERROR_SQL_TIMEOUT.
 */
int schema_index_build(struct db *db, const struct schema_index *index, bool (*stop)(void *context), void *context);

#endif
