/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "consumer/print/event_look.h"
#include "consumer/query/kind_memory_pressure.h"

static void detail(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	const struct value *pressure = event_values(row, &event_kind_memory_pressure);
	const struct value *utilization = &pressure[PRESSURE_UTILIZATION];
	char used[16], limit[16], level[32];

	(void)style;
	column_escape(&pressure[PRESSURE_LEVEL], level, sizeof(level));
	column_bytes(&pressure[PRESSURE_USAGE_BYTES], "?", used, sizeof(used));
	column_bytes(&pressure[PRESSURE_LIMIT_BYTES], "?", limit, sizeof(limit));
	if (strcmp(level, "limit") == 0)
		(void)snprintf(out, size, "limit reached, reclaim failed: %s of %s", used, limit);
	else if (utilization->kind == VALUE_NULL)
		(void)snprintf(out, size, "%s: %s of %s", level[0] ? level : "-", used, limit);
	else
		(void)snprintf(out, size, "%s: %s of %s (%.0f%%)", level[0] ? level : "-", used, limit,
			       100.0 * utilization->real);
}

const struct event_look look_memory_pressure = { "\033[33m", detail, NULL, NULL };
