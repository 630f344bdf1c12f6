/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/kind_process_exit.h"

/* exit_code is NULL when a signal ended the process. */
static const struct event_column columns[EXIT_COUNT] = {
	[EXIT_CODE] = { "exit_code", "iif(e.status & 127, NULL, (e.status >> 8) & 255)", COLUMN_NUMBER },
	[EXIT_SIGNAL] = { "signal", "e.status & 127", COLUMN_NUMBER },
	[EXIT_CORE_DUMPED] = { "core_dumped", "(e.status >> 7) & 1", COLUMN_BOOL },
	[EXIT_OOM_KILLED] = { "oom_killed", "e.flags & 1", COLUMN_BOOL },
	[EXIT_CONTAINER_INIT] = { "container_init", "iif(e.flags & 8, NULL, (e.flags >> 1) & 1)", COLUMN_BOOL },
	[EXIT_DURATION] = { "duration_ns", "e.duration", COLUMN_DURATION },
	[EXIT_LATE] = { "late", "(e.flags >> 2) & 1", COLUMN_BOOL },
	[EXIT_KILLED_BY] = { "killed_by", "NULL", COLUMN_STRING },
	[EXIT_WAIT_STATUS] = { NULL, "e.status", COLUMN_NUMBER },
};

const struct event_kind event_kind_process_exit = { "", columns, EXIT_COUNT };
