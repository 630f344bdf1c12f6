/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of process_fork events. */
#ifndef CRI_CONSUMER_QUERY_KIND_PROCESS_FORK_H
#define CRI_CONSUMER_QUERY_KIND_PROCESS_FORK_H

#include "consumer/query/event_kind.h"

enum kind_fork_field {
	FORK_CHILD_PID,
	FORK_CHILD_COMM,
	FORK_COUNT,
};

#endif
