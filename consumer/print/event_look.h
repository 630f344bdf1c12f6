/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How events look in text: a descriptor look_NAME in look_*.c for each row of EV_TYPES (common/event.h), so that a new
 * type here is one new file; without it the program does not link. query/event_kind.h says which values it has.
 */
#ifndef CRI_CONSUMER_PRINT_EVENT_LOOK_H
#define CRI_CONSUMER_PRINT_EVENT_LOOK_H

#include <stddef.h>

#include "common/event.h"
#include "consumer/print/column.h"

/* For a column that needs another header than its name in upper case, or another width than that of its header. */
struct column_look {
	const char *name;
	const char *header; /* NULL: the name in upper case */
	int width;	    /* 0: that of the header */
	unsigned int flags; /* enum column_flags, besides those of the column's type */
};

struct event_look {
	const char *color;		 /* of its line, an SGR sequence; NULL: none */
	column_text *detail;		 /* the sentence of the DETAIL column */
	const struct column_look *looks; /* ended by one without a name; NULL: none */
	const struct column *texts;	 /* columns for text alone, ended by one without a header; NULL: none */
};

#define EVENT_LOOK_DECLARE(number, NAME, name) extern const struct event_look look_##name;
EV_TYPES(EVENT_LOOK_DECLARE)
#undef EVENT_LOOK_DECLARE

/* In the order of the types, NULL-terminated. */
extern const struct event_look *const event_looks[];

/* The sentence of the DETAIL column, "" for an unknown type. */
column_text event_detail;
/* The same for a search (filter_describe): times are in the local zone. */
void event_describe(const struct value *row, char *out, size_t size);
/* The colour of the event's line; NULL: none. */
const char *event_color(const struct value *row);

#endif
