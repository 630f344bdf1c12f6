/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/kind_exit.h"

#include "consumer/text/event_type.h"

#define EXIT (1U << TYPE_PROCESS_EXIT)

/* exit_code is NULL when a signal ended the process. */
static const struct event_column columns[EXIT_COUNT] = {
	[EXIT_CODE] = { "exit_code", "iif(e.status & 127, NULL, (e.status >> 8) & 255)", COLUMN_NUMBER, EXIT },
	[EXIT_SIGNAL] = { "signal", "e.status & 127", COLUMN_NUMBER, EXIT },
	[EXIT_CORE_DUMPED] = { "core_dumped", "(e.status >> 7) & 1", COLUMN_BOOL, EXIT },
	[EXIT_OOM_KILLED] = { "oom_killed", "e.flags & 1", COLUMN_BOOL, EXIT },
	[EXIT_CONTAINER_INIT] = { "container_init", "(e.flags >> 1) & 1", COLUMN_BOOL, EXIT },
	[EXIT_DURATION] = { "duration_ns", "e.duration", COLUMN_DURATION, EXIT },
	[EXIT_KILLED_BY] = { "killed_by", "NULL", COLUMN_STRING, EXIT },
	[EXIT_WAIT_STATUS] = { NULL, "e.status", COLUMN_NUMBER, EXIT },
};

const struct event_kind event_kind_exit = { "", columns, EXIT_COUNT };
