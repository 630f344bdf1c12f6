/* SPDX-License-Identifier: BSD-2-Clause */
/* The recorder's loop waits until something is due that it can do, and never spins. */
#include "consumer/record/schedule.h"
#include "tests/harness.h"

#define MS	1000000ULL
#define NOW	(5000 * MS)
#define LATER(ms) (NOW + (ms) * MS)
#define PAST	(NOW - 1000 * MS)

static void test_waits(void **state)
{
	static const struct {
		const char *what;
		struct schedule schedule;
		int want;
	} rows[] = {
		{ "idle", { .interval_ns = 300 * MS, .open = true, .care_ns = LATER(9000), .metrics_ns = LATER(9000) }, 300 },
		{ "records wait", { .interval_ns = 300 * MS, .flush_ns = 100 * MS, .noticed_ns = NOW - 40 * MS, .open = true,
				    .care_ns = LATER(9000), .metrics_ns = LATER(9000) }, 60 },
		{ "records have waited", { .interval_ns = 300 * MS, .flush_ns = 100 * MS, .noticed_ns = PAST, .open = true,
					   .care_ns = LATER(9000), .metrics_ns = LATER(9000) }, 0 },
		{ "metrics", { .interval_ns = 300 * MS, .open = true, .care_ns = LATER(9000), .metrics_ns = LATER(20) }, 20 },
		{ "retention is due", { .interval_ns = 300 * MS, .open = true, .care_ns = PAST, .metrics_ns = LATER(9000) }, 0 },
		{ "retention is due, database closed",
		  { .interval_ns = 300 * MS, .care_ns = PAST, .metrics_ns = LATER(9000) }, 300 },
		{ "watchdog", { .interval_ns = 300 * MS, .open = true, .care_ns = LATER(9000), .metrics_ns = LATER(9000),
				.watchdog_ns = LATER(7) }, 7 },
		{ "failing", { .interval_ns = 300 * MS, .flush_ns = 100 * MS, .noticed_ns = PAST, .failing = true,
			       .retry_ns = LATER(800), .care_ns = PAST, .metrics_ns = PAST }, 800 },
		{ "failing, database open", { .interval_ns = 300 * MS, .failing = true, .retry_ns = LATER(800), .open = true,
					      .care_ns = PAST, .metrics_ns = LATER(9000) }, 800 },
		{ "failing, metrics", { .interval_ns = 300 * MS, .failing = true, .retry_ns = LATER(800),
					.care_ns = PAST, .metrics_ns = LATER(30) }, 30 },
		{ "rounded up", { .interval_ns = 1, .open = true, .care_ns = LATER(9000), .metrics_ns = LATER(9000) }, 1 },
		{ "very long", { .interval_ns = UINT64_MAX / 2, .care_ns = PAST, .metrics_ns = UINT64_MAX }, INT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		row_equal(rows[i].what, schedule_wait_ms(&rows[i].schedule, NOW), rows[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
