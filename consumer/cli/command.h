/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all verbs share: the row of the verb table, the options every verb has, and the way from argv and
 * the configuration file to settings.
 */
#ifndef CRI_CONSUMER_CLI_COMMAND_H
#define CRI_CONSUMER_CLI_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config.h"
#include "common/option.h"

#ifndef CRI_VERSION
#define CRI_VERSION "unknown" /* the Makefile gives it */
#endif

struct command_context;

/* argv[0] is the verb; argv may be reordered. Returns an exit code (common/exit_code.h). */
typedef int command_run(const struct command_context *context, int argc, char **argv);

struct command {
	const char *name; /* NULL ends a table */
	command_run *run;
	const char *help; /* one line */
};

struct command_context {
	const struct command *commands; /* all verbs */
};

/* NULL: there is no such verb. */
const struct command *command_find(const struct command *commands, const char *name);
/* Says so; the exit code. */
int command_unknown(const char *word);

enum command_color { COMMAND_COLOR_AUTO, COMMAND_COLOR_ALWAYS, COMMAND_COLOR_NEVER };

/* The settings every verb has. */
struct command_common {
	struct config config;
	bool quiet, verbose, no_pager;
	uint64_t color; /* enum command_color */
};

/* How the help of a verb begins. */
struct command_usage {
	const char *example;	  /* "cri-ebpf record --once": printed first */
	const char *synopsis;	  /* "cri-ebpf record [--once] [OPTION...]" */
	const char *description; /* a few lines, no newline at the end */
	bool config_keys;	  /* list the configuration keys in the help too; they are accepted always */
	bool plain;		  /* takes neither files nor keys: not even a broken configuration is in its way */
	const char *const *words; /* NULL-terminated: what the first operand may be; NULL: anything, or there is none */
};

/* Takes a verb's help in place of standard output. The targets of the groups hold the defaults. */
typedef void command_help_sink(void *context, const char *verb, const struct command_usage *usage,
			       const struct option_group *groups);
/* From now on; NULL: to standard output again. */
void command_redirect_help(command_help_sink *sink, void *context);

/*
 * Fills *common from the defaults, the configuration file (or --config FILE) and the flags, in that order;
 * the verb's own rows set the targets of `own` (ends with rows NULL; may be NULL), which the caller has
 * filled with defaults. Sets the log level. Operands are moved to argv[1..] and counted in *ret_operands;
 * with ret_operands NULL an operand is an error.
 *
 * Returns 0: go on. 1: help was printed. -EINVAL: the reason was logged. For the last two the verb returns
 * command_exit(r).
 */
int command_parse(int argc, char **argv, const struct command_usage *usage, const struct option_group *own,
		  struct command_common *common, int *ret_operands);

/*
 * The place of the first word from `from` on that is neither an option nor the value of one; argc: there is
 * none. own: as for command_parse. An option that is not known counts as one without a value.
 */
int command_find_operand(int argc, char **argv, int from, const struct option_group *own);

/* The exit code for what command_parse returned when it was not 0. */
int command_exit(int r);

command_run cmd_record;
command_run cmd_events;
command_run cmd_oom;
command_run cmd_why;
command_run cmd_show;
command_run cmd_ps;
command_run cmd_stats;
command_run cmd_sql;
command_run cmd_status;
command_run cmd_meta;
command_run cmd_vacuum;
command_run cmd_completion;
command_run cmd_help;
command_run cmd_version;

#endif
