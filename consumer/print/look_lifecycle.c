/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "consumer/print/event_look.h"
#include "consumer/query/kind_lifecycle.h"

static bool is_set(const struct value *value)
{
	return value->kind == VALUE_INT && value->number != 0;
}

static void start_detail(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	const struct value *start = event_values(row, &event_kind_container_start);
	char limit[16];

	(void)style;
	column_bytes(&start[START_MEMORY_LIMIT], "", limit, sizeof(limit));
	(void)snprintf(out, size, "started%s%s%s", limit[0] ? ", memory limit " : "", limit,
		       is_set(&start[START_INFERRED]) ? " (inferred from a later event)" : "");
}

static void stop_detail(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	const struct value *stop = event_values(row, &event_kind_container_stop);
	const struct value *kills = &stop[STOP_OOM_KILLS];
	char peak[16], more[48] = "";

	(void)style;
	column_bytes(&stop[STOP_PEAK], "", peak, sizeof(peak));
	if (kills->kind == VALUE_INT && kills->number > 0)
		(void)snprintf(more, sizeof(more), ", OOM kills: %" PRId64, kills->number);
	(void)snprintf(out, size, "stopped%s%s%s%s", peak[0] ? ", memory peak " : "", peak, more,
		       is_set(&stop[STOP_INFERRED]) ? " (inferred: its cgroup is gone)" : "");
}

const struct event_look look_container_start = { NULL, start_detail, NULL, NULL };
const struct event_look look_container_stop = { NULL, stop_detail, NULL, NULL };
