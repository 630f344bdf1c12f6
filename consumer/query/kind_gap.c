/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/kind_gap.h"

/* a gap, lt the type that was lost */
static const struct event_column columns[GAP_COUNT] = {
	[GAP_REASON] = { "reason", "a.reason", COLUMN_STRING },
	[GAP_LOST_TYPE] = { "lost_type", "lt.name", COLUMN_STRING },
	[GAP_LOST] = { "lost", "a.lost", COLUMN_NUMBER },
	[GAP_FROM] = { "from", "a.from_time", COLUMN_TIME },
	[GAP_TO] = { "to", "a.to_time", COLUMN_TIME },
};

const struct event_kind event_kind_gap = {
	" LEFT JOIN gap a ON a.id = e.id LEFT JOIN type lt ON lt.type = a.lost_type",
	columns,
	GAP_COUNT,
};
