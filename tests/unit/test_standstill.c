/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters that stand still while processes come and go. */
#include "consumer/record/standstill.h"
#include "tests/harness.h"

#define SECOND 1000000000ULL
#define LONG   (STANDSTILL_NS / SECOND)
#define MANY   STANDSTILL_TASKS

static void test_story(void **state)
{
	/* One after the other. */
	static const struct {
		const char *label;
		uint64_t second, tasks, ends, answer;
	} rows[] = {
		{ "the first look", 100, 5000, 70, 0 },
		{ "many threads in a short time", 101, 5000 + 50 * MANY, 70, 0 },
		{ "an end is counted", 130, 5000 + 51 * MANY, 71, 0 },
		{ "little happens for long", 130 + 3 * LONG, 5000 + 52 * MANY - 1, 71, 0 },
		{ "enough happened", 131 + 3 * LONG, 5000 + 52 * MANY, 71, MANY },
		{ "it goes on", 132 + 3 * LONG, 5000 + 53 * MANY, 71, 2 * MANY },
		{ "an end is counted again", 133 + 3 * LONG, 5000 + 54 * MANY, 72, 0 },
		{ "almost too long", 132 + 4 * LONG, 5000 + 60 * MANY, 72, 0 },
		{ "too long", 133 + 4 * LONG, 5000 + 60 * MANY, 72, 6 * MANY },
		{ "the counters of another load", 134 + 4 * LONG, 5000 + 61 * MANY, 3, 0 },
		{ "nothing since", 134 + 5 * LONG, 5000 + 61 * MANY, 3, 0 },
		{ "fewer tasks than before", 135 + 5 * LONG, 10, 3, 0 },
		{ "and more again", 135 + 6 * LONG, 10 + MANY, 3, MANY },
	};
	struct standstill standstill = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		row_equal(rows[i].label,
			  standstill_note(&standstill, rows[i].second * SECOND, rows[i].tasks, rows[i].ends), rows[i].answer);
}

static void test_stat(void **state)
{
	static const struct {
		const char *text;
		bool found;
		uint64_t tasks;
	} rows[] = {
		{ "\ncpu 1 2\nintr 5 6\nctxt 7\nbtime 8\nprocesses 2989\nprocs_running 1\n", true, 2989 },
		{ "\nprocesses 18446744073709551615\n", true, UINT64_MAX },
		{ "\nprocesses 2989", false, 0 },
		{ "\nprocs_running 1\n", false, 0 },
		{ "processes 2989\n", false, 0 },
		{ "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t tasks = 0;

		row_equal(rows[i].text, standstill_find_tasks(rows[i].text, &tasks), rows[i].found);
		row_equal(rows[i].text, tasks, rows[i].tasks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_story),
		cmocka_unit_test(test_stat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
