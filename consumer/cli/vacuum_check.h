/* SPDX-License-Identifier: BSD-2-Clause */
/* vacuum --check: reads the whole database and tells what is damaged. */
#ifndef CRI_CONSUMER_CLI_VACUUM_CHECK_H
#define CRI_CONSUMER_CLI_VACUUM_CHECK_H

struct db;
struct output;
struct print_options;

/* path: of the database, for messages. Prints one row for each problem, or one that says it is sound. An exit code. */
int vacuum_check(struct db *db, const char *path, const struct print_options *options, struct output *output);

#endif
