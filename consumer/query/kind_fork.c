/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/kind_fork.h"

#include "consumer/text/event_type.h"

#define FORK (1U << TYPE_PROCESS_FORK)

/* f fork */
static const struct event_column columns[FORK_COUNT] = {
	[FORK_CHILD_PID] = { "child_pid", "f.child_pid", COLUMN_NUMBER, FORK },
	[FORK_CHILD_COMM] = { "child_comm", "f.child_comm", COLUMN_STRING, FORK },
};

const struct event_kind event_kind_fork = { " LEFT JOIN fork f ON f.id = e.id", columns, FORK_COUNT };
