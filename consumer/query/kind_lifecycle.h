/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of container_start and container_stop events. */
#ifndef CRI_CONSUMER_QUERY_KIND_LIFECYCLE_H
#define CRI_CONSUMER_QUERY_KIND_LIFECYCLE_H

#include "consumer/query/event_kind.h"

enum kind_start_field {
	START_MEMORY_LIMIT, /* this and the next: of a container_stop too */
	START_INFERRED,
	START_COUNT,
};

enum kind_stop_field {
	STOP_MEMORY_LIMIT,
	STOP_INFERRED,
	STOP_PEAK,
	STOP_OOM_KILLS,
	STOP_THROTTLED,
	STOP_COUNT,
};

#endif
