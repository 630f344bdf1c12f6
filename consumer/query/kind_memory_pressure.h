/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of memory_pressure events. */
#ifndef CRI_CONSUMER_QUERY_KIND_MEMORY_PRESSURE_H
#define CRI_CONSUMER_QUERY_KIND_MEMORY_PRESSURE_H

#include "consumer/query/event_kind.h"

enum kind_pressure_field {
	PRESSURE_LEVEL,
	PRESSURE_UTILIZATION,
	PRESSURE_USAGE_BYTES,
	PRESSURE_LIMIT_BYTES,
	PRESSURE_LIMIT_CGROUP,
	PRESSURE_WORKING_SET,
	PRESSURE_COUNT,
};

#endif
