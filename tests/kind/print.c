/* SPDX-License-Identifier: BSD-2-Clause */
/* What print/ needs to know of the event type "test" (CRI_TEST_KIND): its sentence and its colour. */
#include <inttypes.h>
#include <stdio.h>

#include "consumer/print/event_look.h"
#include "consumer/query/event_kind.h"

static void detail(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	(void)style;
	(void)snprintf(out, size, "number %" PRId64, event_values(row, &event_kind_test)[0].number);
}

const struct event_look look_test = { "\033[36m", detail, NULL, NULL };
