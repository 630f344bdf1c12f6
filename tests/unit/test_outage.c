/* SPDX-License-Identifier: BSD-2-Clause */
/* A time in which programs were not attached leaves a gap event, whoever records when it ends. */
#include "consumer/record/outage.h"
#include "tests/pipeline_rig.h"

#define RING 65536
#define ALL  "SELECT count(*) FROM gap"
#define LASTING "SELECT count(*) FROM gap WHERE reason = 'not_attached' AND lost IS NULL AND to_time IS NULL AND lost_type "
#define ENDED "SELECT count(*) FROM gap WHERE reason = 'not_attached' AND lost IS NULL AND to_time >= from_time AND lost_type "

static const struct map_info info = {
	.probes = { { .name = "oom_kill" }, { .name = "memory_pressure_high" }, { .name = "memory_pressure_limit" },
		    { .name = "process_exit" }, { .name = "unheard_of" } },
};
enum { OOM_KILL, HIGH, LIMIT, EXIT, UNHEARD_OF };

/* A look at which the probes of a mask have lost a link. */
static void note(struct outages *outages, unsigned int gone, int64_t now)
{
	int attached[INFO_PROBES];

	for (unsigned int i = 0; i < INFO_PROBES; i++)
		attached[i] = gone & 1U << i ? 0 : 1;
	outages_note(outages, &info, attached, now);
}

static void test_looks(void **state)
{
	struct outages outages = { 0 };
	const struct outage *oom = &outages.types[TYPE_OOM_KILL], *pressure = &outages.types[TYPE_MEMORY_PRESSURE];
	int unwanted[INFO_PROBES];

	(void)state;
	assert_int_equal(oom->state, OUTAGE_UNKNOWN);
	note(&outages, 0, 10);
	assert_int_equal(oom->state, OUTAGE_NONE);
	note(&outages, 1U << OOM_KILL | 1U << HIGH | 1U << UNHEARD_OF, 20);
	assert_int_equal(oom->state, OUTAGE_LASTS);
	assert_int_equal(oom->attached, 10);
	assert_int_equal(pressure->state, OUTAGE_LASTS); /* one of its two probes */
	assert_int_equal(outages.types[TYPE_PROCESS_EXIT].state, OUTAGE_NONE);
	outages_note_nothing(&outages);
	assert_int_equal(oom->state, OUTAGE_UNKNOWN);
	assert_int_equal(oom->attached, 10);
	note(&outages, 1U << OOM_KILL, 30);
	assert_int_equal(oom->attached, 10);
	assert_int_equal(pressure->state, OUTAGE_NONE);
	outages_note_standstill(&outages, 5);
	assert_int_equal(outages.types[TYPE_PROCESS_EXIT].state, OUTAGE_LASTS);
	assert_int_equal(outages.types[TYPE_PROCESS_EXIT].attached, 5);
	/* A probe that is not to be attached any more is not missed. */
	(void)memset(unwanted, -1, sizeof(unwanted));
	outages_note(&outages, &info, unwanted, 40);
	assert_int_equal(oom->state, OUTAGE_NONE);
}

static void test_an_outage_is_a_gap(void **state)
{
	struct outages outages = { 0 };
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, RING);
	r.settings.outages = &outages;
	assert_int_equal(recorder_rig_start(&r), 0);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	note(&outages, 0, 1000);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	assert_answer(&r, ALL, 0);

	for (int i = 0; i < 3; i++) {
		note(&outages, 1U << OOM_KILL | 1U << HIGH | 1U << LIMIT, 2000 + i);
		assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	}
	assert_answer(&r, ALL, 2);
	assert_answer(&r, LASTING "= 1 AND from_time = 1000", 1);
	assert_answer(&r, LASTING "= 2 AND from_time = 1000", 1);
	outages_note_nothing(&outages);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	assert_answer(&r, LASTING "= 1", 1);

	note(&outages, 1U << OOM_KILL, 3000);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	assert_answer(&r, LASTING "= 1", 1);
	assert_answer(&r, ENDED "= 2", 1);
	note(&outages, 0, 4000);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	note(&outages, 0, 5000);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	assert_answer(&r, ALL, 2);
	assert_answer(&r, ENDED "= 1", 1);
	recorder_rig_close(&r);
}

/* Records go on and are counted as ever. */
static void test_accounts_stay_right(void **state)
{
	struct outages outages = { 0 };
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, RING);
	r.settings.outages = &outages;
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 4);
	note(&outages, 1U << EXIT, 2000);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	r.rig.lost[EV_PROCESS_EXIT] += 3;
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	note(&outages, 0, 3000);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	assert_answer(&r, "SELECT stored FROM tally WHERE kind = 4", 4);
	assert_answer(&r, "SELECT lost FROM tally WHERE kind = 4", 3);
	assert_answer(&r, "SELECT sum(lost) FROM gap", 3);
	assert_answer(&r, ENDED "= 3", 1);
	recorder_rig_close(&r);
}

static void test_the_next_recorder_ends_it(void **state)
{
	struct outages outages = { 0 };
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, RING);
	r.settings.outages = &outages;
	assert_int_equal(recorder_rig_start(&r), 0);
	note(&outages, 0, 1000);
	note(&outages, 1U << OOM_KILL, 2000);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	recorder_rig_kill(&r);

	outages = (struct outages){ 0 };
	assert_int_equal(recorder_rig_start(&r), 0);
	note(&outages, 1U << OOM_KILL, 3000);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	assert_answer(&r, ALL, 1);
	assert_answer(&r, LASTING "= 1 AND from_time = 1000", 1);
	recorder_rig_kill(&r);

	assert_int_equal(recorder_rig_start(&r), 0);
	note(&outages, 0, 4000);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	assert_answer(&r, ALL, 1);
	assert_answer(&r, ENDED "= 1 AND from_time = 1000", 1);
	recorder_rig_close(&r);
}

/* The first look of a recorder: they were attached at the last heartbeat of the one before, or when they were loaded. */
static void test_a_beginning_that_nobody_saw(void **state)
{
	struct outages outages = { 0 };
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, RING);
	r.settings.outages = &outages;
	assert_int_equal(recorder_rig_start(&r), 0);
	note(&outages, 1U << OOM_KILL, 2000);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	assert_answer(&r, LASTING "= 1 AND from_time > 2000", 1);
	recorder_rig_kill(&r);

	change(r.path, "DELETE FROM gap; INSERT INTO status VALUES('recorder', '{\"recorder\":{\"heartbeat_unix_nano\":\"77\"},"
		       "\"generation\":\"18364758544493064720\"}')");
	assert_int_equal(recorder_rig_start(&r), 0);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	assert_answer(&r, LASTING "= 1 AND from_time = 77", 1);
	recorder_rig_close(&r);
}

/* Another database has no row of it. */
static void test_a_row_that_is_gone(void **state)
{
	struct outages outages = { 0 };
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, RING);
	r.settings.outages = &outages;
	assert_int_equal(recorder_rig_start(&r), 0);
	note(&outages, 1U << OOM_KILL, 2000);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	change(r.path, "DELETE FROM gap");
	note(&outages, 0, 3000);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	assert_answer(&r, "SELECT count(*) FROM gap WHERE reason = 'not_attached' AND from_time IS NULL AND to_time > 0", 1);
	recorder_rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_an_outage_is_a_gap),
		cmocka_unit_test(test_accounts_stay_right),
		cmocka_unit_test(test_the_next_recorder_ends_it),
		cmocka_unit_test(test_a_beginning_that_nobody_saw),
		cmocka_unit_test(test_a_row_that_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
