/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/cleanup.h"
#include "consumer/cli/follow.h"
#include "consumer/print/event_table.h"
#include "consumer/query/query.h"

static int list_events(struct listing *listing)
{
	CLEANUP(query_cleanup) struct query *query = NULL;
	const struct filter_options *options = listing->filter_options;
	bool counted = options->lines != FILTER_ALL;
	int r = query_open(listing->db, &listing->filter, 0, INT64_MAX, options->reverse || counted, &query);

	if (r == 0 && counted)
		r = query_last(query, options->lines, options->reverse);
	if (r < 0)
		return r;
	do {
		int written;

		r = query_page(query, listing_print_event, listing);
		written = print_flush(listing->print);
		if (written < 0)
			return 0; /* listing_finish gets the same error and reports it */
	} while (r > 0);
	return r;
}

static int run(const struct command_call *call)
{
	struct listing listing;
	bool follow;
	int r;

	if (!listing_begin(&listing, call, call->settings))
		return listing_end(&listing);
	follow = listing.filter_options->follow;
	if (!listing_open_print(&listing, event_table(), follow) || (!follow && !listing_open_history(&listing)))
		return listing_end(&listing);
	if (follow)
		listing_warn_stale(&listing);
	r = follow ? follow_events(&listing, listing_print_event, &listing) : list_events(&listing);
	if (r == 0 && print_count(listing.print))
		output_hint(&call->common, &listing.output, "Hint: cri-ebpf why CONTAINER explains what happened to one container.");
	return listing_finish(&listing, r);
}

static const struct command_group groups[] = { LISTING_GROUPS(0, 0), { 0 } };

const struct command cmd_events = {
	.name = "events",
	.help = "list or follow events; the default",
	.example = "cri-ebpf events -c 7441fd3e124c -S -1h",
	.synopsis = "cri-ebpf [events] [OPTION...]",
	.description = "Lists what was recorded, oldest first. Different filters must all hold; several values of one\n"
		       "are alternatives. Exits 0 when something was found, 1 when nothing matched.",
	.groups = groups,
	.settings_size = sizeof(struct listing_options),
	.run = run,
};
