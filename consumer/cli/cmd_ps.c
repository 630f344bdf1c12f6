/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/text.h"
#include "consumer/cli/listing.h"
#include "consumer/print/column.h"
#include "consumer/query/container_sql.h"
#include "consumer/query/query.h"
#include "consumer/query/sql.h"
#include "consumer/text/signal_name.h"

enum ps_column {
	PS_V,
	PS_ID,
	PS_NAME,
	PS_RUNTIME,
	PS_IMAGE,
	PS_POD_UID,
	PS_POD_NAME,
	PS_POD_NAMESPACE,
	PS_POD_QOS,
	PS_OUTER,
	PS_BOOT_ID,
	PS_CGROUP,
	PS_STARTED,
	PS_STOPPED,
	PS_STATE,
	PS_OOM_KILLS,
	PS_EXIT_CODE,
	PS_SIGNAL,
	PS_OOM_KILLED,
	PS_LAST_EXIT,
	PS_ID_TEXT,
	PS_POD_TEXT,
	PS_WAIT_STATUS,
	PS_COLUMN_COUNT,
};

static void last_exit(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	(void)style;
	(void)snprintf(out, size, "-");
	if (row[PS_WAIT_STATUS].kind == VALUE_INT)
		signal_format_status(out, size, (unsigned int)row[PS_WAIT_STATUS].number,
				     row[PS_OOM_KILLED].number ? "OOM-killed" : NULL);
	if (text_starts_with(out, "exit "))
		(void)memmove(out, out + 5, strlen(out + 5) + 1);
}

static void id_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	struct value id = row[PS_ID];

	out[0] = '\0';
	if (id.kind != VALUE_TEXT)
		return;
	if (!style->no_trunc && id.length == 64)
		id.length = 12;
	(void)text_escape(out, size, id.text, id.length);
}

static void pod_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	column_name_or_id(style, &row[PS_POD_NAME], &row[PS_POD_UID], out, size);
}

/* c container, p pod, b boot, g cgroup; "this" has one row, the running boot. */
static const char *const expressions[PS_COLUMN_COUNT] = {
	[PS_V] = "1",
	[PS_ID] = "c.id",
	[PS_NAME] = "c.name",
	[PS_RUNTIME] = "c.runtime",
	[PS_IMAGE] = "c.image",
	[PS_POD_UID] = "p.uid",
	[PS_POD_NAME] = "p.name",
	[PS_POD_NAMESPACE] = "p.namespace",
	[PS_POD_QOS] = "p.qos",
	[PS_OUTER] = "c.outer_id",
	[PS_BOOT_ID] = "b.boot_id",
	[PS_CGROUP] = "g.path",
	[PS_STARTED] = "c.started",
	[PS_STOPPED] = "c.stopped",
	[PS_STATE] = "CASE WHEN c.stopped IS NOT NULL THEN 'gone'"
		     " WHEN b.boot_id = this.boot_id THEN 'running' ELSE 'lost' END",
	[PS_OOM_KILLS] = CONTAINER_OOM_KILLS,
	[PS_EXIT_CODE] = CONTAINER_INIT_EXIT("iif(e.status & 127, NULL, (e.status >> 8) & 255)"),
	[PS_SIGNAL] = CONTAINER_INIT_EXIT("e.status & 127"),
	[PS_OOM_KILLED] = CONTAINER_INIT_EXIT("e.flags & 1"),
	[PS_WAIT_STATUS] = CONTAINER_INIT_EXIT("e.status"),
};

static const struct column columns[PS_COLUMN_COUNT] = {
	[PS_V] = { .name = "v", .type = COLUMN_NUMBER },
	[PS_ID] = { .name = "container.id" },
	[PS_NAME] = { .name = "container.name", .header = "NAME" },
	[PS_RUNTIME] = { .name = "container.runtime", .header = "RUNTIME" },
	[PS_IMAGE] = { .name = "container.image", .header = "IMAGE", .flags = COLUMN_TRUNC },
	[PS_POD_UID] = { .name = "pod.uid", .header = "POD-UID" },
	[PS_POD_NAME] = { .name = "pod.name", .flags = COLUMN_TRUNC },
	[PS_POD_NAMESPACE] = { .name = "pod.namespace", .header = "NAMESPACE" },
	[PS_POD_QOS] = { .name = "pod.qos", .header = "QOS" },
	[PS_OUTER] = { .name = "outer_id" },
	[PS_BOOT_ID] = { .name = "boot_id" },
	[PS_CGROUP] = { .name = "cgroup", .flags = COLUMN_TRUNC },
	[PS_STARTED] = { .name = "started", .type = COLUMN_TIME },
	[PS_STOPPED] = { .name = "stopped", .type = COLUMN_TIME },
	[PS_STATE] = { .name = "state" },
	[PS_OOM_KILLS] = { .name = "oom_kills", .header = "OOMS", .type = COLUMN_NUMBER, .flags = COLUMN_RIGHT },
	[PS_EXIT_CODE] = { .name = "exit_code", .type = COLUMN_NUMBER },
	[PS_SIGNAL] = { .name = "signal", .type = COLUMN_NUMBER },
	[PS_OOM_KILLED] = { .name = "oom_killed", .type = COLUMN_BOOL },
	[PS_LAST_EXIT] = { .header = "LAST-EXIT", .text = last_exit },
	[PS_POD_TEXT] = { .header = "POD", .flags = COLUMN_TRUNC, .text = pod_text },
	[PS_ID_TEXT] = { .header = "CONTAINER", .text = id_text },
	[PS_WAIT_STATUS] = { .type = COLUMN_NUMBER },
};

