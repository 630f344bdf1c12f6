/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How events of one type are stored, as data: the rows are owned by record/, and handed to the code that inserts and
 * to the code that deletes.
 */
#ifndef CRI_CONSUMER_STORE_EVENT_STORAGE_H
#define CRI_CONSUMER_STORE_EVENT_STORAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "consumer/text/event_type.h"

struct db_stmt;

/* What retention by size removes first. */
enum event_retention {
	RETAIN_LONGEST, /* last of all, the oldest first */
	RETAIN_SHORTER, /* second: such a type has a table of its own */
	RETAIN_BRIEFLY, /* first: the bulk */
};

struct event_storage {
	enum event_type type;
	enum event_retention retention;
	/* RETAIN_BRIEFLY: an event with one of these flags (enum event_type_flags) is retained longest all the same. */
	unsigned int keep_flags;
	/*
	 * The table for what the type has beyond a row in "event", under the same id. NULL: nothing, and the members below
	 * mean nothing. Types that are retained longest may share a table. Otherwise the table is that of one type without
	 * keep_flags, because retention deletes its rows by id.
	 */
	const char *table;
	const char *insert; /* ?1 is the id; the row in "event" is there already */
	/* Binds ?2 and following to the values of ev_row.detail. */
	void (*bind)(struct db_stmt *stmt, const void *detail);
};

/* Whether this is the first storage of the list with its table. False for one without a table. */
bool event_storage_owns_table(const struct event_storage *const *list, size_t index);

/* Room for a condition. */
#define EVENT_STORAGE_SQL_MAX 1024
/*
 * Writes an SQL condition that holds for the rows of "event" with that retention. The columns have a unary plus, which
 * keeps SQLite from using an index on them. -EINVAL: it does not fit.
 */
int event_storage_condition(const struct event_storage *const *list, enum event_retention retention, char *out,
			    size_t size);

#endif
