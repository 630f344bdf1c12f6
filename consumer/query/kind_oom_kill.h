/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of oom_kill events. */
#ifndef CRI_CONSUMER_QUERY_KIND_OOM_KILL_H
#define CRI_CONSUMER_QUERY_KIND_OOM_KILL_H

#include "consumer/query/event_kind.h"

enum kind_oom_field {
	OOM_INCIDENT,
	OOM_RSS_ANON,
	OOM_RSS_FILE,
	OOM_RSS_SHMEM,
	OOM_SWAP,
	OOM_PGTABLES,
	OOM_SCORE_ADJ,
	OOM_TRIGGER_PID,
	OOM_TRIGGER_COMM,
	OOM_TRIGGER_CGROUP,
	OOM_SCOPE,
	OOM_LIMIT_CGROUP,
	OOM_LIMIT_BYTES,
	OOM_USAGE_BYTES,
	OOM_LIMIT_SOURCE,
	OOM_GROUP_KILL,
	OOM_CHOSEN,
	OOM_VICTIMS, /* of the incident */
	OOM_COUNT,
};

#endif
