/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration and the flags of one run. */
#ifndef CRI_LOADER_SETTINGS_H
#define CRI_LOADER_SETTINGS_H

#include <stdbool.h>

#include "common/config.h"
#include "common/option.h"

struct settings {
	struct config config;
	bool quiet, verbose;
	bool replace;             /* load: replace the programs, keep the maps */
	bool json;                /* status, check */
	bool allow_unfixed_ring;  /* load */
	struct option_list rungs; /* "PROBE=RUNG"; NULL-terminated */
	uint64_t skip_exits;      /* for tests; 0: none (object.h) */
	int dir_error; /* 0: the pin directory is the current directory (PIN_HERE); a negative errno: why it is not */
};

struct verb {
	const char *name; /* NULL ends a table */
	int (*run)(const struct settings *settings);
	const char *help; /* one line */
	bool plain;	  /* does not read the configuration file, so that it works although the file is wrong */
	bool makes_dir;   /* needs the pin directory, and as root makes it */
	bool removes_dir; /* as root removes the pin directory when it is empty */
};

/* The verbs of the loader. */
extern const struct verb verbs[];

/* The only thing that must be known before privileges are dropped: the pin directory that argv names, or the default
 * one. Converts no value and reads no file. NULL: help is asked for, or settings_parse() will fail. argv[0] is the verb's
 * name. */
const char *settings_find_pin_dir(int argc, char **argv);

/* Reads the configuration file and argv. 0, or non-zero when the program must exit with *ret_exit: help was printed, or
 * an error was logged. *ret_note, a static string: what to log about a value that was changed, or "". */
int settings_parse(const struct verb *verb, int argc, char **argv, struct settings *settings, const char **ret_note,
		   int *ret_exit);

/* Prints verbs and options, one a line, as input for completion scripts and manual pages: lines "verb", "option" and
 * "usage" as in consumer/cli/help_table.h. */
void settings_print_table(void);

#endif
