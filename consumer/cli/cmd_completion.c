/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
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

static const char *const shells[] = { "bash", "zsh", "fish", NULL };

/* In that order. escaped: what ends a string in the place of the table. */
static const struct script {
	const char *text, *escaped;
} scripts[] = {
	{ completion_bash, "" },
	{ completion_zsh, "" },
	{ completion_fish, "\\'" },
};

static const struct command_usage usage = {
	.example = "cri-ebpf completion fish | source",
	.synopsis = "cri-ebpf completion bash|zsh|fish",
	.description =
		"Prints a script that has a shell complete verbs, options and their values. Packages install it\n"
		"where the shell finds it by itself.",
	.plain = true,
	.words = shells,
};

static const struct script *find_script(const char *shell)
{
	for (size_t i = 0; shells[i]; i++)
		if (strcmp(shells[i], shell) == 0)
			return &scripts[i];
	return NULL;
}

/* The script with the table in its place. */
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

static int print_completion(const struct command_context *context, const struct script *script, FILE *out)
{
	AUTO_FREE char *table = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&table, &size);
	int r = memory ? help_table_print(context, HELP_TABLE_WORDS, memory) : -ENOMEM;

	if (memory && fclose(memory) != 0)
		r = -ENOMEM;
	if (r == 0)
		print_script(out, script, table);
	return r;
}

int cmd_completion(const struct command_context *context, int argc, char **argv)
{
	const struct script *script;
	struct command_common common;
	struct output output;
	int operands = 0;
	int r = command_parse(argc, argv, &usage, NULL, &common, &operands);

	if (r)
		return command_exit(r);
	script = operands == 1 ? find_script(argv[1]) : NULL;
	if (!script) {
		log_error("for which shell? cri-ebpf completion bash, zsh or fish");
		return EXIT_USAGE;
	}
	output_open(&common, false, &output);
	r = output_close(&output, print_completion(context, script, output.out));
	if (r < 0 && r != -EPIPE) {
		log_error("cannot print the script: %s; what was printed is incomplete", error_text(r));
		return EXIT_USAGE;
	}
	return EXIT_FOUND;
}
