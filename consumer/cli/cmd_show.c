/* SPDX-License-Identifier: BSD-2-Clause */
#include <stddef.h>
#include <stdio.h>

#include "common/exit_code.h"
#include "common/log.h"
#include "common/text.h"
#include "consumer/cli/listing.h"
#include "consumer/print/card.h"
#include "consumer/print/event_look.h"
#include "consumer/print/event_table.h"
#include "consumer/query/kind_oom_kill.h"
#include "consumer/query/query.h"
#include "consumer/text/event_type.h"

struct show {
	struct listing *listing;
	int64_t incident; /* its id, if the event just shown is its first kill; else 0 */
	uint64_t shown;
};

static int show_row(void *context, const struct value *row)
{
	struct show *show = context;
	struct listing *listing = show->listing;
	const struct value *incident = &event_values(row, &event_kind_oom_kill)[OOM_INCIDENT];
	struct column_style style = { listing->print_options->utc, true, listing->now.boot_id };
	char detail[COLUMN_TEXT_MAX];

	if (incident->kind == VALUE_INT && incident->number == row[FIELD_ID].number)
		show->incident = row[FIELD_ID].number;
	if (!print_is_text(listing->print_options) || listing->print_options->fields[0])
		return print_row(listing->print, row, NULL);

	if (show->shown++)
		(void)fputc('\n', listing->output.out);
	event_detail(&style, row, detail, sizeof(detail));
	(void)fprintf(listing->output.out, "%22s: %s\n", "detail", detail);
	card_print(listing->output.out, event_table(), &style, row);
	return 0;
}

/* Shows the other kills of the incident: the first was shown already. */
static int show_member(void *context, const struct value *row)
{
	struct show *show = context;

	return row[FIELD_ID].number == show->incident ? 0 : show_row(context, row);
}

static int show_id(struct show *show, int64_t id)
{
	int r;

	show->incident = 0;
	r = query_event(show->listing->db, id, show_row, show);
	if (r == 0 && show->incident)
		r = query_incident(show->listing->db, show->incident, show_member, show);
	return r;
}

static bool parse_ids(char **words, int count, int64_t *ids)
{
	for (int i = 0; i < count; i++) {
		uint64_t id;

		if (text_parse_u64(words[i], &id) < 0 || id == 0 || id > INT64_MAX) {
			log_error("\"%s\" is not the id of an event: ids are decimal numbers; for a container there is "
				  "cri-ebpf why",
				  words[i]);
			return false;
		}
		ids[i] = (int64_t)id;
	}
	return true;
}

#define IDS_MAX 256

static int run(const struct command_call *call)
{
	struct listing listing;
	struct show show = { .listing = &listing };
	int64_t ids[IDS_MAX];
	int exit_code, r = 0;

	if (!parse_ids(call->operands, call->operand_count, ids))
		return EXIT_USAGE;
	if (!listing_begin(&listing, call, call->settings) || !listing_open_print(&listing, event_table(), true) ||
	    !listing_open_history(&listing))
		return listing_end(&listing);

	for (int i = 0; i < call->operand_count && r == 0; i++)
		r = show_id(&show, ids[i]);
	exit_code = show.shown ? EXIT_FOUND : EXIT_NOT_FOUND;
	if (r == 0 && !show.shown && !print_count(listing.print))
		log_info("no event has this id; retention may have removed it");
	r = listing_finish(&listing, r);
	return r == EXIT_NOT_FOUND ? exit_code : r;
}

static const struct command_group groups[] = { LISTING_GROUPS(0, FILTER_STRICT), { 0 } };

const struct command cmd_show = {
	.name = "show",
	.help = "one event or incident in full",
	.example = "cri-ebpf show 4711",
	.synopsis = "cri-ebpf show ID... [OPTION...]",
	.description = "Everything known about an event. The id of an incident (the ID column of cri-ebpf oom) shows\n"
		       "every kill of it. Ids are in the JSON output and in cri-ebpf events -F id,TIME,DETAIL.",
	.operands = "the ids of 1 to 256 events",
	.operands_min = 1,
	.operands_max = IDS_MAX,
	.groups = groups,
	.settings_size = sizeof(struct listing_options),
	.run = run,
};
