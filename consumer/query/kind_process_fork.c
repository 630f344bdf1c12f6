/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/kind_process_fork.h"

/* f fork */
static const struct event_column columns[FORK_COUNT] = {
	[FORK_CHILD_PID] = { "child_pid", "f.child_pid", COLUMN_NUMBER },
	[FORK_CHILD_COMM] = { "child_comm", "f.child_comm", COLUMN_STRING },
};

const struct event_kind event_kind_process_fork = { " LEFT JOIN fork f ON f.id = e.id", columns, FORK_COUNT };
