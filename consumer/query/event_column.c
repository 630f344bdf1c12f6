/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/event_column.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "consumer/text/event_type.h"
#include "consumer/text/signal_name.h"
#include "consumer/text/time_words.h"

static const char *or_dash(const char *text)
{
	return text[0] ? text : "-";
}

static void escape_value(const struct value *value, char *out, size_t size)
{
	out[0] = '\0';
	if (value->kind == VALUE_TEXT)
		(void)text_escape(out, size, value->text, value->length);
}

static void pod_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	column_name_or_id(style, &row[FIELD_POD_NAME], &row[FIELD_POD_UID], out, size);
}

const char *event_cgroup_leaf(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *leaf = slash ? slash + 1 : path;

	return leaf[0] ? leaf : "host";
}

static void container_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	column_name_or_id(style, &row[FIELD_CONTAINER_NAME], &row[FIELD_CONTAINER_ID], out, size);
	if (!out[0] && row[FIELD_CGROUP].kind == VALUE_TEXT && row[FIELD_POD_UID].kind == VALUE_NULL) {
		const char *leaf = event_cgroup_leaf(row[FIELD_CGROUP].text);

		(void)text_escape(out, size, leaf, strlen(leaf));
	}
}

/* The history does not name its machine; what the running kernel recorded happened here. */
static void node_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	char name[256] = "";
	const struct value *boot = &row[FIELD_BOOT_ID];

	out[0] = '\0';
	if (boot->kind != VALUE_TEXT || strcmp(boot->text, style->boot_id) != 0)
		return;
	if (gethostname(name, sizeof(name) - 1) == 0)
		(void)text_escape(out, size, name, strlen(name));
}

static void bytes_text(const struct value *value, const char *unknown, char *out, size_t size)
{
	if (value->kind == VALUE_INT)
		text_format_size(out, size, (uint64_t)value->number);
	else
		(void)snprintf(out, size, "%s", unknown);
}

static void used_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	(void)style;
	bytes_text(&row[FIELD_USAGE_BYTES], "-", out, size);
}

static void limit_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	(void)style;
	bytes_text(&row[FIELD_LIMIT_BYTES], "-", out, size);
}

static void trigger_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	char comm[128];

	(void)style;
	out[0] = '\0';
	if (row[FIELD_TRIGGER_PID].kind == VALUE_NULL)
		return;
	escape_value(&row[FIELD_TRIGGER_COMM], comm, sizeof(comm));
	(void)snprintf(out, size, "%" PRId64 "(%s)", row[FIELD_TRIGGER_PID].number, comm);
}

static void victims_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	(void)style;
	out[0] = '\0';
	if (row[FIELD_VICTIMS].kind == VALUE_INT)
		(void)snprintf(out, size, "%" PRId64 "%s", row[FIELD_VICTIMS].number,
			       row[FIELD_GROUP_KILL].number ? " (group)" : "");
}

/* What a scope is called in a sentence; the path follows where {} stands. */
static const struct {
	const char *scope, *words;
} scope_words[] = {
	{ "container", "container limit" }, { "pod", "pod limit" },
	{ "cgroup", "its own limit" },	    { "node", "node out of memory" },
	{ "cpuset", "cpuset exhausted" },   { "mempolicy", "memory policy exhausted" },
};

static void scope_text(const struct value *row, char *out, size_t size)
{
	const struct value *scope = &row[FIELD_SCOPE];
	char path[COLUMN_TEXT_MAX / 2];

	(void)snprintf(out, size, "limit not known");
	if (scope->kind != VALUE_TEXT)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(scope_words); i++)
		if (strcmp(scope->text, scope_words[i].scope) == 0) {
			(void)snprintf(out, size, "%s", scope_words[i].words);
			return;
		}
	escape_value(&row[FIELD_LIMIT_CGROUP], path, sizeof(path));
	(void)snprintf(out, size, "limit of %s", path[0] ? path : "an ancestor");
}

static void detail_oom_kill(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	char used[16], limit[16], scope[COLUMN_TEXT_MAX / 2 + 16];
	const char *along =
		row[FIELD_CHOSEN].kind == VALUE_INT && !row[FIELD_CHOSEN].number ? "killed along" : "killed";

	(void)style;
	bytes_text(&row[FIELD_USAGE_BYTES], "", used, sizeof(used));
	bytes_text(&row[FIELD_LIMIT_BYTES], "", limit, sizeof(limit));
	scope_text(row, scope, sizeof(scope));
	if (used[0] && limit[0])
		(void)snprintf(out, size, "%s at %s of %s (%s)", along, used, limit, scope);
	else
		(void)snprintf(out, size, "%s%s%s (%s)", along, used[0] ? " at " : "", used, scope);
}

