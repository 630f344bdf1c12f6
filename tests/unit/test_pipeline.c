/* SPDX-License-Identifier: BSD-2-Clause */
/* Each record is acknowledged after the commit that contains it, and stored once, whatever crashes in between. */
#include "consumer/text/clock.h"
#include "consumer/text/error.h"
#include "tests/pipeline_rig.h"

#define RING 65536
#define EXITS "SELECT count(*) FROM event WHERE type = 3"
#define LOST "SELECT coalesce(sum(lost), 0) FROM gap WHERE reason IN ('ring_full', 'recorder_down', 'disk_full')"

static void test_acknowledged_after_the_commit_only(void **state)
{
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, RING);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 10);
	assert_int_equal(pipeline_scan(r.pipeline), BATCH_LATER);
	assert_int_equal(r.rig.consumer, 0);
	assert_answer(&r, EXITS, 0);

	assert_int_equal(pipeline_commit(r.pipeline), 0);
	assert_int_equal(r.rig.consumer, r.rig.producer);
	assert_answer(&r, EXITS, 10);
	assert_answer(&r, "SELECT position FROM ring", (int64_t)r.rig.producer);
	assert_answer(&r, "SELECT stored FROM tally WHERE kind = 4", 10);
	assert_int_equal(pipeline_scan(r.pipeline), BATCH_NOTHING);
	recorder_rig_close(&r);
}

static void test_crash_between_commit_and_acknowledgement(void **state)
{
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, RING);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 10);
	(void)pipeline_scan(r.pipeline);
	assert_int_equal(pipeline_commit(r.pipeline), 0);
	r.rig.consumer = 0; /* the acknowledgement that did not happen */
	recorder_rig_kill(&r);

	assert_int_equal(recorder_rig_start(&r), 0);
	assert_int_equal(r.rig.consumer, r.rig.producer);
	emit_exits(&r, 5);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, EXITS, 15);
	assert_answer(&r, "SELECT count(DISTINCT pid) FROM event WHERE type = 3", 15);
	assert_answer(&r, "SELECT count(*) FROM gap", 0);
	recorder_rig_close(&r);
}

static void test_crash_before_the_commit(void **state)
{
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, RING);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 10);
	(void)pipeline_scan(r.pipeline);
	recorder_rig_kill(&r);

	assert_int_equal(recorder_rig_start(&r), 0);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, EXITS, 10);
	assert_answer(&r, "SELECT count(*) FROM gap", 0);
	recorder_rig_close(&r);
}

/* Random crashes at each of the three places, against a model that only counts. */
static void test_many_crashes(void **state)
{
	struct recorder_rig r;
	uint64_t sent = 0;
	unsigned int seed = 20261122;

	(void)state;
	recorder_rig_open(&r, 4096);
	assert_int_equal(recorder_rig_start(&r), 0);
	for (int step = 0; step < 400; step++) {
		uint64_t before = r.rig.consumer;

		emit_exits(&r, rand_r(&seed) % 6);
		switch (rand_r(&seed) % 4) {
		case 0:
			recorder_rig_kill(&r);
			assert_int_equal(recorder_rig_start(&r), 0);
			break;
		case 1:
			(void)pipeline_scan(r.pipeline);
			assert_int_equal(pipeline_commit(r.pipeline), 0);
			r.rig.consumer = before;
			recorder_rig_kill(&r);
			assert_int_equal(recorder_rig_start(&r), 0);
			break;
		default:
			(void)pipeline_scan(r.pipeline);
			assert_int_equal(pipeline_commit(r.pipeline), 0);
		}
	}
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	sent = r.rig.sent[EV_PROCESS_EXIT];
	assert_true(sent > 500);
	assert_answer(&r, EXITS, (int64_t)sent);
	assert_answer(&r, "SELECT count(DISTINCT pid) FROM event WHERE type = 3", (int64_t)sent);
	assert_answer(&r, LOST, (int64_t)r.rig.lost[EV_PROCESS_EXIT]);
	recorder_rig_close(&r);
}

static void test_a_newer_record_stops_the_recorder(void **state)
{
	struct ev_process_exit newer = { .h = { .abi = EV_ABI + 1, .kind = EV_PROCESS_EXIT, .length = sizeof(newer) } };
	struct recorder_rig r;
	uint64_t before;

	(void)state;
	recorder_rig_open(&r, RING);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 3);
	before = r.rig.producer;
	(void)rig_push(&r.rig, &newer, sizeof(newer), 0);
	emit_exits(&r, 3);
	assert_int_equal(pipeline_scan(r.pipeline), BATCH_NOW);
	assert_int_equal(pipeline_commit(r.pipeline), -ERROR_RECORD_NEWER);
	assert_int_equal(r.rig.consumer, before);
	assert_answer(&r, EXITS, 3);
	(void)pipeline_scan(r.pipeline);
	assert_int_equal(pipeline_commit(r.pipeline), -ERROR_RECORD_NEWER);
	assert_int_equal(r.rig.consumer, before);
	recorder_rig_close(&r);
}

