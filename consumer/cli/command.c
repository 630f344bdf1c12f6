/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/text.h"
#include "consumer/text/clock.h"
#include "consumer/text/time_zone.h"

#define PATH(member) offsetof(struct config, member), .size = sizeof(((struct config *)0)->member)

enum { PATH_DB, PATH_PIN_DIR, PATH_CONFIG };

static const struct option_row path_rows[] = {
	[PATH_DB] = { "db", 0, OPTION_STRING, PATH(db), .argument = "FILE", .help = "the database", .shows_default = true },
	[PATH_PIN_DIR] = { "pin-dir", 0, OPTION_STRING, PATH(pin_dir), .argument = "DIR", .help = "directory of the loader's pins",
	  .shows_default = true },
	[PATH_CONFIG] = { "config", 0, OPTION_STRING, PATH(config_file), .argument = "FILE",
	  .help = "read this configuration file, not " CONFIG_FILE_DEFAULT },
	{ .name = NULL },
};

static const char *const color_names[] = { "auto", "always", "never", NULL };

static const struct option_row common_rows[] = {
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct command_common, quiet), .help = "only warnings and errors" },
	{ "verbose", 'v', OPTION_FLAG, offsetof(struct command_common, verbose), .help = "more messages" },
	{ "color", 0, OPTION_CHOICE, offsetof(struct command_common, color), .choices = color_names, .argument = "WHEN",
	  .help = "auto, always or never" },
	{ "no-pager", 0, OPTION_FLAG, offsetof(struct command_common, no_pager), .help = "do not start a pager" },
	{ "help", 'h', OPTION_HELP, 0, .help = "this help" },
	{ .name = NULL },
};

const struct command *command_find(const struct command *const *commands, const char *name)
{
	for (; *commands; commands++)
		if (strcmp((*commands)->name, name) == 0)
			return *commands;
	return NULL;
}

int command_unknown(const char *word)
{
	log_error("unknown verb \"%s\"; \"cri-ebpf help\" lists them", word);
	return EXIT_USAGE;
}

/* ------------------------------------------------------------------ from the row to option groups */

/* Fills groups, ended by one without rows, and the targets with their defaults. */
static void bind_groups(const struct command *command, void *settings, struct command_common *common,
			struct option_group *groups)
{
	size_t count = 0;

	for (const struct command_group *own = command->groups; own && own->rows; own++) {
		void *target = (char *)settings + own->offset;

		if (count >= COMMAND_GROUPS_MAX - 4)
			abort(); /* a programming error, met by every unit test of the verb */
		if (own->set_defaults)
			own->set_defaults(target);
		groups[count++] = (struct option_group){ own->title, own->rows, target };
	}
	config_set_defaults(&common->config);
	groups[count++] = (struct option_group){ "Common options", common_rows, common };
	if (!command->plain)
		groups[count++] = (struct option_group){ "Files", path_rows, &common->config };
	if (!command->plain)
		groups[count++] = (struct option_group){ "Configuration", config_keys, &common->config };
	groups[count] = (struct option_group){ NULL, NULL, NULL };
}

static bool takes(const struct command_group *group, const struct option_row *row)
{
	return !group->parts || (group->parts & row->part);
}

static size_t count_rows(const struct command_group *group)
{
	size_t count = 0;

	for (; group && group->rows; group++)
		for (const struct option_row *row = group->rows; row->name; row++)
			count++;
	return count;
}

/* Leaves out the rows that the verb does not take. */
static void take_rows(const struct command *command, struct option_row *taken, struct option_group *groups)
{
	for (const struct command_group *own = command->groups; own && own->rows; own++, groups++) {
		groups->rows = taken;
		for (const struct option_row *row = own->rows; row->name; row++)
			if (takes(own, row))
				*taken++ = *row;
		*taken++ = (struct option_row){ .name = NULL };
	}
}

int command_options_of(const struct command *command, struct command_options *ret)
{
	*ret = (struct command_options){
		.settings = calloc(1, command->settings_size + 1),
		.taken = calloc(count_rows(command->groups) + COMMAND_GROUPS_MAX, sizeof(*ret->taken)),
	};
	if (!ret->settings || !ret->taken)
		return -ENOMEM;
	bind_groups(command, ret->settings, &ret->common, ret->groups);
	take_rows(command, ret->taken, ret->groups);
	if (!command->config_keys)
		for (struct option_group *group = ret->groups; group->rows; group++)
			if (group->rows == config_keys)
				group->rows = NULL;
	return 0;
}

void command_options_done(struct command_options *options)
{
	free(options->settings);
	free(options->taken);
	*options = (struct command_options){ .settings = NULL };
}

int command_print_help(const struct command *command)
{
	CLEANUP(command_options_done) struct command_options options;

	if (command_options_of(command, &options) < 0) {
		log_error("out of memory: there is no help");
		return EXIT_USAGE;
	}
	(void)printf("Example: %s\n\nUsage: %s\n\n%s\n\n", command->example, command->synopsis, command->description);
	option_print_help(stdout, options.groups);
	if (!command->config_keys && !command->plain)
		(void)printf(
			"\nEvery key of the configuration file is an option too: cri-ebpf record --help lists them.\n");
	return EXIT_FOUND;
}