static void detail_pressure(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	char used[16], limit[16], level[32];
	const struct value *utilization = &row[FIELD_UTILIZATION];

	(void)style;
	escape_value(&row[FIELD_LEVEL], level, sizeof(level));
	bytes_text(&row[FIELD_USAGE_BYTES], "?", used, sizeof(used));
	bytes_text(&row[FIELD_LIMIT_BYTES], "?", limit, sizeof(limit));
	if (strcmp(level, "limit") == 0)
		(void)snprintf(out, size, "limit reached, reclaim failed: %s of %s", used, limit);
	else if (utilization->kind == VALUE_NULL)
		(void)snprintf(out, size, "%s: %s of %s", or_dash(level), used, limit);
	else
		(void)snprintf(out, size, "%s: %s of %s (%.0f%%)", or_dash(level), used, limit,
			       100.0 * utilization->real);
}

static void detail_exit(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	const struct value *status = &row[FIELD_WAIT_STATUS];

	(void)style;
	if (status->kind != VALUE_INT)
		(void)snprintf(out, size, "exit status not known");
	else
		signal_format_status(out, size, (unsigned int)status->number,
				     row[FIELD_OOM_KILLED].number ? "OOM-killed" : NULL);
}

static void detail_fork(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	char comm[128];

	(void)style;
	escape_value(&row[FIELD_CHILD_COMM], comm, sizeof(comm));
	(void)snprintf(out, size, "forked %" PRId64 " (%s)", row[FIELD_CHILD_PID].number, comm);
}

static void detail_start(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	char limit[16];

	(void)style;
	bytes_text(&row[FIELD_MEMORY_LIMIT], "", limit, sizeof(limit));
	(void)snprintf(out, size, "started%s%s", limit[0] ? ", memory limit " : "", limit);
}

static void detail_stop(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	char peak[16];
	int used;

	(void)style;
	bytes_text(&row[FIELD_PEAK], "", peak, sizeof(peak));
	used = snprintf(out, size, "stopped%s%s", peak[0] ? ", memory peak " : "", peak);
	if (row[FIELD_OOM_KILLS].kind == VALUE_INT && row[FIELD_OOM_KILLS].number > 0)
		(void)snprintf(out + used, size - (size_t)used, ", OOM kills: %" PRId64, row[FIELD_OOM_KILLS].number);
}

static void detail_gap(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	char from[TIME_TEXT_MAX] = "?", to[TIME_TEXT_MAX] = "?", lost[32] = "an unknown number", type[32], reason[32];

	escape_value(&row[FIELD_LOST_TYPE], type, sizeof(type));
	escape_value(&row[FIELD_REASON], reason, sizeof(reason));
	if (row[FIELD_LOST].kind == VALUE_INT)
		(void)snprintf(lost, sizeof(lost), "%" PRId64, row[FIELD_LOST].number);
	if (row[FIELD_FROM].kind == VALUE_INT)
		time_format_local(from, sizeof(from), row[FIELD_FROM].number, style->utc);
	if (row[FIELD_TO].kind == VALUE_INT)
		time_format_local(to, sizeof(to), row[FIELD_TO].number, style->utc);
	(void)snprintf(out, size, "%s %s lost between %s and %s (%s)", lost, type[0] ? type : "events", from, to,
		       or_dash(reason));
}

static column_text *const details[TYPE_COUNT] = {
	[TYPE_OOM_KILL] = detail_oom_kill,
	[TYPE_MEMORY_PRESSURE] = detail_pressure,
	[TYPE_PROCESS_EXIT] = detail_exit,
	[TYPE_PROCESS_FORK] = detail_fork,
	[TYPE_CONTAINER_START] = detail_start,
	[TYPE_CONTAINER_STOP] = detail_stop,
	[TYPE_GAP] = detail_gap,
};

void event_detail(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	const struct value *type = &row[FIELD_TYPE_NUMBER];

	out[0] = '\0';
	if (type->kind == VALUE_INT && type->number > 0 && type->number < TYPE_COUNT && details[type->number])
		details[type->number](style, row, out, size);
}

