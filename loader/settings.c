/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/settings.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/pins.h"
#include "common/text.h"
#include "loader/probe.h"

#define CONFIG_MEMBER(member) offsetof(struct settings, config.member), sizeof(((struct settings *)0)->config.member)

enum { ROW_PIN_DIR, ROW_CONFIG };

static const struct option_row own_rows[] = {
	[ROW_PIN_DIR] = { .name = "pin-dir", .type = OPTION_STRING, CONFIG_MEMBER(pin_dir), .argument = "DIR",
	  .help = "directory of the pins", .shows_default = true },
	[ROW_CONFIG] = { .name = "config", .type = OPTION_STRING, CONFIG_MEMBER(config_file), .argument = "FILE",
	  .help = "read this configuration file instead of /etc/cri-ebpf" },
	{ .name = "replace", .type = OPTION_FLAG, .offset = offsetof(struct settings, replace),
	  .help = "load: replace the programs and keep the maps, so that no event is lost" },
	{ .name = "json", .type = OPTION_FLAG, .offset = offsetof(struct settings, json),
	  .help = "status, check: one JSON object" },
	{ .name = "rung", .type = OPTION_LIST, .offset = offsetof(struct settings, rungs), .argument = "PROBE=RUNG",
	  .help = "use only this rung of this probe (for tests)" },
	{ .name = "skip-exits", .type = OPTION_NUMBER, .offset = offsetof(struct settings, skip_exits), .argument = "N",
	  .min = 0, .max = 1000000,
	  .help = "skip exits of processes whose pid is a multiple of N; needs --rung process_exit_late=RUNG, which finds "
		  "them (for tests)" },
	{ .name = "allow-unfixed-ringbuf", .type = OPTION_FLAG,
	  .offset = offsetof(struct settings, allow_unfixed_ring),
	  .help = "load although the kernel has CVE-2024-41009, by which the recorder could corrupt its memory" },
	{ .name = "quiet", .letter = 'q', .type = OPTION_FLAG, .offset = offsetof(struct settings, quiet),
	  .help = "warnings and errors only" },
	{ .name = "verbose", .letter = 'v', .type = OPTION_FLAG, .offset = offsetof(struct settings, verbose),
	  .help = "print debug messages too" },
	{ .name = "help", .letter = 'h', .type = OPTION_HELP, .help = "print this help" },
	{},
};

#define GROUPS(settings) \
	{ { "Options", own_rows, settings }, { "Configuration", config_keys, &(settings)->config }, {} }

#define EXAMPLE  "cri-ebpf-loader load"
#define SYNOPSIS "cri-ebpf-loader load [--replace] | unload | reload | status | check  [OPTION...]"
#define ABOUT    "Loads and pins the BPF programs of cri-ebpf, then exits."

/* Shows the defaults, not values that were given before --help. */
static void print_help(const struct option_group *groups, struct config *config)
{
	config_set_defaults(config);
	(void)puts("Example: " EXAMPLE "\n\nUsage: " SYNOPSIS "\n\n" ABOUT "\n");
	for (const struct verb *verb = verbs; verb->name; verb++)
		(void)printf("  %-8s %s\n", verb->name, verb->help);
	(void)putchar('\n');
	option_print_help(stdout, groups);
}

void settings_print_table(void)
{
	static struct settings settings;
	const struct option_group groups[] = GROUPS(&settings);

	config_set_defaults(&settings.config);
	(void)puts("program\tcri-ebpf-loader\t-");
	for (const struct verb *verb = verbs; verb->name; verb++)
		(void)printf("verb\t%s\t-\t%s\n", verb->name, verb->help);
	for (const struct option_group *group = groups; group->rows; group++)
		for (const struct option_row *row = group->rows; row->name; row++) {
			(void)fputs("option\t*", stdout);
			option_print_row(stdout, group, row);
		}
	(void)puts("usage\t-\t" SYNOPSIS "\t" EXAMPLE "\t" ABOUT);
}

/* What is for tests: forced rungs, and exits that are skipped. Needs no kernel, so that nothing is made before. */
static int settings_check_tests(const struct settings *settings, char *message, size_t size)
{
	const char *late = probes[PROBE_PROCESS_EXIT_LATE].name, *wrong = probe_find_wrong(settings->rungs.values);
	char shown[64];

	if (wrong) {
		(void)text_escape(shown, sizeof(shown), wrong, strlen(wrong));
		(void)snprintf(message, size, "--rung=%s: it must be PROBE=RUNG, with names as \"cri-ebpf-loader check\" "
			       "prints them", shown);
		return -EINVAL;
	}
	if (settings->skip_exits && (!settings->config.process_exit || !probe_is_forced(settings->rungs.values, late))) {
		(void)snprintf(message, size, "--skip-exits needs probe %s, which finds the exits that are skipped: add "
			       "--rung %s=%s, and leave process_exit on", late, late,
			       probes[PROBE_PROCESS_EXIT_LATE].rungs[0].name);
		return -EINVAL;
	}
	return 0;
}

static int settings_fail(int error, const char *message, int *ret_exit)
{
	log_error("%s%s; nothing was done", message,
		  error == -EACCES ? " for the user who owns the pins, as whom the loader reads it" : "");
	*ret_exit = EXIT_USAGE;
	return -EINVAL;
}

/* Applies the defaults, then the configuration file, then the flags. 0, 1 when help was requested, or a negative
 * errno. */
static int settings_read(bool plain, int argc, char **argv, const struct option_group *groups,
			 struct settings *settings, char *message, size_t size)
{
	CLEANUP(option_words_done) struct option_words words;
	int r = option_scan(argc, argv, groups, &words, message, size);
	const struct option_use *file = option_words_find(&words, &own_rows[ROW_CONFIG]);

	config_set_defaults(&settings->config);
	if (words.help)
		return 1;
	if (r == 0 && words.operands) {
		(void)snprintf(message, size, "unexpected argument \"%s\"", argv[1]);
		return -EINVAL;
	}
	if (r == 0 && !plain)
		r = config_load(&settings->config, file ? file->value : NULL, message, size);
	return r < 0 ? r : option_apply(&words, message, size);
}

const char *settings_find_pin_dir(int argc, char **argv)
{
	static struct settings unused;
	const struct option_group groups[] = GROUPS(&unused);
	CLEANUP(option_words_done) struct option_words words;
	char message[1024];
	int r = option_scan(argc, argv, groups, &words, message, sizeof(message));
	const struct option_use *dir = option_words_find(&words, &own_rows[ROW_PIN_DIR]);

	if (r < 0 || words.help || words.operands)
		return NULL;
	return dir ? dir->value : PIN_DIR_DEFAULT;
}

int settings_parse(const struct verb *verb, int argc, char **argv, struct settings *settings, const char **ret_note,
		   int *ret_exit)
{
	const struct option_group groups[] = GROUPS(settings);
	static char message[1024];
	int r;

	memset(settings, 0, sizeof(*settings));
	message[0] = 0;
	r = settings_read(verb->plain, argc, argv, groups, settings, message, sizeof(message));
	if (r == 1) {
		print_help(groups, &settings->config);
		*ret_exit = EXIT_FOUND;
		return r;
	}
	log_init("cri-ebpf-loader", settings->quiet ? LOG_LEVEL_WARNING :
				    settings->verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	if (r == 0)
		r = settings_check_tests(settings, message, sizeof(message));
	if (r == 0)
		r = config_check(&settings->config, message, sizeof(message));
	if (r < 0)
		return settings_fail(r, message, ret_exit);
	*ret_note = r > 0 ? message : "";
	return 0;
}
