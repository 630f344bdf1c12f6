/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "consumer/cli/follow.h"
#include "consumer/print/event_table.h"
#include "consumer/query/kind_oom_kill.h"
#include "consumer/query/query.h"
#include "consumer/text/event_type.h"

/* Number of incidents remembered: kills of one incident are close together, with kills of others between them. */
#define RECENT 256

struct incidents {
	struct listing *listing;
	int64_t recent[RECENT];
	size_t recent_count;
	int64_t *page; /* incidents found on this page, printed at its end */
	size_t page_count, page_room;
	uint64_t left;
};

static bool is_new(struct incidents *incidents, int64_t incident)
{
	size_t known = incidents->recent_count < RECENT ? incidents->recent_count : RECENT;

	for (size_t i = 0; i < known; i++)
		if (incidents->recent[i] == incident)
			return false;
	incidents->recent[incidents->recent_count++ % RECENT] = incident;
	return true;
}

static int note_incident(void *context, const struct value *row)
{
	struct incidents *incidents = context;
	const struct value *incident = &event_values(row, &event_kind_oom_kill)[OOM_INCIDENT];

	if (incident->kind != VALUE_INT || !is_new(incidents, incident->number))
		return 0;
	if (incidents->page_count == incidents->page_room) {
		size_t room = incidents->page_room ? 2 * incidents->page_room : 64;
		int64_t *page = realloc(incidents->page, room * sizeof(*page));

		if (!page)
			return -ENOMEM;
		incidents->page = page;
		incidents->page_room = room;
	}
	incidents->page[incidents->page_count++] = incident->number;
	return --incidents->left == 0;
}

static int print_first(void *context, const struct value *row)
{
	struct incidents *incidents = context;
	int r = listing_print_event(incidents->listing, row);

	return r < 0 ? r : 1;
}

/* Prints the incidents of a page, which holds the newest first. */
static int print_page(struct incidents *incidents, bool reverse)
{
	size_t count = incidents->page_count;
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++)
		r = query_incident(incidents->listing->db, incidents->page[reverse ? count - 1 - i : i], print_first,
				   incidents);
	incidents->page_count = 0;
	return r < 0 ? r : print_flush(incidents->listing->print);
}

static int list_incidents(struct listing *listing)
{
	CLEANUP(query_cleanup) struct query *query = NULL;
	bool reverse = listing->filter_options->reverse;
	struct incidents incidents = { .listing = listing, .left = listing->filter_options->lines };
	int r;

	if (incidents.left == 0)
		return 0;
	r = query_open(listing->db, &listing->filter, 0, INT64_MAX, true, &query);
	if (r < 0)
		return r;
	do {
		r = query_page(query, note_incident, &incidents);
		if (r >= 0 && !reverse && print_page(&incidents, false) < 0)
			break; /* listing_finish gets the same error and reports it */
	} while (r > 0);
	if (r == 0)
		r = print_page(&incidents, reverse);
	free(incidents.page);
	return r;
}

static int list_kills(struct listing *listing)
{
	CLEANUP(query_cleanup) struct query *query = NULL;
	const struct filter_options *options = listing->filter_options;
	int r = query_open(listing->db, &listing->filter, 0, INT64_MAX,
			   !options->reverse || options->lines != FILTER_ALL, &query);

	if (r == 0 && options->lines != FILTER_ALL)
		r = query_last(query, options->lines, !options->reverse);
	if (r < 0)
		return r;
	do {
		r = query_page(query, listing_print_event, listing);
		if (r >= 0 && print_flush(listing->print) < 0)
			return 0; /* listing_finish gets the same error and reports it */
	} while (r > 0);
	return r;
}

/* With --follow an incident is shown at its first kill, before the number of its kills is known. */
static int follow_row(void *context, const struct value *row)
{
	struct listing *listing = context;

	if (print_is_text(listing->print_options) &&
	    event_values(row, &event_kind_oom_kill)[OOM_INCIDENT].number != row[FIELD_ID].number)
		return 0;
	return listing_print_event(listing, row);
}

static int run(const struct command_call *call)
{
	struct listing listing;
	bool follow;
	int r;

	if (!listing_begin(&listing, call, call->settings))
		return listing_end(&listing);
	listing.filter.types = 1U << TYPE_OOM_KILL;
	follow = listing.filter_options->follow;
	if (!listing_open_print(&listing, incident_table(), follow) || (!follow && !listing_open_history(&listing)))
		return listing_end(&listing);
	if (follow)
		listing_warn_stale(&listing);
	if (follow)
		r = follow_events(&listing, follow_row, &listing);
	else if (print_is_text(listing.print_options))
		r = list_incidents(&listing);
	else
		r = list_kills(&listing);
	if (r == 0 && print_count(listing.print))
		output_hint(&call->common, &listing.output, "Hint: cri-ebpf show ID prints all details of one kill.");
	return listing_finish(&listing, r);
}

static const struct command_group groups[] = { LISTING_GROUPS(0, 0), { 0 } };

const struct command cmd_oom = {
	.name = "oom",
	.help = "out-of-memory kills, newest first",
	.example = "cri-ebpf oom -S yesterday",
	.synopsis = "cri-ebpf oom [OPTION...]",
	.description = "Out-of-memory kills, newest first. Text output has one line per incident, however many processes were\n"
		"killed; the other formats list every kill. An incident is shown if one victim matches the filter.",
	.groups = groups,
	.settings_size = sizeof(struct listing_options),
	.run = run,
};
