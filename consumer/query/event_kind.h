/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The values of an event that a SELECT fetches: those of every event, followed by those of each row of EV_TYPES
 * (common/event.h). The descriptors event_kind_NAME are in kind_*.c, so that a new type here is one new file; without it
 * the program does not link. print/event_look.h says how the values look.
 */
#ifndef CRI_CONSUMER_QUERY_EVENT_KIND_H
#define CRI_CONSUMER_QUERY_EVENT_KIND_H

#include <stddef.h>

#include "common/event.h"
#include "consumer/query/value.h"

/* Indexes of the values that every event has, in the order of the JSON members. */
enum event_field {
	FIELD_V,
	FIELD_ID,
	FIELD_TYPE,
	FIELD_TIME,
	FIELD_TIME_NANO,
	FIELD_BOOT_ID,
	FIELD_CGROUP_ID,
	FIELD_CGROUP,
	FIELD_CONTAINER_ID,
	FIELD_CONTAINER_NAME,
	FIELD_CONTAINER_RUNTIME,
	FIELD_CONTAINER_IMAGE,
	FIELD_CONTAINER_OWNER,
	FIELD_POD_UID,
	FIELD_POD_NAME,
	FIELD_POD_NAMESPACE,
	FIELD_META_SOURCE,
	FIELD_PID,
	FIELD_PPID,
	FIELD_UID,
	FIELD_COMM,
	FIELD_TYPE_NUMBER, /* enum event_type */
	FIELD_COMMON_COUNT,
};

/* A value that is fetched. */
struct event_column {
	const char *name;	/* in JSON, csv, export and -F; "pod.uid": member of an object. NULL: never printed */
	const char *sql;	/* expression over the aliases of EVENT_JOIN and of the kind's own join */
	enum column_type type;
};

/*
 * What a type adds. Types may have columns of the same name: the first of them has the value whichever of these types
 * the row is, and stands for all in csv, export and -F.
 */
struct event_kind {
	const char *join; /* " LEFT JOIN oom o ON o.id = e.id"; "": its values are in the event table */
	const struct event_column *columns;
	size_t count;
};

#define EVENT_KIND_DECLARE(number, NAME, name) extern const struct event_kind event_kind_##name;
EV_TYPES(EVENT_KIND_DECLARE)
#undef EVENT_KIND_DECLARE

/* In the order of the types, which is that of the JSON members; NULL-terminated. */
extern const struct event_kind *const event_kinds[];

/* Room for the values of one row. */
#define EVENT_COLUMNS_MAX 96

/* At most EVENT_COLUMNS_MAX. */
size_t event_column_count(void);
/* Of an index below event_column_count. Static. */
const struct event_column *event_column(size_t index);
/* Bit per event type that has this column; 0: all. */
unsigned int event_column_types(size_t index);
/* The values of a row that belong to the kind: indexed by the enum of its header. */
const struct value *event_values(const struct value *row, const struct event_kind *kind);

#endif