/* ------------------------------------------------------------------ from argv to settings */

static int usage_error(const struct command *command, const char *message)
{
	log_error("%s; try \"cri-ebpf %s --help\"", message, command->name);
	return EXIT_USAGE;
}

/* Reports an option that only other verbs take. */
static int check_taken(const struct command *command, const struct option_words *words, char *message, size_t size)
{
	for (const struct command_group *group = command->groups; group && group->rows; group++)
		for (const struct option_row *row = group->rows; row->name; row++)
			if (!takes(group, row) && option_words_find(words, row)) {
				(void)snprintf(message, size, "%s does not take --%s", command->name, row->name);
				return -EINVAL;
			}
	return 0;
}

static int check_operands(const struct command *command, const struct option_words *words, char **argv, char *message,
			  size_t size)
{
	if (words->operands >= command->operands_min && words->operands <= command->operands_max)
		return 0;
	if (command->operands)
		(void)snprintf(message, size, "expected %s, got %d words", command->operands, words->operands);
	else
		(void)snprintf(message, size, "unexpected word \"%s\"", argv[1]);
	return -EINVAL;
}

/* Reports a verb that comes after options: it is not meant as an operand of the default verb. */
static int check_late_verb(const struct command_call *call, const struct option_words *words, char **argv)
{
	for (int i = 1; i <= words->operands; i++)
		if (command_find(call->commands, argv[i])) {
			log_error("unexpected word \"%s\": the verb comes first: cri-ebpf %s ...", argv[i], argv[i]);
			return EXIT_USAGE;
		}
	return 0;
}

/* The defaults are set already: applies the configuration file, then the options. */
static int configure(struct command_call *call, const struct option_words *words)
{
	const struct option_use *file = option_words_find(words, &path_rows[PATH_CONFIG]);
	struct config *config = &call->common.config;
	char message[4096] = "";
	int r = 0;

	if (!call->command->plain && config_load(config, file ? file->value : NULL, message, sizeof(message)) < 0) {
		log_error("%s", message);
		return EXIT_USAGE;
	}
	r = option_apply(words, message, sizeof(message));
	log_init("cri-ebpf", call->common.quiet	    ? LOG_LEVEL_WARNING
			     : call->common.verbose ? LOG_LEVEL_DEBUG
						    : LOG_LEVEL_INFO);
	if (r == 0)
		r = config_check(config, message, sizeof(message));
	if (r > 0)
		log_info("%s", message);
	return r < 0 ? usage_error(call->command, message) : 0;
}

static int start(struct command_call *call, bool is_default, int argc, char **argv)
{
	CLEANUP(option_words_done) struct option_words words;
	const struct command *command = call->command;
	struct option_group groups[COMMAND_GROUPS_MAX];
	char message[4096] = "";
	int r, exit_code;

	bind_groups(command, call->settings, &call->common, groups);
	r = option_scan(argc, argv, groups, &words, message, sizeof(message));
	if (words.help)
		return command_print_help(command);
	exit_code = is_default ? check_late_verb(call, &words, argv) : 0;
	if (exit_code)
		return exit_code;
	if (r == 0)
		r = check_taken(command, &words, message, sizeof(message));
	if (r == 0)
		r = check_operands(command, &words, argv, message, sizeof(message));
	if (r < 0)
		return usage_error(command, message);
	exit_code = configure(call, &words);
	if (exit_code)
		return exit_code;
	call->operands = argv + 1;
	call->operand_count = words.operands;
	return command->run(call);
}

static int allocate_and_start(const struct command *const *commands, const struct command *command, bool is_default,
			      int argc, char **argv)
{
	AUTO_FREE void *settings = calloc(1, command->settings_size + 1);
	struct command_call call = { .commands = commands, .command = command, .settings = settings };

	if (settings)
		return start(&call, is_default, argc, argv);
	log_error("out of memory: cri-ebpf %s does nothing", command->name);
	return EXIT_USAGE;
}

int command_start(const struct command *const *commands, const struct command *command, int argc, char **argv)
{
	return allocate_and_start(commands, command, false, argc, argv);
}

/* NULL: argv begins with an option of the default verb, or is empty. */
static const char *verb_of(int argc, char **argv)
{
	static const char *const options[][2] = {
		{ "--help", "help" }, { "-h", "help" }, { "--version", "version" }, { "-V", "version" },
	};

	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(options); i++)
		if (strcmp(argv[1], options[i][0]) == 0)
			return options[i][1];
	return argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
}

int command_dispatch(const struct command *const *commands, const char *default_verb, int argc, char **argv)
{
	const char *verb = verb_of(argc, argv);
	const struct command *command = command_find(commands, verb ? verb : default_verb);

	if (argc < 1)
		return EXIT_USAGE;
	clock_start();
	if (!time_zone_check())
		log_warning("the time zone (TZ, or /etc/localtime) is not a regular file; times are in UTC");
	if (!command)
		return command_unknown(verb);
	if (!verb)
		return allocate_and_start(commands, command, true, argc, argv);
	/* Help and the version come also when wrong words follow "--help" or "--version". */
	return command_start(commands, command, argv[1][0] == '-' ? 1 : argc - 1, argv + 1);
}
