/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/kind_oom_kill.h"

/* o oom, tg the cgroup of its trigger, lg that of its limit. */
static const struct event_column columns[OOM_COUNT] = {
	[OOM_INCIDENT] = { "incident", "o.incident", COLUMN_DECIMAL },
	[OOM_RSS_ANON] = { "victim_rss_anon_bytes", "o.rss_anon", COLUMN_BYTES },
	[OOM_RSS_FILE] = { "victim_rss_file_bytes", "o.rss_file", COLUMN_BYTES },
	[OOM_RSS_SHMEM] = { "victim_rss_shmem_bytes", "o.rss_shmem", COLUMN_BYTES },
	[OOM_SWAP] = { "victim_swap_bytes", "o.swap", COLUMN_BYTES },
	[OOM_PGTABLES] = { "victim_pgtables_bytes", "o.pgtables", COLUMN_BYTES },
	[OOM_SCORE_ADJ] = { "oom_score_adj", "o.oom_score_adj", COLUMN_NUMBER },
	[OOM_TRIGGER_PID] = { "trigger_pid", "o.trigger_pid", COLUMN_NUMBER },
	[OOM_TRIGGER_COMM] = { "trigger_comm", "o.trigger_comm", COLUMN_STRING },
	[OOM_TRIGGER_CGROUP] = { "trigger_cgroup", "tg.path", COLUMN_STRING },
	[OOM_SCOPE] = { "scope", "o.scope", COLUMN_STRING },
	[OOM_LIMIT_CGROUP] = { "limit_cgroup", "lg.path", COLUMN_STRING },
	[OOM_LIMIT_BYTES] = { "limit_bytes", "o.limit_bytes", COLUMN_BYTES },
	[OOM_USAGE_BYTES] = { "usage_bytes", "o.usage_bytes", COLUMN_BYTES },
	[OOM_LIMIT_SOURCE] = { "limit_source", "o.limit_source", COLUMN_STRING },
	[OOM_GROUP_KILL] = { "group_kill", "o.group_kill", COLUMN_BOOL },
	[OOM_CHOSEN] = { "chosen", "o.chosen", COLUMN_BOOL },
	[OOM_VICTIMS] = { NULL, "iif(e.type = 1, (SELECT count(*) FROM oom ov WHERE ov.incident = o.incident), NULL)",
			  COLUMN_NUMBER },
};

const struct event_kind event_kind_oom_kill = {
	" LEFT JOIN oom o ON o.id = e.id LEFT JOIN cgroup tg ON tg.cgroup = o.trigger_cgroup"
	" LEFT JOIN cgroup lg ON lg.cgroup = o.limit_cgroup",
	columns,
	OOM_COUNT,
};
