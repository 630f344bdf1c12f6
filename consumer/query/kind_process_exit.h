/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of process_exit events. */
#ifndef CRI_CONSUMER_QUERY_KIND_PROCESS_EXIT_H
#define CRI_CONSUMER_QUERY_KIND_PROCESS_EXIT_H

#include "consumer/query/event_kind.h"

enum kind_exit_field {
	EXIT_CODE,
	EXIT_SIGNAL,
	EXIT_CORE_DUMPED,
	EXIT_OOM_KILLED,
	EXIT_CONTAINER_INIT,
	EXIT_DURATION,
	EXIT_LATE,
	EXIT_KILLED_BY,
	EXIT_WAIT_STATUS, /* as wait(2) reports it */
	EXIT_COUNT,
};

#endif