static const struct column_table table = {
	columns,
	PS_COLUMN_COUNT,
	"CONTAINER,NAMESPACE,POD,NAME,RUNTIME,STARTED,STATE,OOMS,LAST-EXIT",
	"CONTAINER,NAMESPACE,POD,NAME,RUNTIME,STARTED,STATE,OOMS,LAST-EXIT,IMAGE,POD-UID,QOS,CGROUP",
	-1,
};

struct ps_options {
	bool all;
	struct listing_options listing;
};

static const struct option_row ps_rows[] = {
	{ "all", 'a', OPTION_FLAG, offsetof(struct ps_options, all), .help = "also containers that are gone or lost" },
	{ .name = NULL },
};

/* A filter for a boot implies -a. */
static void build(const struct listing *listing, bool all, struct sql *sql)
{
	const struct filter *filter = &listing->filter;

	sql_add(sql, "SELECT ");
	for (size_t i = 0; i < PS_COLUMN_COUNT; i++)
		sql_addf(sql, "%s%s", i ? ", " : "", expressions[i] ? expressions[i] : "NULL");
	sql_add(sql, " FROM (SELECT ");
	sql_add_text(sql, listing->now.boot_id, strlen(listing->now.boot_id));
	sql_add(sql,
		" AS boot_id) this, container c LEFT JOIN pod p ON p.pod = c.pod LEFT JOIN boot b ON b.boot = c.boot"
		" LEFT JOIN cgroup g ON g.cgroup = c.cgroup WHERE coalesce(c.started, 0) <= ");
	sql_add_int(sql, filter->until);
	sql_add(sql, " AND coalesce(c.stopped, 9223372036854775807) >= ");
	sql_add_int(sql, filter->since);
	if (!all && !filter->has_boot)
		sql_add(sql, " AND c.stopped IS NULL AND b.boot_id = this.boot_id");
	filter_add_boot(filter, sql, "c.boot");
	filter_add_place(filter, sql);
	if (filter_has_event(filter)) {
		sql_add(sql, " AND EXISTS (SELECT 1 FROM cgroup k JOIN event e ON e.cgroup = k.cgroup"
			     " WHERE k.container = c.container");
		filter_add_event(filter, sql);
		sql_add(sql, ")");
	}
}

static bool grep_matches(const struct filter *filter, const struct value *row)
{
	static const unsigned int searched[] = { PS_ID,	      PS_NAME,		PS_IMAGE,  PS_POD_UID,
						 PS_POD_NAME, PS_POD_NAMESPACE, PS_CGROUP, PS_STATE };
	const char *texts[ARRAY_SIZE(searched)];

	for (size_t i = 0; i < ARRAY_SIZE(searched); i++)
		texts[i] = row[searched[i]].kind == VALUE_TEXT ? row[searched[i]].text : NULL;
	return filter_grep_matches(filter, texts, ARRAY_SIZE(texts));
}

/* A row takes a few index look-ups, so even thousands of container instances are one short transaction. */
static int list_containers(struct listing *listing, bool all)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	const struct filter_options *options = listing->filter_options;
	bool counted = options->lines != FILTER_ALL;
	int r;

	if (counted && !options->reverse)
		sql_add(sql, "SELECT * FROM (");
	build(listing, all, sql);
	sql_addf(sql, " ORDER BY c.started %s, c.container", counted || options->reverse ? "DESC" : "ASC");
	if (counted) {
		sql_add(sql, " LIMIT ");
		sql_add_int(sql, options->lines > INT64_MAX ? INT64_MAX : (int64_t)options->lines);
	}
	if (counted && !options->reverse)
		sql_addf(sql, ") ORDER BY %d", PS_STARTED + 1);
	r = sql_prepare(sql, listing->db, &stmt);
	while (r >= 0 && (r = db_step(stmt)) > 0) {
		struct value row[PS_COLUMN_COUNT];

		value_row(stmt, row, PS_COLUMN_COUNT);
		if (grep_matches(&listing->filter, row))
			(void)print_row(listing->print, row, row[PS_OOM_KILLS].number ? "\033[31m" : NULL);
	}
	return r;
}

static int run(const struct command_call *call)
{
	const struct ps_options *options = call->settings;
	struct listing listing;
	int r;

	if (!listing_begin(&listing, call, &options->listing) || !listing_open_print(&listing, &table, false) ||
	    !listing_open_history(&listing))
		return listing_end(&listing);
	r = list_containers(&listing, options->all);
	if (r == 0 && print_count(listing.print))
		output_hint(&call->common, &listing.output, "Hint: cri-ebpf why CONTAINER explains what happened to one container.");
	return listing_finish(&listing, r);
}

static const struct command_group groups[] = {
	{ "Containers", ps_rows, 0, 0, NULL },
	LISTING_GROUPS(offsetof(struct ps_options, listing), ~(unsigned int)FILTER_FOLLOW),
	{ 0 },
};

const struct command cmd_ps = {
	.name = "ps",
	.help = "containers seen: running, gone, how they ended",
	.example = "cri-ebpf ps -a -S -1h",
	.synopsis = "cri-ebpf ps [-a] [OPTION...]",
	.description = "Container instances: the running ones, with -a also those that are gone and how they ended. \"lost\":\n"
		"the machine went down while it ran. -S and -U select instances that existed during the range; filters\n"
		"for events (-t, --pid, --comm, --signal, --exit-code) select containers that have such an event.",
	.groups = groups,
	.settings_size = sizeof(struct ps_options),
	.run = run,
};