#define OOM	 (1U << TYPE_OOM_KILL)
#define PRESSURE (1U << TYPE_MEMORY_PRESSURE)
#define EXIT	 (1U << TYPE_PROCESS_EXIT)
#define FORK	 (1U << TYPE_PROCESS_FORK)
#define STOP	 (1U << TYPE_CONTAINER_STOP)
#define LIFE	 (STOP | 1U << TYPE_CONTAINER_START)
#define GAP	 (1U << TYPE_GAP)

/* The aliases are those of query.c: e event, t its type, b boot, g cgroup, c container, p pod, o oom (tg, lg
 * the cgroups of its trigger and limit), r pressure, f fork, l lifecycle, a gap (lt its lost type). */
static const struct column columns[FIELD_COLUMN_COUNT] = {
	[FIELD_V] = { "v", .sql = "1", .type = COLUMN_NUMBER },
	[FIELD_ID] = { "id", .sql = "e.id", .type = COLUMN_DECIMAL, .flags = COLUMN_RIGHT, .width = 6 },
	[FIELD_TYPE] = { "type", .sql = "t.name", .width = 15 },
	[FIELD_TIME] = { "time", .sql = "e.time", .type = COLUMN_TIME, .width = 23 },
	[FIELD_TIME_NANO] = { "time_unix_nano", .sql = "e.time", .type = COLUMN_DECIMAL, .width = 19 },
	[FIELD_BOOT_ID] = { "boot_id", .sql = "b.boot_id", .width = 36 },
	[FIELD_CGROUP_ID] = { "cgroup_id", .sql = "g.kernfs_id", .type = COLUMN_UNSIGNED, .width = 8 },
	[FIELD_CGROUP] = { "cgroup", .sql = "g.path", .flags = COLUMN_TRUNC, .width = 40 },
	[FIELD_CONTAINER_ID] = { "container.id", "CONTAINER-ID", .sql = "c.id", .width = 64 },
	[FIELD_CONTAINER_NAME] = { "container.name", .sql = "c.name", .width = 16 },
	[FIELD_CONTAINER_RUNTIME] = { "container.runtime", "RUNTIME", .sql = "c.runtime", .width = 10 },
	[FIELD_CONTAINER_IMAGE] = { "container.image", "IMAGE", .sql = "c.image", .flags = COLUMN_TRUNC, .width = 24 },
	[FIELD_POD_UID] = { "pod.uid", .sql = "p.uid", .width = 36 },
	[FIELD_POD_NAME] = { "pod.name", .sql = "p.name", .width = 24 },
	[FIELD_POD_NAMESPACE] = { "pod.namespace", "NAMESPACE", .sql = "p.namespace", .width = 12 },
	[FIELD_META_SOURCE] = { "meta_source", .sql = "g.meta_source", .width = 11 },
	[FIELD_PID] = { "pid", .sql = "e.pid", .type = COLUMN_NUMBER, .flags = COLUMN_RIGHT, .width = 7 },
	[FIELD_PPID] = { "ppid", .sql = "e.ppid", .type = COLUMN_NUMBER, .flags = COLUMN_RIGHT, .width = 7 },
	[FIELD_UID] = { "uid", .sql = "e.uid", .type = COLUMN_NUMBER, .flags = COLUMN_RIGHT, .width = 6 },
	[FIELD_COMM] = { "comm", .sql = "e.comm", .width = 15 },

	[FIELD_INCIDENT] = { "incident", .sql = "o.incident", .type = COLUMN_DECIMAL, .kinds = OOM },
	[FIELD_RSS_ANON] = { "victim_rss_anon_bytes", "ANON", "o.rss_anon", COLUMN_BYTES, OOM, COLUMN_RIGHT, 6, NULL },
	[FIELD_RSS_FILE] = { "victim_rss_file_bytes", "FILE", "o.rss_file", COLUMN_BYTES, OOM, COLUMN_RIGHT, 6, NULL },
	[FIELD_RSS_SHMEM] = { "victim_rss_shmem_bytes", NULL, "o.rss_shmem", COLUMN_BYTES, OOM, COLUMN_RIGHT, 6, NULL },
	[FIELD_SWAP] = { "victim_swap_bytes", "SWAP", "o.swap", COLUMN_BYTES, OOM, COLUMN_RIGHT, 6, NULL },
	[FIELD_PGTABLES] = { "victim_pgtables_bytes", NULL, "o.pgtables", COLUMN_BYTES, OOM, COLUMN_RIGHT, 6, NULL },
	[FIELD_OOM_SCORE_ADJ] = { "oom_score_adj", "OOM-ADJ", "o.oom_score_adj", COLUMN_NUMBER, OOM, COLUMN_RIGHT, 7,
				  NULL },
	[FIELD_TRIGGER_PID] = { "trigger_pid", NULL, "o.trigger_pid", COLUMN_NUMBER, OOM, COLUMN_RIGHT, 11, NULL },
	[FIELD_TRIGGER_COMM] = { "trigger_comm", .sql = "o.trigger_comm", .kinds = OOM, .width = 15 },
	[FIELD_TRIGGER_CGROUP] = { "trigger_cgroup", .sql = "tg.path", .kinds = OOM, .width = 40 },
	[FIELD_SCOPE] = { "scope", .sql = "o.scope", .kinds = OOM, .width = 9 },
	[FIELD_LIMIT_CGROUP] = { "limit_cgroup", .sql = "iif(e.type = 2, g.path, lg.path)", .kinds = OOM, .width = 40 },
	[FIELD_LIMIT_BYTES] = { "limit_bytes", .sql = "coalesce(o.limit_bytes, r.limit_bytes)", .type = COLUMN_BYTES,
				.kinds = OOM, .flags = COLUMN_RIGHT, .width = 11 },
	[FIELD_USAGE_BYTES] = { "usage_bytes", .sql = "coalesce(o.usage_bytes, r.usage_bytes)", .type = COLUMN_BYTES,
				.kinds = OOM, .flags = COLUMN_RIGHT, .width = 11 },
	[FIELD_LIMIT_SOURCE] = { "limit_source", .sql = "o.limit_source", .kinds = OOM, .width = 12 },
	[FIELD_GROUP_KILL] = { "group_kill", .sql = "o.group_kill", .type = COLUMN_BOOL, .kinds = OOM, .width = 10 },
	[FIELD_CHOSEN] = { "chosen", .sql = "o.chosen", .type = COLUMN_BOOL, .kinds = OOM, .width = 6 },

	[FIELD_LEVEL] = { "level", .sql = "r.level", .kinds = PRESSURE, .width = 5 },
	[FIELD_UTILIZATION] = { "utilization", .sql = "CAST(r.usage_bytes AS REAL) / r.limit_bytes",
				.type = COLUMN_REAL, .kinds = PRESSURE, .flags = COLUMN_RIGHT, .width = 11 },
	[FIELD_PRESSURE_USAGE] = { "usage_bytes", NULL, "r.usage_bytes", COLUMN_BYTES, PRESSURE, COLUMN_REPEAT, 11,
				   NULL },
	[FIELD_PRESSURE_LIMIT] = { "limit_bytes", NULL, "r.limit_bytes", COLUMN_BYTES, PRESSURE, COLUMN_REPEAT, 11,
				   NULL },
	[FIELD_PRESSURE_CGROUP] = { "limit_cgroup", NULL, "g.path", COLUMN_STRING, PRESSURE, COLUMN_REPEAT, 40, NULL },
	[FIELD_WORKING_SET] = { "working_set_bytes", .sql = "r.working_set", .type = COLUMN_BYTES, .kinds = PRESSURE,
				.flags = COLUMN_RIGHT, .width = 17 },

	[FIELD_EXIT_CODE] = { "exit_code", .sql = "iif(e.status & 127, NULL, (e.status >> 8) & 255)",
			      .type = COLUMN_NUMBER, .kinds = EXIT, .flags = COLUMN_RIGHT, .width = 9 },
	[FIELD_SIGNAL] = { "signal", NULL, "e.status & 127", COLUMN_NUMBER, EXIT, COLUMN_RIGHT, 6, NULL },
	[FIELD_CORE_DUMPED] = { "core_dumped", .sql = "(e.status >> 7) & 1", .type = COLUMN_BOOL, .kinds = EXIT,
				.width = 11 },
	[FIELD_OOM_KILLED] = { "oom_killed", .sql = "e.flags & 1", .type = COLUMN_BOOL, .kinds = EXIT, .width = 10 },
	[FIELD_CONTAINER_INIT] = { "container_init", .sql = "(e.flags >> 1) & 1", .type = COLUMN_BOOL, .kinds = EXIT,
				   .width = 14 },
	[FIELD_DURATION] = { "duration_ns", .sql = "e.duration", .type = COLUMN_DURATION, .kinds = EXIT,
			     .flags = COLUMN_RIGHT, .width = 11 },
	[FIELD_KILLED_BY] = { "killed_by", .sql = "NULL", .kinds = EXIT, .width = 9 },

	[FIELD_CHILD_PID] = { "child_pid", NULL, "f.child_pid", COLUMN_NUMBER, FORK, COLUMN_RIGHT, 9, NULL },
	[FIELD_CHILD_COMM] = { "child_comm", .sql = "f.child_comm", .kinds = FORK, .width = 15 },

	[FIELD_MEMORY_LIMIT] = { "memory_limit_bytes", NULL, "l.memory_limit", COLUMN_BYTES, LIFE, COLUMN_RIGHT, 18,
				 NULL },
	[FIELD_PEAK] = { "peak_bytes", NULL, "l.peak", COLUMN_BYTES, STOP, COLUMN_RIGHT, 10, NULL },
	[FIELD_OOM_KILLS] = { "oom_kills", NULL, "l.oom_kills", COLUMN_NUMBER, STOP, COLUMN_RIGHT, 9, NULL },
	[FIELD_THROTTLED] = { "cpu_throttled_ns", NULL, "l.throttled", COLUMN_DURATION, STOP, COLUMN_RIGHT, 16, NULL },

	[FIELD_REASON] = { "reason", .sql = "a.reason", .kinds = GAP, .width = 14 },
	[FIELD_LOST_TYPE] = { "lost_type", .sql = "lt.name", .kinds = GAP, .width = 15 },
	[FIELD_LOST] = { "lost", NULL, "a.lost", COLUMN_NUMBER, GAP, COLUMN_RIGHT, 8, NULL },
	[FIELD_FROM] = { "from", .sql = "a.from_time", .type = COLUMN_TIME, .kinds = GAP, .width = 23 },
	[FIELD_TO] = { "to", .sql = "a.to_time", .type = COLUMN_TIME, .kinds = GAP, .width = 23 },

	[FIELD_POD_TEXT] = { .header = "POD", .width = 14, .flags = COLUMN_TRUNC, .text = pod_text },
	[FIELD_CONTAINER_TEXT] = { .header = "CONTAINER", .width = 14, .flags = COLUMN_TRUNC, .text = container_text },
	[FIELD_NODE_TEXT] = { .header = "NODE", .width = 12, .text = node_text },
	[FIELD_DETAIL] = { .header = "DETAIL", .width = 40, .flags = COLUMN_TRUNC, .text = event_detail },
	[FIELD_USED_TEXT] = { .header = "USED", .width = 6, .flags = COLUMN_RIGHT, .text = used_text },
	[FIELD_LIMIT_TEXT] = { .header = "LIMIT", .width = 6, .flags = COLUMN_RIGHT, .text = limit_text },
	[FIELD_TRIGGER_TEXT] = { .header = "TRIGGER", .width = 20, .text = trigger_text },
	[FIELD_VICTIMS_TEXT] = { .header = "VICTIMS", .width = 10, .text = victims_text },
	[FIELD_WAIT_STATUS] = { .sql = "e.status", .type = COLUMN_NUMBER },
	[FIELD_TYPE_NUMBER] = { .sql = "e.type", .type = COLUMN_NUMBER },
	[FIELD_VICTIMS] = { .sql = "iif(e.type = 1, (SELECT count(*) FROM oom ov WHERE ov.incident = o.incident), "
				   "NULL)",
			    .type = COLUMN_NUMBER },
};

const struct column_table event_table = {
	columns,
	FIELD_COLUMN_COUNT,
	"TIME,TYPE,POD,CONTAINER,PID,COMM,DETAIL",
	"TIME,TYPE,POD,CONTAINER,PID,COMM,DETAIL,NAMESPACE,RUNTIME,CONTAINER-ID,NODE,CGROUP,PPID,UID",
	FIELD_TYPE_NUMBER,
};

const struct column_table incident_table = {
	columns,
	FIELD_COLUMN_COUNT,
	"id,TIME,NAMESPACE,POD,CONTAINER,PID,COMM,USED,LIMIT,SCOPE,VICTIMS",
	"id,TIME,NAMESPACE,POD,CONTAINER,PID,COMM,USED,LIMIT,SCOPE,VICTIMS,ANON,FILE,SWAP,OOM-ADJ,TRIGGER,CGROUP",
	FIELD_TYPE_NUMBER,
};
