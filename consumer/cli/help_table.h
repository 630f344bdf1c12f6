/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All verbs and options, one a line, for programs: completion scripts and manual pages are made of it. Each verb is
 * asked for its help, so this is what the help says.
 */
#ifndef CRI_CONSUMER_CLI_HELP_TABLE_H
#define CRI_CONSUMER_CLI_HELP_TABLE_H

#include <stdio.h>

struct command_context;

enum help_table_part {
	HELP_TABLE_WORDS, /* what completion needs */
	HELP_TABLE_ALL,
};

/*
 * Lines of fields between tabs, "-" being none:
 *
 * program  name, the verb that is meant where none is given
 * verb     name, what its first word may be (between commas), help
 * option   verbs (between commas; "*": all), then as option_print_row
 * usage    verb, synopsis, example, description                       (not for HELP_TABLE_WORDS)
 * key      name of a configuration key, then as option_print_row      (not for HELP_TABLE_WORDS)
 *
 * 0, or -ENOMEM or -E2BIG with nothing printed.
 */
int help_table_print(const struct command_context *context, enum help_table_part part, FILE *out);

#endif
