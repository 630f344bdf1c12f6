/* SPDX-License-Identifier: BSD-2-Clause */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "consumer/cli/listing.h"
#include "consumer/print/column.h"
#include "consumer/query/container_list.h"
#include "consumer/text/signal_name.h"

/* Columns of text only, behind those of enum container_field. */
enum ps_column {
	PS_LAST_EXIT = CONTAINER_FIELDS,
	PS_ID_TEXT,
	PS_POD_TEXT,
	PS_COLUMN_COUNT,
};

static void last_exit(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	(void)style;
	(void)snprintf(out, size, "-");
	if (row[CONTAINER_WAIT_STATUS].kind == VALUE_INT)
		signal_format_status(out, size, (unsigned int)row[CONTAINER_WAIT_STATUS].number,
				     row[CONTAINER_OOM_KILLED].number ? "OOM-killed" : NULL);
	if (text_starts_with(out, "exit "))
		(void)memmove(out, out + 5, strlen(out + 5) + 1);
}

static void id_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	struct value id = row[CONTAINER_ID];

	out[0] = '\0';
	if (id.kind != VALUE_TEXT)
		return;
	if (!style->no_trunc && id.length == 64)
		id.length = 12;
	(void)text_escape(out, size, id.text, id.length);
}

static void pod_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	column_name_or_id(style, &row[CONTAINER_POD_NAME], &row[CONTAINER_POD_UID], out, size);
}

static const struct column columns[PS_COLUMN_COUNT] = {
	[CONTAINER_V] = { .name = "v", .type = COLUMN_NUMBER },
	[CONTAINER_ID] = { .name = "container.id" },
	[CONTAINER_NAME] = { .name = "container.name", .header = "NAME" },
	[CONTAINER_RUNTIME] = { .name = "container.runtime", .header = "RUNTIME" },
	[CONTAINER_IMAGE] = { .name = "container.image", .header = "IMAGE", .flags = COLUMN_TRUNC },
	[CONTAINER_OWNER_UID] = { .name = "container.owner_uid", .type = COLUMN_NUMBER, .header = "OWNER-UID" },
	[CONTAINER_POD_UID] = { .name = "pod.uid", .header = "POD-UID" },
	[CONTAINER_POD_NAME] = { .name = "pod.name", .flags = COLUMN_TRUNC },
	[CONTAINER_POD_NAMESPACE] = { .name = "pod.namespace", .header = "NAMESPACE" },
	[CONTAINER_POD_QOS] = { .name = "pod.qos", .header = "QOS" },
	[CONTAINER_OUTER_ID] = { .name = "outer_id" },
	[CONTAINER_BOOT_ID] = { .name = "boot_id" },
	[CONTAINER_CGROUP] = { .name = "cgroup", .flags = COLUMN_TRUNC },
	[CONTAINER_STARTED] = { .name = "started", .type = COLUMN_TIME },
	[CONTAINER_STOPPED] = { .name = "stopped", .type = COLUMN_TIME },
	[CONTAINER_STATE] = { .name = "state" },
	[CONTAINER_KILLS] = { .name = "oom_kills", .header = "OOMS", .type = COLUMN_NUMBER, .flags = COLUMN_RIGHT },
	[CONTAINER_EXIT_CODE] = { .name = "exit_code", .type = COLUMN_NUMBER },
	[CONTAINER_SIGNAL] = { .name = "signal", .type = COLUMN_NUMBER },
	[CONTAINER_OOM_KILLED] = { .name = "oom_killed", .type = COLUMN_BOOL },
	[CONTAINER_WAIT_STATUS] = { .type = COLUMN_NUMBER },
	[PS_LAST_EXIT] = { .header = "LAST-EXIT", .text = last_exit },
	[PS_POD_TEXT] = { .header = "POD", .flags = COLUMN_TRUNC, .text = pod_text },
	[PS_ID_TEXT] = { .header = "CONTAINER", .text = id_text },
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

static int print_container(void *context, const struct value *row)
{
	struct listing *listing = context;
	struct value cells[PS_COLUMN_COUNT] = { { .kind = VALUE_NULL } };

	(void)memcpy(cells, row, CONTAINER_FIELDS * sizeof(*row));
	(void)print_row(listing->print, cells, row[CONTAINER_KILLS].number ? "\033[31m" : NULL);
	return 0;
}

static int run(const struct command_call *call)
{
	const struct ps_options *options = call->settings;
	struct container_list_options list = { .all = options->all };
	struct listing listing;
	int r;

	if (!listing_begin(&listing, call, &options->listing) || !listing_open_print(&listing, &table, false) ||
	    !listing_open_history(&listing))
		return listing_end(&listing);
	list.boot_id = listing.now.boot_id;
	list.lines = listing.filter_options->lines;
	list.reverse = listing.filter_options->reverse;
	r = container_list_read(listing.db, &listing.filter, &list, print_container, &listing);
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
