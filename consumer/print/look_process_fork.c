/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "consumer/print/event_look.h"
#include "consumer/query/kind_process_fork.h"

static void detail(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	const struct value *fork = event_values(row, &event_kind_process_fork);
	char comm[128];

	(void)style;
	column_escape(&fork[FORK_CHILD_COMM], comm, sizeof(comm));
	(void)snprintf(out, size, "forked %" PRId64 " (%s)", fork[FORK_CHILD_PID].number, comm);
}

static const struct column_look looks[] = {
	{ "child_comm", NULL, 15, 0 },
	{ NULL, NULL, 0, 0 },
};

const struct event_look look_process_fork = { NULL, detail, looks, NULL };
