/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps that verbs which list rows have in common: filter and output options, the open history, the printer. */
#ifndef CRI_CONSUMER_CLI_LISTING_H
#define CRI_CONSUMER_CLI_LISTING_H

#include <stdbool.h>

#include "consumer/cli/command.h"
#include "consumer/cli/output.h"
#include "consumer/print/print.h"
#include "consumer/query/filter.h"
#include "consumer/store/db.h"

/* A verb's settings, or a member of them. */
struct listing_options {
	struct filter_options filter;
	struct print_options print;
};

void listing_set_filter_defaults(void *filter_options);

/* The rows of struct command_group for it. at: its offset in the settings. parts: of enum filter_part, 0: all. */
#define LISTING_GROUPS(at, parts)                                                                              \
	{ "What to show", filter_rows, (at) + offsetof(struct listing_options, filter), (parts),               \
	  listing_set_filter_defaults },                                                                       \
	{ "How to show it", print_rows, (at) + offsetof(struct listing_options, print), 0, NULL }

struct listing {
	const struct command_call *call;
	const char *path; /* of the database */
	const struct filter_options *filter_options;
	const struct print_options *print_options;
	struct filter_now now;
	struct filter filter;
	struct db *db;
	struct output output;
	struct print *print;
	int exit_code; /* when a function returned false */
};

/*
 * The steps, in order; each returns false when the verb is over: return listing_end. The first initialises *listing.
 * options: in call->settings.
 */
bool listing_begin(struct listing *listing, const struct command_call *call, const struct listing_options *options);
/*
 * stream: see struct print_target; a pager is only started without it. Confines the process: from then on it starts
 * no other and opens only the history.
 */
bool listing_open_print(struct listing *listing, const struct column_table *table, bool stream);
/* Instead, for a verb that prints without a printer and has opened its output: confines the process. */
bool listing_confine(struct listing *listing);
/* Also warns when the recorder does not run. Nothing more can be opened after it. */
bool listing_open_history(struct listing *listing);
/* The same warning for a verb that opens the history itself, later; none when there is no database yet. */
void listing_warn_stale(struct listing *listing);

/* A query_row that prints an event in the colour of its type. context: the struct listing. */
int listing_print_event(void *context, const struct value *row);

/*
 * r: 0, or the negative errno that ended the work; -ECANCELED: the reason was logged already. Writes what is left,
 * closes everything and returns the exit code: a failure, a gap under --strict, nothing printed, or found.
 */
int listing_finish(struct listing *listing, int r);
/* After false: closes everything, returns the exit code. */
int listing_end(struct listing *listing);

#endif
