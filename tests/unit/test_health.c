/* SPDX-License-Identifier: BSD-2-Clause */
/* The reasons why recording is not healthy. */
#include "consumer/cli/health.h"
#include "tests/harness.h"

static struct health check(enum recorder_presence presence, bool loaded, const char *fault)
{
	const struct recorder_state state = { .state = presence, .loaded = loaded, .pid = 42 };
	const struct health_recorder recorder = { &state, "noon", fault, "/db", "/pins" };
	struct health health = { .count = 0 };

	health_check_recorder(&health, &recorder);
	return health;
}

static void test_recorder(void **state)
{
	static const struct {
		enum recorder_presence presence;
		bool loaded;
		const char *fault;
		const char *reasons[3]; /* a part of each, NULL behind the last */
	} rows[] = {
		{ RECORDER_RUNNING, true, NULL, { NULL } },
		{ RECORDER_RUNNING, true, "disk full", { "cannot store into \"/db\": disk full" } },
		{ RECORDER_RUNNING, false, NULL, { "nothing was loaded: pins were missing below /pins" } },
		{ RECORDER_NEVER, false, NULL, { "no recorder has written" } },
		{ RECORDER_STOPPED, true, "old", { "was stopped at noon; start it: cri-ebpf record; until then" } },
		{ RECORDER_STOPPED, false, NULL, { "was stopped at noon", "as of noon nothing was loaded" } },
		{ RECORDER_SILENT, true, NULL, { "(pid 42) has written nothing since noon" } },
		{ RECORDER_SILENT, true, "disk full", { "disk full" } },
		{ RECORDER_GONE, true, "old", { "(pid 42) is gone; its last heartbeat was at noon" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct health health = check(rows[i].presence, rows[i].loaded, rows[i].fault);
		size_t count = 0;

		for (; rows[i].reasons[count]; count++)
			row_check(rows[i].reasons[count], strstr(health.reasons[count], rows[i].reasons[count]));
		row_equal(count ? rows[i].reasons[0] : "healthy", health.count, count);
	}
}

static void test_what_the_kernel_keeps(void **state)
{
	const struct health loaded = check(RECORDER_GONE, true, NULL), unloaded = check(RECORDER_GONE, false, NULL);

	(void)state;
	assert_non_null(strstr(loaded.reasons[0], "the kernel keeps"));
	assert_null(strstr(unloaded.reasons[0], "the kernel keeps"));
}

static void test_probes(void **state)
{
	struct health health = { .count = 0 };

	(void)state;
	health_check_probe(&health, "oom_kill", "fentry", true, true);
	health_check_probe(&health, "oom_kill", "", true, false);
	health_check_probe(&health, "process_fork", NULL, true, true);
	health_check_probe(&health, NULL, NULL, true, true);
	assert_int_equal(health.count, 0);
	health_check_probe(&health, "oom_kill", NULL, true, true);
	health_check_probe(&health, NULL, NULL, false, true);
	assert_int_equal(health.count, 2);
	assert_non_null(strstr(health.reasons[0], "OOM kills are not recorded"));
	assert_non_null(strstr(health.reasons[1], "the probe ? is not attached"));
	for (int i = 0; i < 2 * HEALTH_REASONS_MAX; i++)
		health_check_probe(&health, "x", NULL, false, true);
	assert_int_equal(health.count, HEALTH_REASONS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorder),
		cmocka_unit_test(test_what_the_kernel_keeps),
		cmocka_unit_test(test_probes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
