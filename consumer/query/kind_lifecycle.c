/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/kind_lifecycle.h"

/* l lifecycle, joined once for both */
static const struct event_column start_columns[START_COUNT] = {
	[START_MEMORY_LIMIT] = { "memory_limit_bytes", "l.memory_limit", COLUMN_BYTES },
	[START_INFERRED] = { "inferred", "l.inferred", COLUMN_BOOL },
};

static const struct event_column stop_columns[STOP_COUNT] = {
	[STOP_MEMORY_LIMIT] = { "memory_limit_bytes", "l.memory_limit", COLUMN_BYTES },
	[STOP_INFERRED] = { "inferred", "l.inferred", COLUMN_BOOL },
	[STOP_PEAK] = { "peak_bytes", "l.peak", COLUMN_BYTES },
	[STOP_OOM_KILLS] = { "oom_kills", "l.oom_kills", COLUMN_NUMBER },
	[STOP_THROTTLED] = { "cpu_throttled_ns", "l.throttled", COLUMN_DURATION },
};

const struct event_kind event_kind_container_start = {
	" LEFT JOIN lifecycle l ON l.id = e.id",
	start_columns,
	START_COUNT,
};
const struct event_kind event_kind_container_stop = { "", stop_columns, STOP_COUNT };
