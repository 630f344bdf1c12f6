/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/kind_pressure.h"

#include "consumer/text/event_type.h"

#define PRESSURE (1U << TYPE_MEMORY_PRESSURE)

/* r pressure */
static const struct event_column columns[PRESSURE_COUNT] = {
	[PRESSURE_LEVEL] = { "level", "r.level", COLUMN_STRING, PRESSURE },
	[PRESSURE_UTILIZATION] = { "utilization", "CAST(r.usage_bytes AS REAL) / r.limit_bytes", COLUMN_REAL,
				   PRESSURE },
	[PRESSURE_USAGE_BYTES] = { "usage_bytes", "r.usage_bytes", COLUMN_BYTES, PRESSURE },
	[PRESSURE_LIMIT_BYTES] = { "limit_bytes", "r.limit_bytes", COLUMN_BYTES, PRESSURE },
	[PRESSURE_LIMIT_CGROUP] = { "limit_cgroup", "iif(e.type = 2, g.path, NULL)", COLUMN_STRING, PRESSURE },
	[PRESSURE_WORKING_SET] = { "working_set_bytes", "r.working_set", COLUMN_BYTES, PRESSURE },
};

const struct event_kind event_kind_pressure = { " LEFT JOIN pressure r ON r.id = e.id", columns, PRESSURE_COUNT };
