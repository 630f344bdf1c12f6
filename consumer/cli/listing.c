/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/cli/listing.h"

#include <errno.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "consumer/cli/history.h"
#include "consumer/print/event_look.h"
#include "consumer/query/query.h"
#include "consumer/sandbox/confine.h"
#include "consumer/text/error.h"

#define OWN_MAX 4

static bool fail(struct listing *listing, int exit_code)
{
	listing->exit_code = exit_code;
	return false;
}

static bool check_options(struct listing *listing, const char *verb, bool follow)
{
	const char *refused = filter_refused(verb, &listing->filter_options);

	if (!refused && listing->filter_options.follow && !follow)
		refused = "follow";
	if (refused)
		log_error("%s does not take --%s; cri-ebpf %s --help lists what it takes", verb, refused, verb);
	else if (listing->filter_options.follow && listing->filter_options.reverse)
		log_error("--follow and --reverse exclude each other: what follows comes last");
	else
		return true;
	return fail(listing, EXIT_USAGE);
}

bool listing_parse(struct listing *listing, int argc, char **argv, const struct command_usage *usage,
		   const struct option_group *own, bool operands, bool follow)
{
	struct option_group groups[OWN_MAX + 3] = { 0 };
	struct option_row taken[FILTER_ROWS_MAX];
	bool help = option_asks_for_help(argc, argv);
	size_t count = 0;
	char message[1024] = "";
	int r;

	*listing = (struct listing){ .exit_code = EXIT_USAGE };
	filter_options_init(&listing->filter_options);
	for (; own && own->rows && count < OWN_MAX; own++)
		groups[count++] = *own;
	/* Help lists what the verb takes; parsing knows the rest too, to say that it is another verb's. */
	filter_rows_of(argv[0], taken);
	groups[count++] = (struct option_group){ "What to show", help ? taken : filter_rows, &listing->filter_options };
	groups[count] = (struct option_group){ "How to show it", print_rows, &listing->print_options };

	filter_prepare_argv(argc, argv);
	r = command_parse(argc, argv, usage, groups, &listing->common, operands ? &listing->operands : NULL);
	if (r != 0)
		return fail(listing, command_exit(r));
	/* First what another verb takes: its value needs no judgement here. */
	if (!check_options(listing, argv[0], follow))
		return false;
	filter_now(&listing->now);
	if (filter_parse(&listing->filter_options, &listing->now, &listing->filter, message, sizeof(message)) < 0) {
		log_error("%s", message);
		return fail(listing, EXIT_USAGE);
	}
	listing->filter.describe = event_describe;
	return true;
}

bool listing_open_history(struct listing *listing)
{
	int exit_code = history_open(&listing->common, &listing->db);

	if (exit_code)
		return fail(listing, exit_code);
	history_warn_stale(&listing->common, listing->db, listing->now.now_unix_nano, listing->print_options.utc);
	confine_to_open_files();
	return true;
}

void listing_warn_stale(struct listing *listing)
{
	CLEANUP(history_close) struct db *db = NULL;

	if (db_open_read(listing->common.config.db, &db) == 0)
		history_warn_stale(&listing->common, db, listing->now.now_unix_nano, listing->print_options.utc);
}

bool listing_open_print(struct listing *listing, const struct column_table *table, bool stream)
{
	struct print_target target;
	struct column_list probe;
	char message[4096] = "";

	/* A wrong field must be said before a pager takes the terminal. */
	if (listing->print_options.fields[0] &&
	    column_list_parse(table, listing->print_options.fields, print_is_text(&listing->print_options), &probe,
			      message, sizeof(message)) < 0) {
		log_error("--fields: %s", message);
		return fail(listing, EXIT_USAGE);
	}
	output_open(&listing->common, !stream && print_is_text(&listing->print_options), &listing->output);
	target = (struct print_target){ listing->output.out, listing->output.color, stream, listing->output.width,
					listing->now.boot_id };
	if (print_open(&listing->print_options, table, &target, &listing->print, message, sizeof(message)) == 0)
		return listing_confine(listing);
	log_error("--fields: %s", message);
	return fail(listing, EXIT_USAGE);
}

bool listing_confine(struct listing *listing)
{
	int exit_code = confine_to_reading(listing->common.config.db);

	return exit_code ? fail(listing, exit_code) : true;
}

static int exit_code_of(struct listing *listing, int r)
{
	bool gap = false;

	if (r < 0)
		return history_failed(&listing->common, listing->db, r);
	r = history_check(&listing->common, listing->db);
	if (r)
		return r;
	if (listing->filter_options.strict) {
		r = query_has_gap(listing->db, &listing->filter, &gap);
		if (r < 0)
			return history_failed(&listing->common, listing->db, r);
		if (gap) {
			log_warning("the range contains a gap: something was lost there (cri-ebpf events -t gap)");
			return EXIT_GAP;
		}
	}
	return print_count(listing->print) ? EXIT_FOUND : EXIT_NOT_FOUND;
}

int listing_finish(struct listing *listing, int r)
{
	int written = r < 0 ? print_flush(listing->print) : print_finish(listing->print);

	written = output_close(&listing->output, written);
	if (written == -EPIPE || r == -EPIPE) {
		listing->exit_code = EXIT_FOUND; /* the reader had enough */
	} else if (written < 0) {
		log_error("cannot write to standard output: %s; the answer is incomplete", error_text(written));
		listing->exit_code = EXIT_USAGE;
	} else {
		listing->exit_code = exit_code_of(listing, r);
	}
	return listing_end(listing);
}

int listing_end(struct listing *listing)
{
	(void)output_close(&listing->output, 0);
	print_close(listing->print);
	db_close(listing->db);
	filter_done(&listing->filter);
	return listing->exit_code;
}
