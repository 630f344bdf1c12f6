/* SPDX-License-Identifier: BSD-2-Clause */
/* The columns of events: what SELECT fetches, and the fields of every output format. */
#ifndef CRI_CONSUMER_QUERY_EVENT_COLUMN_H
#define CRI_CONSUMER_QUERY_EVENT_COLUMN_H

#include "consumer/query/column.h"

/* Indexes into event_columns; the order of the JSON members. */
enum event_column {
	FIELD_V,
	FIELD_ID,
	FIELD_TYPE,
	FIELD_TIME,
	FIELD_TIME_NANO,
	FIELD_BOOT_ID,
	FIELD_CGROUP_ID,
	FIELD_CGROUP,
	FIELD_CONTAINER_ID,
	FIELD_CONTAINER_NAME,
	FIELD_CONTAINER_RUNTIME,
	FIELD_CONTAINER_IMAGE,
	FIELD_POD_UID,
	FIELD_POD_NAME,
	FIELD_POD_NAMESPACE,
	FIELD_META_SOURCE,
	FIELD_PID,
	FIELD_PPID,
	FIELD_UID,
	FIELD_COMM,

	FIELD_INCIDENT,
	FIELD_RSS_ANON,
	FIELD_RSS_FILE,
	FIELD_RSS_SHMEM,
	FIELD_SWAP,
	FIELD_PGTABLES,
	FIELD_OOM_SCORE_ADJ,
	FIELD_TRIGGER_PID,
	FIELD_TRIGGER_COMM,
	FIELD_TRIGGER_CGROUP,
	FIELD_SCOPE,
	FIELD_LIMIT_CGROUP,
	FIELD_LIMIT_BYTES,
	FIELD_USAGE_BYTES,
	FIELD_LIMIT_SOURCE,
	FIELD_GROUP_KILL,
	FIELD_CHOSEN,

	FIELD_LEVEL,
	FIELD_UTILIZATION,
	FIELD_PRESSURE_USAGE,
	FIELD_PRESSURE_LIMIT,
	FIELD_PRESSURE_CGROUP,
	FIELD_WORKING_SET,

	FIELD_EXIT_CODE,
	FIELD_SIGNAL,
	FIELD_CORE_DUMPED,
	FIELD_OOM_KILLED,
	FIELD_CONTAINER_INIT,
	FIELD_DURATION,
	FIELD_KILLED_BY,

	FIELD_CHILD_PID,
	FIELD_CHILD_COMM,

	FIELD_MEMORY_LIMIT,
	FIELD_PEAK,
	FIELD_OOM_KILLS,
	FIELD_THROTTLED,

	FIELD_REASON,
	FIELD_LOST_TYPE,
	FIELD_LOST,
	FIELD_FROM,
	FIELD_TO,

	/* Text only, or not shown at all. */
	FIELD_POD_TEXT,
	FIELD_CONTAINER_TEXT,
	FIELD_NODE_TEXT,
	FIELD_DETAIL,
	FIELD_USED_TEXT,
	FIELD_LIMIT_TEXT,
	FIELD_TRIGGER_TEXT,
	FIELD_VICTIMS_TEXT,
	FIELD_WAIT_STATUS,
	FIELD_TYPE_NUMBER,
	FIELD_VICTIMS,

	FIELD_COLUMN_COUNT,
};

/* events */
extern const struct column_table event_table;
/* oom: the same columns, other views */
extern const struct column_table incident_table;

/* What stands for the container of a process outside one: the last component of its cgroup ("foo.service"),
 * "host" for the root. Points into path or to a constant. */
const char *event_cgroup_leaf(const char *path);

/* The sentence of the DETAIL column. */
column_text event_detail;

#endif
