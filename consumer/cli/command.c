/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/cli/command.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/text.h"

#define GROUPS_MAX 8

#define PATH(member) offsetof(struct config, member), .size = sizeof(((struct config *)0)->member)

static const struct option_row path_rows[] = {
	{ "db", 0, OPTION_STRING, PATH(db), .argument = "FILE", .help = "the database", .tells_default = true },
	{ "pin-dir", 0, OPTION_STRING, PATH(pin_dir), .argument = "DIR", .help = "where the loader pinned",
	  .tells_default = true },
	{ "config", 0, OPTION_STRING, PATH(config_file), .argument = "FILE",
	  .help = "this configuration file, not " CONFIG_FILE_DEFAULT },
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

const struct command *command_find(const struct command *commands, const char *name)
{
	for (const struct command *command = commands; command->name; command++)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}

int command_unknown(const char *word)
{
	log_error("unknown verb \"%s\"; \"cri-ebpf help\" lists them", word);
	return EXIT_USAGE;
}

/* Fills groups, ended by one without rows; the place of the last, the configuration's keys. */
static size_t add_groups(struct option_group *groups, const struct option_group *own, struct command_common *common)
{
	size_t count = 0;

	for (; own && own->rows && count < GROUPS_MAX - 4; own++)
		groups[count++] = *own;
	groups[count++] = (struct option_group){ "Common options", common_rows, common };
	groups[count++] = (struct option_group){ "Files", path_rows, &common->config };
	groups[count] = (struct option_group){ "Configuration", config_keys, &common->config };
	return count;
}

/* ------------------------------------------------------------------ which word is what */

static bool is_called(const struct option_row *row, const char *word, size_t length)
{
	if (strlen(row->name) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((row->name[i] == '_' ? '-' : row->name[i]) != word[i])
			return false;
	return true;
}

/* By its name, or with name NULL by its letter. */
static const struct option_row *find_row(const struct option_group *groups, const char *name, size_t length,
					 char letter)
{
	for (; groups->rows; groups++)
		for (const struct option_row *row = groups->rows; row->name; row++)
			if (name ? is_called(row, name, length) : row->letter == letter)
				return row;
	return NULL;
}

/* The option in this word whose value is the next word; NULL: it needs none. */
static const struct option_row *wants_next(const struct option_group *groups, const char *word)
{
	const struct option_row *row;

	if (word[1] == '-') {
		row = strchr(word, '=') ? NULL : find_row(groups, word + 2, strlen(word + 2), 0);
		return row && option_takes_value(row) ? row : NULL;
	}
	for (size_t i = 1; word[i]; i++) {
		row = find_row(groups, NULL, 0, word[i]);
		if (row && option_takes_value(row))
			return word[i + 1] ? NULL : row;
	}
	return NULL;
}

/* "-f", "--follow", "--lines=3"; not "-2h" and not "-verbose", which may be meant as values. */
static bool is_option(const struct option_group *groups, const char *word)
{
	if (word[0] != '-' || !word[1])
		return false;
	if (word[1] == '-')
		return find_row(groups, word + 2, strcspn(word + 2, "="), 0) != NULL;
	return !word[2] && find_row(groups, NULL, 0, word[1]) != NULL;
}

static void complain_missing(const struct option_row *row, const char *word, const char *next, char *message,
			     size_t size)
{
	char flag[64], shown[64];

	(void)text_escape(shown, sizeof(shown), next, strlen(next));
	option_format_flag(flag, sizeof(flag), row);
	(void)snprintf(message, size, "option \"%s\" needs a value: %s; \"%s\" is an option (as a value: %s=%s)", word,
		       row->argument ? row->argument : "VALUE", shown, flag, shown);
}

/* An option taken as the value of the one before is a value that was forgotten. */
static int check_values(int argc, char **argv, const struct option_group *groups, char *message, size_t size)
{
	for (int i = 1; i + 1 < argc && strcmp(argv[i], "--") != 0; i++) {
		const struct option_row *row = argv[i][0] == '-' ? wants_next(groups, argv[i]) : NULL;

		if (!row)
			continue;
		if (is_option(groups, argv[i + 1])) {
			complain_missing(row, argv[i], argv[i + 1], message, size);
			return -EINVAL;
		}
		i++;
	}
	return 0;
}

int command_find_operand(int argc, char **argv, int from, const struct option_group *own)
{
	struct option_group groups[GROUPS_MAX] = { 0 };
	struct command_common unused;
	int i;

	(void)add_groups(groups, own, &unused);
	for (i = from; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return i + 1;
		if (argv[i][0] != '-' || !argv[i][1])
			return i;
		if (wants_next(groups, argv[i]))
			i++;
	}
	return argc;
}

/* NULL: standard output. */
static command_help_sink *help_sink;
static void *help_context;

void command_redirect_help(command_help_sink *sink, void *context)
{
	help_sink = sink;
	help_context = context;
}

static void print_help(const struct command_usage *usage, const struct option_group *groups)
{
	(void)printf("Example: %s\n\nUsage: %s\n\n%s\n\n", usage->example, usage->synopsis, usage->description);
	option_print_help(stdout, groups);
	if (!usage->config_keys && !usage->plain)
		(void)printf(
			"\nEvery key of the configuration file is a flag too: cri-ebpf record --help lists them.\n");
}

/* Defaults and file; flags come later and win. */
static int load_config(int argc, char **argv, struct config *config, char *message, size_t size)
{
	config_set_defaults(config);
	return config_load(config, config_find_flag(argc, argv), message, size);
}

static int check_config(struct config *config, char *message, size_t size)
{
	int r = config_check(config, message, size);

	if (r > 0)
		log_info("%s", message);
	return r < 0 ? r : 0;
}

/* What was said before --help is no default. */
static void give_help(const char *verb, const struct command_usage *usage, struct option_group *groups, size_t last)
{
	config_set_defaults(groups[last].target);
	if (!usage->config_keys)
		groups[last].rows = NULL;
	if (help_sink)
		help_sink(help_context, verb, usage, groups);
	else
		print_help(usage, groups);
}

static int parse(int argc, char **argv, const struct command_usage *usage, struct option_group *groups, size_t last,
		 int *ret_operands, char *message, size_t size)
{
	int operands = 0;
	int r = option_parse(argc, argv, groups, &operands, message, size);
	if (r > 0) {
		give_help(argv[0], usage, groups, last);
		return 1;
	}
	if (r == 0 && operands && !ret_operands) {
		(void)snprintf(message, size, "unexpected word \"%s\"", argv[1]);
		return -EINVAL;
	}
	if (r == 0 && ret_operands)
		*ret_operands = operands;
	return r;
}

int command_parse(int argc, char **argv, const struct command_usage *usage, const struct option_group *own,
		  struct command_common *common, int *ret_operands)
{
	struct option_group groups[GROUPS_MAX] = { 0 };
	char message[4096] = "";
	size_t last;
	int r;

	*common = (struct command_common){ 0 };
	last = add_groups(groups, own, common);
	if (usage->plain)
		groups[last - 1].rows = NULL;
	/* Before the configuration is looked for under a name that is an option. */
	if (check_values(argc, argv, groups, message, sizeof(message)) < 0) {
		log_error("%s", message);
		return -EINVAL;
	}
	/* Help must come even when the configuration is what is wrong. */
	if (usage->plain || option_asks_for_help(argc, argv))
		config_set_defaults(&common->config);
	else if (load_config(argc, argv, &common->config, message, sizeof(message)) < 0) {
		log_error("%s", message);
		return -EINVAL;
	}
	r = parse(argc, argv, usage, groups, last, ret_operands, message, sizeof(message));
	if (r > 0)
		return r;
	if (r == 0) {
		log_init("cri-ebpf", common->quiet     ? LOG_LEVEL_WARNING
				     : common->verbose ? LOG_LEVEL_DEBUG
						       : LOG_LEVEL_INFO);
		r = check_config(&common->config, message, sizeof(message));
	}
	if (r < 0) {
		log_error("%s; try \"cri-ebpf %s --help\"", message, argv[0]);
		return -EINVAL;
	}
	return 0;
}

int command_exit(int r)
{
	return r > 0 ? EXIT_FOUND : EXIT_USAGE;
}
