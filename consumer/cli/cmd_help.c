/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs that tell about the program itself: help and version. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "common/exit_code.h"
#include "common/log.h"
#include "consumer/cli/command.h"
#include "consumer/cli/help_table.h"
#include "consumer/cli/output.h"
#include "consumer/text/error.h"

static const struct command_usage help_usage = {
	.example = "cri-ebpf help why",
	.synopsis = "cri-ebpf help [VERB] [--table]",
	.description = "Lists the verbs, or tells what cri-ebpf VERB --help tells.",
	.plain = true,
};

static const struct command_usage version_usage = {
	.example = "cri-ebpf version",
	.synopsis = "cri-ebpf version",
	.description = "Prints the version.",
	.plain = true,
};

struct help_options {
	bool table;
};

static const struct option_row help_rows[] = {
	{ "table", 0, OPTION_FLAG, offsetof(struct help_options, table),
	  .help = "all verbs and options, one a line, fields between tabs: for programs" },
	{ .name = NULL },
};

int cmd_version(const struct command_context *context, int argc, char **argv)
{
	struct command_common common;
	int r = command_parse(argc, argv, &version_usage, NULL, &common, NULL);

	(void)context;
	if (r)
		return command_exit(r);
	(void)printf("cri-ebpf %s\n", CRI_VERSION);
	return EXIT_FOUND;
}

static void print_commands(const struct command *command)
{
	(void)printf("Examples: cri-ebpf -f                follow events\n"
		     "          cri-ebpf why nginx         what happened to the container nginx\n"
		     "          cri-ebpf oom -S yesterday  out-of-memory kills since yesterday\n"
		     "\nUsage: cri-ebpf [VERB] [OPTION...]\n"
		     "\nWhat happened to this container, and why did it die? Verbs:\n\n");
	for (; command->name; command++)
		(void)printf("  %-10s %s\n", command->name, command->help);
	(void)printf("\ncri-ebpf VERB --help tells more. The loader is a program of its own: cri-ebpf-loader.\n");
}

static int print_table(const struct command_context *context, const struct command_common *common)
{
	struct output output;
	int r;

	output_open(common, false, &output);
	r = output_close(&output, help_table_print(context, HELP_TABLE_ALL, output.out));
	if (r == 0 || r == -EPIPE)
		return EXIT_FOUND;
	log_error("cannot print the table: %s; what was printed is incomplete", error_text(r));
	return EXIT_USAGE;
}

static int print_help_of(const struct command_context *context, char *name)
{
	static char help_flag[] = "--help";
	const struct command *command = command_find(context->commands, name);
	char *words[] = { name, help_flag, NULL };

	return command ? command->run(context, 2, words) : command_unknown(name);
}

int cmd_help(const struct command_context *context, int argc, char **argv)
{
	struct help_options options = { 0 };
	const struct option_group own[] = { { "Help", help_rows, &options }, { 0 } };
	struct command_common common;
	int operands = 0;
	int r = command_parse(argc, argv, &help_usage, own, &common, &operands);

	if (r)
		return command_exit(r);
	if (operands > 1 || (operands && options.table)) {
		log_error("unexpected word \"%s\"; \"cri-ebpf help\" lists the verbs", argv[operands]);
		return EXIT_USAGE;
	}
	if (options.table)
		return print_table(context, &common);
	if (operands)
		return print_help_of(context, argv[1]);
	print_commands(context->commands);
	return EXIT_FOUND;
}
