/* SPDX-License-Identifier: BSD-2-Clause */
/* What record/ needs to know of the kind "test" (CRI_TEST_KIND): its record, its row and how it is stored. */
#include "consumer/container/resolve.h"
#include "consumer/record/enrich.h"
#include "consumer/record/kind.h"

static int enrich_test(struct enrich *enrich, const struct ev *ev, struct ev_row *row, void *detail)
{
	const struct ev_test *test = &ev->test;
	const struct resolve_hint hint = { .time_ns = ev->h.time_ns };
	struct place place;
	int r = resolve_place(enrich_resolve(enrich), &test->cgroup, &hint, &place);

	(void)detail;
	if (r)
		return r;
	enrich_fill_row(enrich, ev, &test->task, place.cgroup, row);
	row->duration_ns = test->number;
	return 1;
}

const struct kind kind_test = {
	.size = sizeof(struct ev_test),
	.enrich = enrich_test,
	.storage = &storage_test,
};

const struct event_storage storage_test = {
	.type = TYPE_TEST,
	.retention = RETAIN_BRIEFLY,
};
