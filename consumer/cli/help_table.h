/* SPDX-License-Identifier: BSD-2-Clause */
/* All verbs and options, one a line, for programs: completion scripts and manual pages are made of it. */
#ifndef CRI_CONSUMER_CLI_HELP_TABLE_H
#define CRI_CONSUMER_CLI_HELP_TABLE_H

#include <stdio.h>

struct command;

enum help_table_part {
	HELP_TABLE_WORDS, /* what completion needs */
	HELP_TABLE_ALL,   /* and what manual pages need */
};

/*
 * Prints lines of fields between tabs; an empty field is "-":
 *
 * program  name, default verb
 * verb     name, words that complete its first operand (between commas), help
 * option   verbs (between commas; "*": all), then as option_print_row
 * usage    verb, synopsis, example, description                       (not for HELP_TABLE_WORDS)
 * key      name of a configuration key, then as option_print_row      (not for HELP_TABLE_WORDS)
 *
 * Returns 0; or, with nothing printed, -ENOMEM or -E2BIG (more verbs than fit).
 */
int help_table_print(const struct command *const *commands, enum help_table_part part, FILE *out);

#endif
