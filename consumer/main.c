/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb table; everything a verb does is in cmd_<verb>.c. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "common/answer.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "consumer/cli/command.h"
#include "consumer/print/print.h"
#include "consumer/query/filter.h"

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
	{ "completion", cmd_completion, "what a shell needs to complete these words" },
	{ "help", cmd_help, "this list, or the help of one verb" },
	{ "version", cmd_version, "the version" },
	{ .name = NULL },
};

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
		if (command_find(commands, argv[i]))
			return argv[i];
	return NULL;
}

static int dispatch(int argc, char **argv)
{
	static char default_verb[] = "events";
	const struct command_context context = { commands };
	const struct command *command;
	const char *late;

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
	command = command_find(commands, argv[1]);
	if (!command)
		return command_unknown(argv[1]);
	return command->run(&context, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	/* Only characters: numbers must not get the decimal comma of a locale. */
	(void)setlocale(LC_CTYPE, "");
	log_init("cri-ebpf", LOG_LEVEL_INFO);
	return answer_end(dispatch(argc, argv));
}
