/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb table; everything a verb does is in cmd_<verb>.c. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "common/exit_code.h"
#include "common/log.h"
#include "consumer/command.h"
#include "consumer/filter.h"
#include "consumer/print.h"

static command_run cmd_help;
static command_run cmd_version;

static const struct command commands[] = {
	{ "record", cmd_record, "record events into the database: what the service runs" },
	{ "events", cmd_events, "list or follow events; the default" },
	{ "oom", cmd_oom, "out-of-memory kills, newest first" },
	{ "why", cmd_why, "what happened to this container, pod, unit or process" },
	{ "show", cmd_show, "one event or incident in full" },
	{ "ps", cmd_ps, "containers seen: running, gone, how they ended" },
	{ "stats", cmd_stats, "counts by container, pod, namespace or kind" },
	{ "sql", cmd_sql, "read-only SQL over the documented views" },
	{ "status", cmd_status, "is recording healthy?" },
	{ "meta", cmd_meta, "what a cgroup path says about its container" },
	{ "vacuum", cmd_vacuum, "remove old events; what the recorder does by itself" },
	{ "help", cmd_help, "this list, or the help of one verb" },
	{ "version", cmd_version, "the version" },
	{ .name = NULL },
};

static const struct command *find_command(const char *name)
{
	for (const struct command *command = commands; command->name; command++)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}

static int cmd_version(const struct command_context *context, int argc, char **argv)
{
	(void)context;
	(void)argc;
	(void)argv;
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
		(void)printf("  %-8s %s\n", command->name, command->help);
	(void)printf("\ncri-ebpf VERB --help tells more. The loader is a program of its own: cri-ebpf-loader.\n");
}

static int log_unknown(const char *word)
{
	log_error("unknown verb \"%s\"; \"cri-ebpf help\" lists them", word);
	return EXIT_USAGE;
}

static int cmd_help(const struct command_context *context, int argc, char **argv)
{
	static char help_flag[] = "--help";
	const struct command *command = argc > 1 ? find_command(argv[1]) : NULL;

	if (argc > 1 && argv[1][0] != '-' && !command)
		return log_unknown(argv[1]);
	if (command && command->run != cmd_help && command->run != cmd_version) {
		char *words[] = { argv[1], help_flag, NULL };

		return command->run(context, 2, words);
	}
	print_commands(context->commands);
	return EXIT_FOUND;
}

/* Words before the verb make it the events verb's, which takes no words: one of them was meant as the verb. */
static const char *find_late_verb(int argc, char **argv)
{
	struct filter_options filter_options;
	struct print_options print_options;
	const struct option_group own[] = {
		{ NULL, filter_rows, &filter_options },
		{ NULL, print_rows, &print_options },
		{ 0 },
	};

	filter_prepare_argv(argc, argv);
	for (int i = 1; (i = command_find_operand(argc, argv, i, own)) < argc; i++)
		if (find_command(argv[i]))
			return argv[i];
	return NULL;
}

int main(int argc, char **argv)
{
	static char default_verb[] = "events";
	const struct command_context context = { commands };
	const struct command *command;
	const char *late;

	/* Only characters: numbers must not get the decimal comma of a locale. */
	(void)setlocale(LC_CTYPE, "");
	log_init("cri-ebpf", LOG_LEVEL_INFO);
	if (argc < 1)
		return EXIT_USAGE;
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return cmd_help(&context, 1, argv + 1);
	if (argc > 1 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0))
		return cmd_version(&context, 1, argv + 1);

	if (argc == 1 || argv[1][0] == '-') {
		late = find_late_verb(argc, argv);
		if (late) {
			log_error("unexpected word \"%s\": the verb comes first: cri-ebpf %s ...", late, late);
			return EXIT_USAGE;
		}
		/* No verb: events, whose own name takes the program's place. */
		argv[0] = default_verb;
		return cmd_events(&context, argc, argv);
	}
	command = find_command(argv[1]);
	if (!command)
		return log_unknown(argv[1]);
	return command->run(&context, argc - 1, argv + 1);
}
