/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/print/event_look.h"
#include "consumer/query/kind_oom_kill.h"

static void used_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	(void)style;
	column_bytes(&event_values(row, &event_kind_oom_kill)[OOM_USAGE_BYTES], "-", out, size);
}

static void limit_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	(void)style;
	column_bytes(&event_values(row, &event_kind_oom_kill)[OOM_LIMIT_BYTES], "-", out, size);
}

static void trigger_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	const struct value *oom = event_values(row, &event_kind_oom_kill);
	char comm[128];

	(void)style;
	out[0] = '\0';
	if (oom[OOM_TRIGGER_PID].kind == VALUE_NULL)
		return;
	column_escape(&oom[OOM_TRIGGER_COMM], comm, sizeof(comm));
	(void)snprintf(out, size, "%" PRId64 "(%s)", oom[OOM_TRIGGER_PID].number, comm);
}

static void victims_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	const struct value *oom = event_values(row, &event_kind_oom_kill);

	(void)style;
	out[0] = '\0';
	if (oom[OOM_VICTIMS].kind == VALUE_INT)
		(void)snprintf(out, size, "%" PRId64 "%s", oom[OOM_VICTIMS].number,
			       oom[OOM_GROUP_KILL].number ? " (group)" : "");
}

/* What a scope is called in a sentence; any other is a limit above, named by its cgroup. */
static const struct {
	const char *scope, *words;
} scope_words[] = {
	{ "container", "container limit" }, { "pod", "pod limit" },
	{ "cgroup", "its own limit" },	    { "node", "node out of memory" },
	{ "cpuset", "cpuset exhausted" },   { "mempolicy", "memory policy exhausted" },
};

static void scope_text(const struct value *oom, char *out, size_t size)
{
	const struct value *scope = &oom[OOM_SCOPE];
	char path[COLUMN_TEXT_MAX / 2];

	(void)snprintf(out, size, "limit not known");
	if (scope->kind != VALUE_TEXT)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(scope_words); i++)
		if (strcmp(scope->text, scope_words[i].scope) == 0) {
			(void)snprintf(out, size, "%s", scope_words[i].words);
			return;
		}
	column_escape(&oom[OOM_LIMIT_CGROUP], path, sizeof(path));
	(void)snprintf(out, size, "limit of %s", path[0] ? path : "an ancestor");
}

static void detail(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	const struct value *oom = event_values(row, &event_kind_oom_kill);
	char used[16], limit[16], scope[COLUMN_TEXT_MAX / 2 + 16];
	const char *killed = oom[OOM_CHOSEN].kind == VALUE_INT && !oom[OOM_CHOSEN].number ? "killed along" : "killed";

	(void)style;
	column_bytes(&oom[OOM_USAGE_BYTES], "", used, sizeof(used));
	column_bytes(&oom[OOM_LIMIT_BYTES], "", limit, sizeof(limit));
	scope_text(oom, scope, sizeof(scope));
	if (used[0] && limit[0])
		(void)snprintf(out, size, "%s at %s of %s (%s)", killed, used, limit, scope);
	else
		(void)snprintf(out, size, "%s%s%s (%s)", killed, used[0] ? " at " : "", used, scope);
}

static const struct column_look looks[] = {
	{ "victim_rss_anon_bytes", "ANON", 6, 0 },
	{ "victim_rss_file_bytes", "FILE", 6, 0 },
	{ "victim_rss_shmem_bytes", NULL, 6, 0 },
	{ "victim_swap_bytes", "SWAP", 6, 0 },
	{ "victim_pgtables_bytes", NULL, 6, 0 },
	{ "oom_score_adj", "OOM-ADJ", 0, 0 },
	{ "trigger_comm", NULL, 15, 0 },
	{ "trigger_cgroup", NULL, 40, 0 },
	{ "scope", NULL, 9, 0 },
	{ "limit_cgroup", NULL, 40, 0 },
	{ NULL, NULL, 0, 0 },
};

static const struct column texts[] = {
	{ .header = "USED", .width = 6, .flags = COLUMN_RIGHT, .text = used_text },
	{ .header = "LIMIT", .width = 6, .flags = COLUMN_RIGHT, .text = limit_text },
	{ .header = "TRIGGER", .width = 20, .text = trigger_text },
	{ .header = "VICTIMS", .width = 10, .text = victims_text },
	{ .header = NULL },
};

const struct event_look look_oom_kill = { "\033[31m", detail, looks, texts };
