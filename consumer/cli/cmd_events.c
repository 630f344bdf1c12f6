/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/cleanup.h"
#include "consumer/cli/event_list.h"
#include "consumer/cli/follow.h"
#include "consumer/print/event_table.h"
#include "consumer/query/query.h"

static const struct command_usage usage = {
	.example = "cri-ebpf events -c nginx -S -1h",
	.synopsis = "cri-ebpf [events] [OPTION...]",
	.description = "Lists what was recorded, oldest first. Different filters must all hold; several values of one\n"
		       "are alternatives. Exits 0 when something was found, 1 when nothing matched.",
};

static int list_events(struct listing *listing)
{
	CLEANUP(query_cleanup) struct query *query = NULL;
	const struct filter_options *options = &listing->filter_options;
	bool counted = options->lines != FILTER_ALL;
	int r = query_open(listing->db, &listing->filter, 0, INT64_MAX, options->reverse || counted, &query);

	if (r == 0 && counted)
		r = query_last(query, options->lines, options->reverse);
	if (r < 0)
		return r;
	do {
		int written;

		r = query_page(query, event_list_row, listing);
		written = print_flush(listing->print);
		if (written < 0)
			return 0; /* listing_finish meets the same failure and reports it */
	} while (r > 0);
	return r;
}

int cmd_events(const struct command_context *context, int argc, char **argv)
{
	struct listing listing;
	bool follow;
	int r;

	(void)context;
	if (!listing_parse(&listing, argc, argv, &usage, NULL, false, true))
		return listing_end(&listing);
	follow = listing.filter_options.follow;
	if (!listing_open_print(&listing, event_table(), follow) || (!follow && !listing_open_history(&listing)))
		return listing_end(&listing);
	if (follow)
		listing_warn_stale(&listing);
	r = follow ? follow_events(&listing, event_list_row, &listing) : list_events(&listing);
	if (r == 0 && print_count(listing.print))
		output_hint(&listing.common, &listing.output,
			    "Hint: cri-ebpf why CONTAINER tells one container's story.");
	return event_list_finish(&listing, r);
}
