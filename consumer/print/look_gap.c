/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "consumer/print/event_look.h"
#include "consumer/query/kind_gap.h"
#include "consumer/text/gap_reason.h"
#include "consumer/text/time_words.h"

static void format_time(const struct column_style *style, const struct value *time, char *out, size_t size)
{
	(void)snprintf(out, size, "an unknown time");
	if (time->kind == VALUE_INT)
		time_format_local(out, size, time->number, style->utc);
}

static void detail(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	const struct value *gap = event_values(row, &event_kind_gap);
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX], lost[32] = GAP_UNKNOWN_NUMBER, type[32], reason[128];

	column_escape(&gap[GAP_LOST_TYPE], type, sizeof(type));
	column_escape(&gap[GAP_REASON], reason, sizeof(reason));
	if (gap[GAP_LOST].kind == VALUE_INT)
		(void)snprintf(lost, sizeof(lost), "%" PRId64, gap[GAP_LOST].number);
	format_time(style, &gap[GAP_FROM], from, sizeof(from));
	format_time(style, &gap[GAP_TO], to, sizeof(to));
	(void)snprintf(out, size, "%s %s between %s and %s: %s", lost, type[0] ? type : "events", from, to,
		       reason[0] ? gap_reason_words(reason) : "-");
}

static const struct column_look looks[] = {
	{ "reason", NULL, 14, 0 },
	{ "lost_type", NULL, 15, 0 },
	{ "lost", NULL, 8, 0 },
	{ NULL, NULL, 0, 0 },
};

const struct event_look look_gap = { "\033[35m", detail, looks, NULL };
