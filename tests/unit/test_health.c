/* SPDX-License-Identifier: BSD-2-Clause */
/* What makes recording unhealthy. */
#include "consumer/cli/health.h"

#include "common/pins.h"
#include "tests/harness.h"

static struct health look(enum recorder_presence presence, bool loaded, const char *fault, enum health_pins pins)
{
	const struct recorder_state state = { .state = presence, .loaded = loaded, .pid = 42, .time = 12 };
	const struct health_recorder recorder = { &state, fault, 34, "/db", "/pins", pins };
	struct health health = { .count = 0 };

	health_check_recorder(&health, &recorder);
	return health;
}

static struct health check(enum recorder_presence presence, bool loaded, const char *fault)
{
	return look(presence, loaded, fault, HEALTH_PINS_UNKNOWN);
}

static void test_recorder(void **state)
{
	static const struct {
		enum recorder_presence presence;
		bool loaded;
		const char *fault;
		struct {
			const char *name, *text; /* a part of it */
			int64_t since;
		} problems[3]; /* a name NULL behind the last */
	} rows[] = {
		{ RECORDER_RUNNING, true, NULL, { { NULL, NULL, 0 } } },
		{ RECORDER_RUNNING, true, "disk full", { { "cannot_store", "cannot store into \"/db\": disk full", 34 } } },
		{ RECORDER_RUNNING, false, NULL, { { "not_loaded", "pins were missing below /pins; run cri-ebpf-loader load --pin-dir /pins", 12 } } },
		{ RECORDER_STARTING, true, NULL, { { "recorder_starting", "has begun", 0 } } },
		{ RECORDER_STARTING, true, "disk full", { { "cannot_store", "disk full", 34 } } },
		{ RECORDER_NEVER, false, NULL, { { "recorder_never", "no recorder has written", 0 } } },
		{ RECORDER_STOPPED, true, "old", { { "recorder_stopped", "start it: cri-ebpf record; if the programs are still loaded", 12 } } },
		{ RECORDER_STOPPED, false, NULL,
		  { { "not_loaded", "nothing was loaded", 12 }, { "recorder_stopped", "was stopped", 12 } } },
		{ RECORDER_SILENT, true, NULL, { { "recorder_silent", "(pid 42) writes nothing", 12 } } },
		{ RECORDER_SILENT, true, "disk full", { { "cannot_store", "disk full", 34 } } },
		{ RECORDER_GONE, true, "old", { { "recorder_gone", "(pid 42) is gone; its last sign of life was then; start it", 12 } } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct health health = check(rows[i].presence, rows[i].loaded, rows[i].fault);
		size_t count = 0;

		for (; rows[i].problems[count].name; count++) {
			const struct health_problem *problem = &health.problems[count];

			row_check(rows[i].problems[count].name, count < health.count &&
				  strcmp(problem->name, rows[i].problems[count].name) == 0 &&
				  strstr(problem->text, rows[i].problems[count].text));
			row_equal(rows[i].problems[count].name, problem->since, rows[i].problems[count].since);
		}
		row_equal(count ? rows[i].problems[0].name : "healthy", health.count, count);
	}
}

/* What the caller sees of the programs counts more than what the recorder saw last. */
static void test_what_the_kernel_keeps(void **state)
{
	static const struct {
		const char *label;
		bool loaded;
		enum health_pins pins;
		const char *load; /* a part of the first of two problems; NULL: there is only one */
		const char *keeps; /* a part of the other; NULL: the kernel keeps nothing */
	} rows[] = {
		{ "loaded then", true, HEALTH_PINS_UNKNOWN, NULL, "; if the programs are still loaded, the kernel keeps" },
		{ "loaded now", true, HEALTH_PINS_FOUND, NULL, "; until then the kernel keeps" },
		{ "loaded meanwhile", false, HEALTH_PINS_FOUND, NULL, "; until then the kernel keeps" },
		{ "not loaded then", false, HEALTH_PINS_UNKNOWN, "nothing was loaded when", NULL },
		{ "not loaded now", true, HEALTH_PINS_ABSENT, "nothing is loaded: cri-ebpf-loader load --pin-dir /pins", NULL },
		{ "never", false, HEALTH_PINS_ABSENT, "nothing is loaded: cri-ebpf-loader load --pin-dir /pins", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct health health = look(RECORDER_GONE, rows[i].loaded, NULL, rows[i].pins);
		const char *said = health.problems[rows[i].load ? 1 : 0].text;

		row_equal(rows[i].label, health.count, rows[i].load ? 2 : 1);
		row_check(rows[i].label, !rows[i].load || strstr(health.problems[0].text, rows[i].load));
		row_check(rows[i].label, strstr(said, rows[i].keeps ? rows[i].keeps : "start it: cri-ebpf record"));
		row_check(rows[i].label, rows[i].keeps || !strstr(said, "kernel keeps"));
	}
	/* A recorder that runs has its own pins open. */
	row_equal("runs", look(RECORDER_RUNNING, true, NULL, HEALTH_PINS_ABSENT).count, 0);
	row_equal("loads again", look(RECORDER_RUNNING, false, NULL, HEALTH_PINS_FOUND).count, 0);
}

#define LINKS_GONE                                                                                                        \
	"programs are not attached any more: oom_kill (their links below /pins are gone); their events are not recorded;" \
	" attach them again: cri-ebpf-loader reload --pin-dir /pins"

static void test_reported(void **state)
{
	static const struct {
		const char *name, *detail, *text; /* text NULL: no problem */
		enum recorder_presence presence;
	} rows[] = {
		{ "links_gone", "oom_kill", LINKS_GONE, RECORDER_RUNNING },
		{ "links_gone", "oom_kill", LINKS_GONE, RECORDER_GONE },
		{ "counters_stand_still", "2000", "2000 processes and threads were created", RECORDER_RUNNING },
		{ "counters_stand_still", "2000", NULL, RECORDER_GONE },
		{ "losing_events", "17", "being lost, 17 of them since", RECORDER_RUNNING },
		{ "losing_events", "17", "being lost, 17 of them since", RECORDER_SILENT },
		{ "losing_events", "17", NULL, RECORDER_STOPPED },
		{ "metadata_frozen", NULL, "has frozen the map of cgroups below /pins", RECORDER_RUNNING },
		{ "retention_fails", "disk I/O error", "cannot be removed: disk I/O error;", RECORDER_RUNNING },
		{ "retention_fails", NULL, "cannot be removed: ;", RECORDER_RUNNING },
		{ "something", NULL, NULL, RECORDER_RUNNING },
		{ NULL, NULL, NULL, RECORDER_RUNNING },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct recorder_state recorder_state = { .state = rows[i].presence };
		const struct health_recorder recorder = { &recorder_state, NULL, 0, "/db", "/pins", HEALTH_PINS_UNKNOWN };
		const char *label = rows[i].name ? rows[i].name : "no name";
		struct health health = { .count = 0 };

		health_check_reported(&health, &recorder, rows[i].name, 56, rows[i].detail);
		row_equal(label, health.count, rows[i].text ? 1 : 0);
		if (rows[i].text) {
			row_check(label, strstr(health.problems[0].text, rows[i].text));
			row_check(label, strcmp(health.problems[0].name, rows[i].name) == 0);
			row_equal(label, health.problems[0].since, 56);
		}
	}
}

static void test_the_usual_pins_are_not_named(void **state)
{
	const struct recorder_state recorder_state = { .state = RECORDER_RUNNING };
	const struct health_recorder recorder = { .state = &recorder_state, .pin_dir = PIN_DIR_DEFAULT };
	struct health health = { .count = 0 };

	(void)state;
	health_check_reported(&health, &recorder, "links_gone", 56, "oom_kill");
	assert_int_equal(health.count, 1);
	assert_null(strstr(health.problems[0].text, "--pin-dir"));
}

static void test_probes(void **state)
{
	const struct health_wanted all = { true, true }, none = { false, false };
	struct health health = { .count = 0 };

	(void)state;
	health_check_probe(&health, "oom_kill", "fentry", &all);
	health_check_probe(&health, "oom_kill", "off", &all);
	health_check_probe(&health, "oom_kill", "", &none);
	health_check_probe(&health, "process_fork", NULL, &all);
	health_check_probe(&health, NULL, NULL, &all);
	assert_int_equal(health.count, 0);
	health_check_probe(&health, "oom_kill", NULL, &all);
	health_check_probe(&health, "process_exit", "", &all);
	assert_int_equal(health.count, 2);
	assert_non_null(strstr(health.problems[0].text, "OOM kills are not recorded"));
	assert_non_null(strstr(health.problems[1].text, "ends of processes are not recorded"));
	for (int i = 0; i < 2 * HEALTH_PROBLEMS_MAX; i++)
		health_check_probe(&health, "oom_kill", NULL, &all);
	assert_int_equal(health.count, HEALTH_PROBLEMS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorder),
		cmocka_unit_test(test_what_the_kernel_keeps),
		cmocka_unit_test(test_reported),
		cmocka_unit_test(test_the_usual_pins_are_not_named),
		cmocka_unit_test(test_probes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
