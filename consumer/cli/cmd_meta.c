/* SPDX-License-Identifier: BSD-2-Clause */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/text.h"
#include "consumer/cli/command.h"
#include "consumer/container/cgroup_path.h"
#include "consumer/sandbox/confine.h"
#include "consumer/text/json.h"

static const char *const subjects[] = { "path", NULL };

static const struct command_usage usage = {
	.example = "cri-ebpf meta path /kubepods/burstable/pod1c8f.../0f3a...",
	.synopsis = "cri-ebpf meta path PATH... [--json] [OPTION...]",
	.description =
		"What a cgroup path says: runtime, kind (container, pod, infra or none), container id, pod uid, QoS\n"
		"class and the id of an outer container. Nothing is looked up, the path need not exist.",
	.words = subjects,
};

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

/* What is printed of an identity, in order. NULL: the path does not say. */
struct meta_line {
	const char *name, *value;
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

	cgroup_path_parse(path, strlen(path), common->config.containerd_namespaces, &identity);

	const struct meta_line lines[] = {
		{ "path", path },
		{ "runtime", or_null(identity.runtime) },
		{ "kind", cgroup_kind_name(identity.kind) },
		{ "container_id", or_null(identity.container_id) },
		{ "pod_uid", or_null(identity.pod_uid) },
		{ "qos", or_null(identity.qos) },
		{ "outer_id", or_null(identity.outer_id) },
	};

	if (json)
		print_json(lines, ARRAY_SIZE(lines));
	else
		print_text(lines, ARRAY_SIZE(lines));
}

int cmd_meta(const struct command_context *context, int argc, char **argv)
{
	struct meta_options options = { 0 };
	const struct option_group own[] = { { "Output", meta_rows, &options }, { 0 } };
	struct command_common common;
	int operands = 0;
	int r = command_parse(argc, argv, &usage, own, &common, &operands);

	(void)context;
	if (r != 0)
		return command_exit(r);
	options.json |= options.format != 0;
	if (operands < 1 || strcmp(argv[1], subjects[0]) != 0) {
		log_error("meta knows \"path\": cri-ebpf meta path PATH; got %s%s%s", operands ? "\"" : "",
			  operands ? argv[1] : "nothing", operands ? "\"" : "");
		return EXIT_USAGE;
	}
	if (operands < 2) {
		log_error(
			"meta path: which path? For a process: cri-ebpf meta path \"$(cut -d: -f3 /proc/PID/cgroup)\"");
		return EXIT_USAGE;
	}
	r = confine_to_reading(NULL);
	if (r)
		return r;
	confine_to_open_files();
	for (int i = 2; i <= operands; i++) {
		if (i > 2 && !options.json)
			(void)putchar('\n');
		print_path(argv[i], &common, options.json);
	}
	return EXIT_FOUND;
}
