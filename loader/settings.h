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
};

struct verb {
	const char *name; /* NULL ends a table */
	int (*run)(const struct settings *settings);
	const char *help; /* one line */
	bool plain;	  /* does not read the configuration file, so that it works although the file is wrong */
};

/* The verbs of the loader. */
extern const struct verb verbs[];

/* Reads the configuration file and argv; argv[0] is the verb's name. 0, or non-zero when the program must exit with
 * *ret_exit: help was printed, or an error was logged. */
int settings_parse(const struct verb *verb, int argc, char **argv, struct settings *settings, int *ret_exit);

/* Prints verbs and options, one a line, as input for completion scripts and manual pages: lines "verb", "option" and
 * "usage" as in consumer/cli/help_table.h. */
void settings_print_table(void);

#endif
