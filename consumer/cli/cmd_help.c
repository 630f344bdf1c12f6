/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs about the program itself: help, completion and version. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "completion_scripts.h"
#include "consumer/cli/command.h"
#include "consumer/cli/help_table.h"
#include "consumer/cli/output.h"
#include "consumer/text/error.h"

/* r: 0, or the negative errno of the function that printed. */
static int finish(struct output *output, const char *what, int r)
{
	r = output_close(output, r);
	if (r == 0 || r == -EPIPE)
		return EXIT_FOUND;
	log_error("cannot print the %s: %s; what was printed is incomplete", what, error_text(r));
	return EXIT_USAGE;
}

/* ------------------------------------------------------------------ help */

struct help_options {
	bool table;
};

static const struct option_row help_rows[] = {
	{ "table", 0, OPTION_FLAG, offsetof(struct help_options, table),
	  .help = "all verbs and options, one a line, fields between tabs: for programs" },
	{ .name = NULL },
};

static void print_commands(const struct command *const *commands)
{
	(void)printf("Examples: cri-ebpf -f                follow events\n"
		     "          cri-ebpf why 7441fd3e124c  what happened to this container\n"
		     "          cri-ebpf oom -S yesterday  out-of-memory kills since yesterday\n"
		     "\nUsage: cri-ebpf [VERB] [OPTION...]\n"
		     "\nWhat happened to this container, and why did it die? Verbs:\n\n");
	for (; *commands; commands++)
		(void)printf("  %-10s %s\n", (*commands)->name, (*commands)->help);
	(void)printf("\ncri-ebpf VERB --help explains a verb. The loader is a separate program: cri-ebpf-loader.\n");
}

static int print_table(const struct command_call *call)
{
	struct output output;

	output_open(&call->common, false, &output);
	return finish(&output, "table", help_table_print(call->commands, HELP_TABLE_ALL, output.out));
}

static int run_help(const struct command_call *call)
{
	const struct help_options *options = call->settings;
	const struct command *command;

	if (call->operand_count && options->table) {
		log_error("unexpected word \"%s\": --table lists all verbs", call->operands[0]);
		return EXIT_USAGE;
	}
	if (options->table)
		return print_table(call);
	if (!call->operand_count) {
		print_commands(call->commands);
		return EXIT_FOUND;
	}
	command = command_find(call->commands, call->operands[0]);
	return command ? command_print_help(command) : command_unknown(call->operands[0]);
}

static const struct command_group help_groups[] = { { "Help", help_rows, 0, 0, NULL }, { 0 } };

const struct command cmd_help = {
	.name = "help",
	.help = "this list, or the help of one verb",
	.example = "cri-ebpf help why",
	.synopsis = "cri-ebpf help [VERB] [--table]",
	.description = "Lists the verbs, or prints the same as cri-ebpf VERB --help.",
	.operands = "at most one verb",
	.operands_max = 1,
	.completes_verbs = true,
	.plain = true,
	.groups = help_groups,
	.settings_size = sizeof(struct help_options),
	.run = run_help,
};

/* ------------------------------------------------------------------ completion */

static const char *const shells[] = { "bash", "zsh", "fish", NULL };

/* In the order of shells. escaped: characters that need a backslash inside the table. */
static const struct script {
	const char *text, *escaped;
} scripts[] = {
	{ completion_bash, "" },
	{ completion_zsh, "" },
	{ completion_fish, "\\'" },
};

static const struct script *find_script(const char *shell)
{
	for (size_t i = 0; shells[i]; i++)
		if (strcmp(shells[i], shell) == 0)
			return &scripts[i];
	return NULL;
}

/* Prints the script with the table in place of COMPLETION_TABLE. */
static void print_script(FILE *out, const struct script *script, const char *table)
{
	const char *place = strstr(script->text, COMPLETION_TABLE);

	(void)fwrite(script->text, 1, (size_t)(place - script->text), out);
	for (; *table; table++) {
		if (strchr(script->escaped, *table))
			(void)fputc('\\', out);
		(void)fputc(*table, out);
	}
	(void)fputs(place + strlen(COMPLETION_TABLE), out);
}

static int print_completion(const struct command_call *call, const struct script *script, FILE *out)
{
	AUTO_FREE char *table = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&table, &size);
	int r = memory ? help_table_print(call->commands, HELP_TABLE_WORDS, memory) : -ENOMEM;

	if (memory && fclose(memory) != 0)
		r = -ENOMEM;
	if (r == 0)
		print_script(out, script, table);
	return r;
}

static int run_completion(const struct command_call *call)
{
	const struct script *script = find_script(call->operands[0]);
	struct output output;

	if (!script) {
		log_error("no completion for the shell \"%s\": expected bash, zsh or fish", call->operands[0]);
		return EXIT_USAGE;
	}
	output_open(&call->common, false, &output);
	return finish(&output, "script", print_completion(call, script, output.out));
}

const struct command cmd_completion = {
	.name = "completion",
	.help = "print a completion script for a shell",
	.example = "cri-ebpf completion fish | source",
	.synopsis = "cri-ebpf completion bash|zsh|fish",
	.description =
		"Prints a script with which the shell completes verbs, options and their values. Packages install it\n"
		"where the shell loads it automatically.",
	.operands = "bash, zsh or fish",
	.operands_min = 1,
	.operands_max = 1,
	.words = shells,
	.plain = true,
	.run = run_completion,
};

/* ------------------------------------------------------------------ version */

static int run_version(const struct command_call *call)
{
	(void)call;
	(void)printf("cri-ebpf %s\n", CRI_VERSION);
	return EXIT_FOUND;
}

const struct command cmd_version = {
	.name = "version",
	.help = "the version",
	.example = "cri-ebpf version",
	.synopsis = "cri-ebpf version",
	.description = "Prints the version.",
	.plain = true,
	.run = run_version,
};
