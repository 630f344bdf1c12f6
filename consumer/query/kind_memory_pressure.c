/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/kind_memory_pressure.h"

/* r pressure */
static const struct event_column columns[PRESSURE_COUNT] = {
	[PRESSURE_LEVEL] = { "level", "r.level", COLUMN_STRING },
	[PRESSURE_UTILIZATION] = { "utilization", "CAST(r.usage_bytes AS REAL) / r.limit_bytes", COLUMN_REAL },
	[PRESSURE_USAGE_BYTES] = { "usage_bytes", "r.usage_bytes", COLUMN_BYTES },
	[PRESSURE_LIMIT_BYTES] = { "limit_bytes", "r.limit_bytes", COLUMN_BYTES },
	[PRESSURE_LIMIT_CGROUP] = { "limit_cgroup", "iif(e.type = 2, g.path, NULL)", COLUMN_STRING },
	[PRESSURE_WORKING_SET] = { "working_set_bytes", "r.working_set", COLUMN_BYTES },
};

const struct event_kind event_kind_memory_pressure = { " LEFT JOIN pressure r ON r.id = e.id", columns, PRESSURE_COUNT };
