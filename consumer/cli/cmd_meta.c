/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/text.h"
#include "consumer/cli/command.h"
#include "consumer/container/names/cgroup_path.h"
#include "consumer/sandbox/confine.h"
#include "consumer/text/json.h"

static const char *const subjects[] = { "path", NULL };

struct meta_options {
	uint64_t format;
	bool json;
};

static const char *const format_names[] = { "short", "json", NULL };

static const struct option_row meta_rows[] = {
	{ "output", 'o', OPTION_CHOICE, offsetof(struct meta_options, format), .choices = format_names,
	  .argument = "FORMAT", .help = "short or json" },
	{ "json", 0, OPTION_FLAG, offsetof(struct meta_options, json), .help = "one JSON object per line (-o json)" },
	{ .name = NULL },
};

enum meta_kind { META_TEXT, META_NUMBER, META_FLAG };

/* What is printed of an identity, in order. NULL: the path does not say; of a flag: no. */
struct meta_line {
	const char *name, *value;
	enum meta_kind kind;
};

static const char *or_null(const char *text)
{
	return text && text[0] ? text : NULL;
}

static void print_json(const struct meta_line *lines, size_t count)
{
	struct json json = { .out = stdout };

	json_object(&json, NULL);
	for (size_t i = 0; i < count; i++)
		if (lines[i].kind == META_FLAG)
			json_bool(&json, lines[i].name, lines[i].value != NULL);
		else if (lines[i].kind == META_NUMBER && lines[i].value)
			json_int(&json, lines[i].name, strtoll(lines[i].value, NULL, 10));
		else
			json_text(&json, lines[i].name, lines[i].value);
	json_close(&json, '}');
}

static void print_text(const struct meta_line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char safe[8192] = "-";

		if (lines[i].value)
			(void)text_escape(safe, sizeof(safe), lines[i].value, strlen(lines[i].value));
		(void)printf("%14s: %s\n", lines[i].name, safe);
	}
}

static void print_path(const char *path, const struct command_common *common, bool json)
{
	struct cgroup_identity identity;

	char owner[24] = "";

	cgroup_path_parse(path, strlen(path), common->config.containerd_namespaces, &identity);
	if (identity.owner_uid != CGROUP_NO_OWNER)
		(void)snprintf(owner, sizeof(owner), "%" PRId64, identity.owner_uid);

	const struct meta_line lines[] = {
		{ "path", path, META_TEXT },
		{ "runtime", or_null(identity.runtime), META_TEXT },
		{ "kind", cgroup_kind_name(identity.kind), META_TEXT },
		{ "container_id", or_null(identity.container_id), META_TEXT },
		{ "pod_uid", or_null(identity.pod_uid), META_TEXT },
		{ "qos", or_null(identity.qos), META_TEXT },
		{ "outer_id", or_null(identity.outer_id), META_TEXT },
		{ "owner_uid", or_null(owner), META_NUMBER },
		{ "delegated", identity.delegated ? "yes" : NULL, META_FLAG },
	};

	if (json)
		print_json(lines, ARRAY_SIZE(lines));
	else
		print_text(lines, ARRAY_SIZE(lines));
}

static int run(const struct command_call *call)
{
	const struct meta_options *options = call->settings;
	bool json = options->json || options->format != 0;
	int exit_code;

	if (strcmp(call->operands[0], subjects[0]) != 0) {
		log_error("meta knows \"path\" only: cri-ebpf meta path PATH; got \"%s\"", call->operands[0]);
		return EXIT_USAGE;
	}
	exit_code = confine_to_reading(NULL);
	if (exit_code)
		return exit_code;
	confine_to_open_files();
	for (int i = 1; i < call->operand_count; i++) {
		if (i > 1 && !json)
			(void)putchar('\n');
		print_path(call->operands[i], &call->common, json);
	}
	return EXIT_FOUND;
}

static const struct command_group groups[] = { { "Output", meta_rows, 0, 0, NULL }, { 0 } };

const struct command cmd_meta = {
	.name = "meta",
	.help = "what a cgroup path says about its container",
	.example = "cri-ebpf meta path /kubepods/burstable/pod1c8f.../0f3a...",
	.synopsis = "cri-ebpf meta path PATH... [--json] [OPTION...]",
	.description = "What a cgroup path says: runtime, kind (container, pod, infra or none), container id, pod uid, QoS\n"
		"class and the id of an outer container. Nothing is looked up, the path need not exist.",
	.operands = "\"path\" and a cgroup path, for a process \"$(cut -d: -f3 /proc/PID/cgroup)\"",
	.operands_min = 2,
	.operands_max = INT_MAX,
	.words = subjects,
	.groups = groups,
	.settings_size = sizeof(struct meta_options),
	.run = run,
};
