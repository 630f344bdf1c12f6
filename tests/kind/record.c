/* SPDX-License-Identifier: BSD-2-Clause */
/* What record/ needs to know of the kind "test" (CRI_TEST_KIND): its record, its row and how it is stored. */
#include "consumer/container/resolve.h"
#include "consumer/record/enrich.h"
#include "consumer/record/kind.h"
#include "consumer/store/db_stmt.h"

struct test_detail {
	uint64_t number;
};

static int enrich_test(struct enrich *enrich, const struct ev *ev, struct ev_row *row, void *detail)
{
	const struct resolve_hint hint = { .names = ev->tails[0], .time_ns = ev->h.time_ns };
	struct place place;
	int r = resolve_place(enrich_resolve(enrich), &ev->test.cgroup, &hint, &place);

	if (r)
		return r;
	enrich_fill_row(enrich, ev, &ev->test.task, place.cgroup, row);
	row->duration_ns = ev->test.number;
	*(struct test_detail *)detail = (struct test_detail){ ev->test.number };
	return 1;
}

const struct kind kind_test = {
	.size = sizeof(struct ev_test),
	.tail_count = 1,
	.tails = { { offsetof(struct ev_test, names), KIND_TAIL_NAMES } },
	.urgency = KIND_PROMPT,
	.enrich = enrich_test,
	.storage = &storage_test,
	.detail_size = sizeof(struct test_detail),
};

static void bind(struct db_stmt *stmt, const void *detail)
{
	const struct test_detail *test = detail;

	db_bind_u64(stmt, 2, test->number);
}

const struct event_storage storage_test = {
	.type = TYPE_TEST,
	.retention = RETAIN_SHORTER,
	.table = "test",
	.insert = "INSERT INTO test(id, number) VALUES(?1, ?2)",
	.bind = bind,
};
