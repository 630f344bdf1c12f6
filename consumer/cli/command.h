/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A verb as one row of data: help, completion and manual pages are made from the row, and argv is parsed by it before
 * the verb runs.
 */
#ifndef CRI_CONSUMER_CLI_COMMAND_H
#define CRI_CONSUMER_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "common/option.h"

#ifndef CRI_VERSION
#define CRI_VERSION "unknown" /* the Makefile defines it */
#endif

enum command_color { COMMAND_COLOR_AUTO, COMMAND_COLOR_ALWAYS, COMMAND_COLOR_NEVER };

/* The settings of every verb. */
struct command_common {
	struct config config;
	bool quiet, verbose, no_pager;
	uint64_t color; /* enum command_color */
};

struct command;

/* What a verb is run with. All of it is valid until the verb returns. */
struct command_call {
	const struct command *const *commands; /* all verbs, ended by NULL */
	const struct command *command;	       /* this one */
	struct command_common common;	       /* defaults, then the configuration, then the options */
	void *settings;			       /* the verb's own: settings_size bytes that its option groups fill */
	char **operands;
	int operand_count; /* within the verb's bounds */
};

/* Returns an exit code (common/exit_code.h). */
typedef int command_run(const struct command_call *call);

/* Option rows and the struct within the verb's settings that they fill. */
struct command_group {
	const char *title;		   /* heading in the help */
	const struct option_row *rows;	   /* NULL ends a table of groups */
	size_t offset;			   /* of the struct in the settings */
	unsigned int parts;		   /* the rows taken: those with one of these bits in option_row.part; 0: all */
	void (*set_defaults)(void *target); /* NULL: all bytes zero */
};

struct command {
	const char *name;
	const char *help;		 /* one line */
	const char *example;		 /* "cri-ebpf record --once": the help begins with it */
	const char *synopsis;		 /* "cri-ebpf record [--once] [OPTION...]" */
	const char *description;	 /* a few lines, no newline at the end */
	const char *operands;		 /* which ones it takes, after "expected "; NULL: none */
	int operands_min, operands_max;	 /* how many */
	const char *const *words;	 /* NULL-terminated: completes the first operand; NULL: not known */
	bool completes_verbs;		 /* the first operand is a verb */
	bool config_keys;		 /* the help lists the configuration keys; every verb that is not plain accepts them */
	bool plain;			 /* takes neither files nor keys and runs even where the configuration is wrong */
	const struct command_group *groups; /* NULL: only the common options */
	size_t settings_size;
	command_run *run;
};

/* NULL: there is no such verb. */
const struct command *command_find(const struct command *const *commands, const char *name);
/* Reports that there is no such verb; returns the exit code. */
int command_unknown(const char *word);

/*
 * Runs the verb that argv[1] names and returns its exit code. Without one, the options are those of default_verb;
 * "--help" and "--version" in its place mean the verbs help and version, and the words behind them nothing. argv may be
 * reordered.
 */
int command_dispatch(const struct command *const *commands, const char *default_verb, int argc, char **argv);
/* The same for a verb already found: argv[1..] are its words. */
int command_start(const struct command *const *commands, const struct command *command, int argc, char **argv);

/* The help of a verb on standard output, from its row alone. Returns an exit code. */
int command_print_help(const struct command *command);

/* A verb's options with their defaults, for what prints them: rows the verb does not take are left out. */
#define COMMAND_GROUPS_MAX 8
struct command_options {
	struct command_common common;
	void *settings;
	struct option_row *taken; /* copies, of groups that are taken in part */
	struct option_group groups[COMMAND_GROUPS_MAX]; /* ends with rows NULL */
};

/* 0 or -ENOMEM. Free with command_options_done in either case. */
int command_options_of(const struct command *command, struct command_options *ret);
void command_options_done(struct command_options *options);

/* The verbs, one in each cmd_<verb>.c. */
extern const struct command cmd_record, cmd_events, cmd_oom, cmd_why, cmd_show, cmd_ps, cmd_stats, cmd_sql, cmd_status,
	cmd_meta, cmd_vacuum, cmd_completion, cmd_help, cmd_version;

#endif