static void test_a_foreign_position_is_never_written_to_the_ring(void **state)
{
	struct recorder_rig r;
	uint64_t consumer;

	(void)state;
	recorder_rig_open(&r, RING);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 4);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	recorder_rig_kill(&r);
	change(r.path, "UPDATE ring SET position = 1000000");
	consumer = r.rig.consumer;

	emit_exits(&r, 4);
	assert_int_equal(recorder_rig_start(&r), 0);
	assert_int_equal(r.rig.consumer, consumer);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_int_equal(r.rig.consumer, r.rig.producer);
	assert_answer(&r, EXITS, 8);
	assert_answer(&r, "SELECT count(*) FROM gap WHERE reason = 'store_replaced'", 1);
	recorder_rig_close(&r);
}

static void test_a_record_that_is_ready_late_is_stored(void **state)
{
	struct recorder_rig r;
	uint32_t ready = sizeof(struct ev_process_exit);
	uint64_t at;

	(void)state;
	recorder_rig_open(&r, RING);
	assert_int_equal(recorder_rig_start(&r), 0);
	at = push_busy_exit(&r.rig, 0);
	emit_exits(&r, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pipeline_scan(r.pipeline), BATCH_NOTHING);
		assert_int_equal(pipeline_commit(r.pipeline), 0);
	}
	assert_int_equal(r.rig.consumer, 0);
	rig_poke(&r.rig, at, &ready, sizeof(ready));
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, EXITS, 4);
	assert_answer(&r, "SELECT count(*) FROM gap", 0);
	recorder_rig_close(&r);
}

static void test_when_a_commit_is_due(void **state)
{
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, RING);
	r.settings.buffer_size = 20;
	assert_int_equal(recorder_rig_start(&r), 0);
	assert_int_equal(pipeline_scan(r.pipeline), BATCH_NOTHING);
	emit_exits(&r, 19);
	assert_int_equal(pipeline_scan(r.pipeline), BATCH_LATER);
	emit_exits(&r, 1);
	assert_int_equal(pipeline_scan(r.pipeline), BATCH_NOW);
	emit_exits(&r, 5);
	assert_int_equal(pipeline_commit(r.pipeline), 0);
	assert_answer(&r, EXITS, 20); /* never more than were scanned */
	assert_int_equal(pipeline_scan(r.pipeline), BATCH_LATER);
	(void)rig_oom(&r.rig, 5, 42, 0, 12345);
	assert_int_equal(pipeline_scan(r.pipeline), BATCH_NOW);
	assert_int_equal(pipeline_commit(r.pipeline), 0);
	assert_answer(&r, "SELECT count(*) FROM oom", 1);
	recorder_rig_close(&r);

	recorder_rig_open(&r, 4096);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 9); /* 112 bytes each */
	assert_int_equal(pipeline_scan(r.pipeline), BATCH_LATER);
	emit_exits(&r, 1);
	assert_int_equal(pipeline_scan(r.pipeline), BATCH_NOW);
	recorder_rig_close(&r);
}

static void test_unread_records_are_counted_in_place(void **state)
{
	uint64_t counts[EV_KIND_COUNT];
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, RING);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 6);
	(void)rig_oom(&r.rig, 5, 42, 0, 12345);
	(void)pipeline_scan(r.pipeline);
	assert_true(pipeline_count_unread(r.pipeline, counts));
	assert_int_equal(counts[EV_PROCESS_EXIT], 6);
	assert_int_equal(counts[EV_OOM_KILL], 1);
	assert_int_equal(pipeline_commit(r.pipeline), 0);
	assert_answer(&r, "SELECT count(*) FROM event", 7);
	assert_true(pipeline_count_unread(r.pipeline, counts));
	assert_int_equal(counts[EV_PROCESS_EXIT], 0);
	recorder_rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_acknowledged_after_the_commit_only),
		cmocka_unit_test(test_crash_between_commit_and_acknowledgement),
		cmocka_unit_test(test_crash_before_the_commit),
		cmocka_unit_test(test_many_crashes),
		cmocka_unit_test(test_a_newer_record_stops_the_recorder),
		cmocka_unit_test(test_a_foreign_position_is_never_written_to_the_ring),
		cmocka_unit_test(test_a_record_that_is_ready_late_is_stored),
		cmocka_unit_test(test_when_a_commit_is_due),
		cmocka_unit_test(test_unread_records_are_counted_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
