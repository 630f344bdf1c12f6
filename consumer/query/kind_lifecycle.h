/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of container_start and container_stop events. */
#ifndef CRI_CONSUMER_QUERY_KIND_LIFECYCLE_H
#define CRI_CONSUMER_QUERY_KIND_LIFECYCLE_H

#include "consumer/query/event_kind.h"

enum kind_lifecycle_field {
	LIFECYCLE_MEMORY_LIMIT,
	LIFECYCLE_PEAK,
	LIFECYCLE_OOM_KILLS,
	LIFECYCLE_THROTTLED,
	LIFECYCLE_COUNT,
};

extern const struct event_kind event_kind_lifecycle;

#endif
