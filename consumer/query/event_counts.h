/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts of events by cgroup and type. */
#ifndef CRI_CONSUMER_QUERY_EVENT_COUNTS_H
#define CRI_CONSUMER_QUERY_EVENT_COUNTS_H

#include "consumer/query/query.h"

/* The values of a row: the events of one type in one cgroup. Times are nanoseconds since 1970. */
enum event_count {
	COUNT_CONTAINER_NAME,
	COUNT_CONTAINER_ID,
	COUNT_POD_NAME,
	COUNT_POD_UID,
	COUNT_NAMESPACE,
	COUNT_TYPE_NAME,
	COUNT_TYPE,   /* enum event_type */
	COUNT_EVENTS,
	COUNT_FAILED, /* exits with a code other than 0 or a signal */
	COUNT_FIRST,
	COUNT_LAST,
	COUNT_PATH,   /* of the cgroup */
	COUNT_COLUMNS,
};

/*
 * Counts the events that match the filter (its grep is ignored). Each page of ids is a transaction of its own, so that a
 * cgroup and type come once per page: the caller adds up. `each` returns 0, or a negative errno to stop with it. Returns 0
 * or a negative errno.
 */
int event_counts_read(struct db *db, const struct filter *filter, query_row *each, void *context);

#endif
