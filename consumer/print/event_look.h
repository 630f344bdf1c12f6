/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How events look in text. A type of event is one file look_*.c and one row of the table in event_look.c;
 * query/event_kind.h says which values it has.
 */
#ifndef CRI_CONSUMER_PRINT_EVENT_LOOK_H
#define CRI_CONSUMER_PRINT_EVENT_LOOK_H

#include <stddef.h>

#include "consumer/print/column.h"
#include "consumer/text/event_type.h"

/* A column whose header is not its name in upper case, or whose width is not that of its header. */
struct column_look {
	const char *name;
	const char *header; /* NULL: the name in upper case */
	int width;	    /* 0: that of the header */
	unsigned int flags; /* enum column_flags, besides those of the column's type */
};

struct event_look {
	enum event_type type;
	const char *color;		 /* of its line, an SGR sequence; NULL: none */
	column_text *detail;		 /* the sentence of the DETAIL column */
	const struct column_look *looks; /* ended by one without a name; NULL: none */
	const struct column *texts;	 /* columns for text alone, ended by one without a header; NULL: none */
};

extern const struct event_look look_oom, look_pressure, look_exit, look_fork, look_start, look_stop, look_gap;
#ifdef CRI_TEST_KIND
extern const struct event_look look_test;
#endif

/* NULL-terminated. */
extern const struct event_look *const event_looks[];

/* The sentence of the DETAIL column, "" for an unknown type. */
column_text event_detail;
/* The same for a search (filter_describe): times are in the local zone. */
void event_describe(const struct value *row, char *out, size_t size);
/* The colour of the event's line; NULL: none. */
const char *event_color(const struct value *row);

#endif
