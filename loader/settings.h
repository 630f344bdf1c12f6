/* SPDX-License-Identifier: BSD-2-Clause */
/* What the loader is told: the configuration and its flags. */
#ifndef CRI_LOADER_SETTINGS_H
#define CRI_LOADER_SETTINGS_H

#include <stdbool.h>

#include "common/config.h"
#include "common/option.h"

struct settings {
	struct config config;
	bool quiet, verbose;
	bool replace;             /* load: swap the programs, keep the maps */
	bool json;                /* status, check */
	bool allow_unfixed_ring;  /* load */
	struct option_list rungs; /* "PROBE=RUNG"; NULL-terminated */
};

struct verb {
	const char *name; /* NULL ends a table */
	int (*run)(const struct settings *settings);
	const char *help; /* one line */
	bool plain;	  /* needs no configuration: one that is wrong must not keep it from its work */
};

/* What there is to do. */
extern const struct verb verbs[];

/* argv[0] is the verb's name. 0: go on; else *ret_exit is the exit code and everything was said. */
int settings_parse(const struct verb *verb, int argc, char **argv, struct settings *settings, int *ret_exit);

/* Verbs and options, one a line, for what makes completion and manual pages: "verb", "option" and "usage" lines as
 * consumer/cli/help_table.h has them. */
void settings_print_table(void);

#endif
