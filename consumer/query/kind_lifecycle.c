/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/kind_lifecycle.h"

#include "consumer/text/event_type.h"

#define STOP (1U << TYPE_CONTAINER_STOP)
#define BOTH (STOP | 1U << TYPE_CONTAINER_START)

/* l lifecycle */
static const struct event_column columns[LIFECYCLE_COUNT] = {
	[LIFECYCLE_MEMORY_LIMIT] = { "memory_limit_bytes", "l.memory_limit", COLUMN_BYTES, BOTH },
	[LIFECYCLE_PEAK] = { "peak_bytes", "l.peak", COLUMN_BYTES, STOP },
	[LIFECYCLE_OOM_KILLS] = { "oom_kills", "l.oom_kills", COLUMN_NUMBER, STOP },
	[LIFECYCLE_THROTTLED] = { "cpu_throttled_ns", "l.throttled", COLUMN_DURATION, STOP },
};

const struct event_kind event_kind_lifecycle = { " LEFT JOIN lifecycle l ON l.id = e.id", columns, LIFECYCLE_COUNT };
