/* SPDX-License-Identifier: BSD-2-Clause */
/* Container instances with their pod, cgroup, OOM kills and how they ended. */
#ifndef CRI_CONSUMER_QUERY_CONTAINER_LIST_H
#define CRI_CONSUMER_QUERY_CONTAINER_LIST_H

#include "consumer/query/query.h"

/* The values of a row. Times are nanoseconds since 1970; the last four are those of the init process's exit. */
enum container_field {
	CONTAINER_V, /* version of the row's format in JSON: 1 */
	CONTAINER_ID,
	CONTAINER_NAME,
	CONTAINER_RUNTIME,
	CONTAINER_IMAGE,
	CONTAINER_OWNER_UID,
	CONTAINER_POD_UID,
	CONTAINER_POD_NAME,
	CONTAINER_POD_NAMESPACE,
	CONTAINER_POD_QOS,
	CONTAINER_OUTER_ID,
	CONTAINER_BOOT_ID,
	CONTAINER_CGROUP,
	CONTAINER_STARTED,
	CONTAINER_STOPPED,
	CONTAINER_STATE, /* "running", "gone", or "lost": the machine went down while it ran */
	CONTAINER_KILLS,
	CONTAINER_EXIT_CODE,
	CONTAINER_SIGNAL,
	CONTAINER_OOM_KILLED,
	CONTAINER_WAIT_STATUS,
	CONTAINER_FIELDS,
};

struct container_list_options {
	const char *boot_id; /* of the running kernel */
	bool all;	     /* also those gone or lost; implied by a filter for a boot */
	uint64_t lines;	     /* at most this many, the latest; FILTER_ALL: no limit */
	bool reverse;	     /* the latest start first */
};

/*
 * Reads the instances that existed in the filter's time range and, if it has conditions on events, that have such an
 * event, in the order of their starts, in one transaction. `each` is called for those that match its grep and returns 0,
 * or a negative errno to stop with it. Returns 0 or a negative errno.
 */
int container_list_read(struct db *db, const struct filter *filter, const struct container_list_options *options,
			query_row *each, void *context);

#endif
