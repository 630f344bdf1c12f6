/* SPDX-License-Identifier: BSD-2-Clause */
/* What the verbs that list rows have in common: filter and output flags, the open history, the printer. */
#ifndef CRI_CONSUMER_CLI_LISTING_H
#define CRI_CONSUMER_CLI_LISTING_H

#include <stdbool.h>

#include "consumer/cli/command.h"
#include "consumer/cli/output.h"
#include "consumer/print/print.h"
#include "consumer/query/filter.h"
#include "consumer/store/db.h"

struct listing {
	struct command_common common;
	struct filter_options filter_options;
	struct print_options print_options;
	struct filter_now now;
	struct filter filter;
	struct db *db;
	struct output output;
	struct print *print;
	int operands;  /* in argv[1..] */
	int exit_code; /* when a function returned false */
};

/*
 * The steps, in order; each returns false when the verb is over: return listing_end. *listing is
 * zero-initialised by the first. own: further option groups, or NULL. follow: whether the verb can.
 */
bool listing_parse(struct listing *listing, int argc, char **argv, const struct command_usage *usage,
		   const struct option_group *own, bool operands, bool follow);
/*
 * stream: see struct print_target; a pager is only started without it. Confines the process: nothing is started
 * and only the history is opened from here on.
 */
bool listing_open_print(struct listing *listing, const struct column_table *table, bool stream);
/* For a verb that prints by itself: the same without a printer, once its output is open. */
bool listing_confine(struct listing *listing);
/* Says so, too, when the recorder is not there to write more. Nothing can be opened after it. */
bool listing_open_history(struct listing *listing);
/* The same word for what opens the history itself, later; silent when there is none yet. */
void listing_warn_stale(struct listing *listing);

/*
 * r: 0, or the negative errno that ended the work. Writes what is left, closes everything and gives the exit
 * code: a failure, a gap under --strict, nothing printed, or found.
 */
int listing_finish(struct listing *listing, int r);
/* After false: closes everything, returns the exit code. */
int listing_end(struct listing *listing);

#endif
