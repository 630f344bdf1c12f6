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

static bool fail(struct listing *listing, int exit_code)
{
	listing->exit_code = exit_code;
	return false;
}

void listing_set_filter_defaults(void *filter_options)
{
	filter_options_init(filter_options);
}

bool listing_begin(struct listing *listing, const struct command_call *call, const struct listing_options *options)
{
	char message[1024] = "";

	*listing = (struct listing){ .call = call,
				     .path = call->common.config.db,
				     .filter_options = &options->filter,
				     .print_options = &options->print };
	if (options->filter.follow && options->filter.reverse) {
		log_error("--follow and --reverse exclude each other: new events come last");
		return fail(listing, EXIT_USAGE);
	}
	filter_now(&listing->now);
	if (filter_parse(&options->filter, &listing->now, &listing->filter, message, sizeof(message)) < 0) {
		log_error("%s", message);
		return fail(listing, EXIT_USAGE);
	}
	listing->filter.describe = event_describe;
	return true;
}

static void warn_stale(const struct listing *listing, struct db *db)
{
	const struct command_common *common = &listing->call->common;

	if (!common->quiet)
		history_warn_stale(db, common->config.metrics_interval_ns, listing->now.now_unix_nano,
				   listing->print_options->utc);
}

bool listing_open_history(struct listing *listing)
{
	int exit_code = history_open(listing->path, &listing->db);

	if (exit_code)
		return fail(listing, exit_code);
	warn_stale(listing, listing->db);
	confine_to_open_files();
	return true;
}

void listing_warn_stale(struct listing *listing)
{
	CLEANUP(history_close) struct db *db = NULL;

	if (db_open_read(listing->path, &db) == 0)
		warn_stale(listing, db);
}

bool listing_open_print(struct listing *listing, const struct column_table *table, bool stream)
{
	struct print_target target;
	struct column_list probe;
	char message[4096] = "";

	/* A wrong field is reported before a pager takes the terminal. */
	if (listing->print_options->fields[0] &&
	    column_list_parse(table, listing->print_options->fields, print_is_text(listing->print_options), &probe,
			      message, sizeof(message)) < 0) {
		log_error("--fields: %s", message);
		return fail(listing, EXIT_USAGE);
	}
	output_open(&listing->call->common, !stream && print_is_text(listing->print_options), &listing->output);
	target = (struct print_target){ listing->output.out, listing->output.color, stream, listing->output.width,
					listing->now.boot_id };
	if (print_open(listing->print_options, table, &target, &listing->print, message, sizeof(message)) == 0)
		return listing_confine(listing);
	log_error("--fields: %s", message);
	return fail(listing, EXIT_USAGE);
}

bool listing_confine(struct listing *listing)
{
	int exit_code = confine_to_reading(listing->path);

	return exit_code ? fail(listing, exit_code) : true;
}

static int exit_code_of(struct listing *listing, int r)
{
	bool gap = false;

	if (r < 0)
		return history_failed(listing->path, listing->db, r);
	r = history_check(listing->path, listing->db);
	if (r)
		return r;
	if (listing->filter_options->strict) {
		r = query_has_gap(listing->db, &listing->filter, &gap);
		if (r < 0)
			return history_failed(listing->path, listing->db, r);
		if (gap) {
			log_warning("the range contains a gap: something was lost there (cri-ebpf events -t gap)");
			return EXIT_GAP;
		}
	}
	return print_count(listing->print) ? EXIT_FOUND : EXIT_NOT_FOUND;
}

int listing_print_event(void *context, const struct value *row)
{
	struct listing *listing = context;

	return print_row(listing->print, row, event_color(row));
}

int listing_finish(struct listing *listing, int r)
{
	int written;

	if (r == -ECANCELED) {
		listing->exit_code = EXIT_STORE;
		return listing_end(listing);
	}
	written = r < 0 ? print_flush(listing->print) : print_finish(listing->print);

	written = output_close(&listing->output, written);
	if (written == -EPIPE || r == -EPIPE) {
		listing->exit_code = EXIT_FOUND; /* the reader had enough */
	} else if (written < 0) {
		listing->exit_code = output_failed(written);
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
