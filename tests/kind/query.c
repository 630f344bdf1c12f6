/* SPDX-License-Identifier: BSD-2-Clause */
/* What query/ needs to know of the event type "test" (CRI_TEST_KIND): the values of its events. */
#include "consumer/query/event_kind.h"

static const struct event_column columns[] = {
	{ "number", "iif(e.type = 8, e.duration, NULL)", COLUMN_NUMBER },
};

const struct event_kind event_kind_test = { "", columns, 1 };
