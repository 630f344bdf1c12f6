/* SPDX-License-Identifier: BSD-2-Clause */
/* Every missing record is reported in a gap event, once, with its reason and its time. */
#include "consumer/text/clock.h"
#include "tests/pipeline_rig.h"

#define RING 65536
#define EXITS "SELECT count(*) FROM event WHERE type = 3"
#define LOST "SELECT coalesce(sum(lost), 0) FROM gap WHERE reason IN ('ring_full', 'recorder_down', 'disk_full')"

static void test_invalid_records_become_a_gap(void **state)
{
	struct ev_process_exit odd = { .h = { .abi = EV_ABI, .kind = 77, .length = sizeof(odd) } };
	struct recorder_rig r;
	uint32_t huge = 1 << 20;

	(void)state;
	recorder_rig_open(&r, RING);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 1);
	(void)rig_push(&r.rig, &odd, sizeof(odd), 0);
	(void)rig_push(&r.rig, &odd, sizeof(odd), 0);
	odd.h.kind = EV_PROCESS_EXIT;
	(void)rig_push(&r.rig, &odd, 40, 0);
	emit_exits(&r, 1);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_int_equal(r.rig.consumer, r.rig.producer);
	assert_answer(&r, EXITS, 2);
	assert_answer(&r, "SELECT lost FROM gap WHERE reason = 'rejected' AND lost_type IS NULL", 2);
	assert_answer(&r, "SELECT lost FROM gap WHERE reason = 'rejected' AND lost_type = 3", 1);
	assert_answer(&r, "SELECT rejected FROM tally WHERE kind = 4", 1);
	assert_answer(&r, "SELECT rejected FROM tally WHERE kind = 0", 2);

	emit_exits(&r, 1);
	rig_poke(&r.rig, r.rig.consumer, &huge, sizeof(huge));
	assert_int_equal(pipeline_scan(r.pipeline), BATCH_NOW);
	assert_int_equal(pipeline_commit(r.pipeline), 0);
	assert_int_equal(r.rig.consumer, r.rig.producer);
	assert_answer(&r, "SELECT rejected FROM tally WHERE kind = 0", 3);
	emit_exits(&r, 1);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, EXITS, 3);
	recorder_rig_close(&r);
}

static void test_loss_is_recorded_once_and_completely(void **state)
{
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, 4096);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 100);
	assert_true(r.rig.lost[EV_PROCESS_EXIT] > 50);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, LOST, 0); /* no record in the ring shows the hole yet */
	emit_exits(&r, 4);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, LOST, (int64_t)r.rig.lost[EV_PROCESS_EXIT]);
	assert_text(&r, "SELECT reason || ' ' || lost_type FROM v_gap", "ring_full process_exit");
	assert_answer(&r, "SELECT from_time IS NOT NULL AND from_time <= to_time FROM gap", 1);

	emit_exits(&r, 100);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	assert_answer(&r, LOST, (int64_t)r.rig.lost[EV_PROCESS_EXIT]);
	emit_exits(&r, 4); /* the same hole, shown by records now */
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	assert_answer(&r, LOST, (int64_t)r.rig.lost[EV_PROCESS_EXIT]);
	recorder_rig_close(&r);
}

static void test_loss_while_no_recorder_ran_has_its_reason(void **state)
{
	struct recorder_rig r;
	int64_t down;

	(void)state;
	recorder_rig_open(&r, 4096);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 4);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	recorder_rig_kill(&r);

	emit_exits(&r, 100);
	down = (int64_t)r.rig.lost[EV_PROCESS_EXIT];
	assert_int_equal(recorder_rig_start(&r), 0);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	emit_exits(&r, 100);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	emit_exits(&r, 100);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	assert_answer(&r, "SELECT sum(lost) FROM gap WHERE reason = 'recorder_down'", down);
	assert_answer(&r, LOST, (int64_t)r.rig.lost[EV_PROCESS_EXIT]);
	recorder_rig_close(&r);
}

static void test_a_reopened_database_makes_no_gap(void **state)
{
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, 4096);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 4);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_int_equal(unlink(r.path), 0);
	emit_exits(&r, 100);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	assert_answer(&r, "SELECT sum(lost) FROM gap WHERE reason = 'ring_full'", (int64_t)r.rig.lost[EV_PROCESS_EXIT]);
	assert_answer(&r, "SELECT count(*) FROM gap WHERE reason = 'recorder_down'", 0);
	recorder_rig_close(&r);
}

static void test_records_taken_by_another_reader_are_a_gap(void **state)
{
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, RING);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 4);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	recorder_rig_kill(&r);
	emit_exits(&r, 4);
	r.rig.consumer = r.rig.producer;
	emit_exits(&r, 2);

	assert_int_equal(recorder_rig_start(&r), 0);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, EXITS, 6);
	assert_answer(&r, "SELECT count(*) FROM gap WHERE reason = 'store_replaced' AND lost IS NULL", 1);
	recorder_rig_close(&r);
}

#define REJECTED "SELECT coalesce(sum(lost), 0) FROM gap WHERE reason = 'rejected' AND lost_type "

static void test_a_record_that_is_never_ready_is_lost_alone(void **state)
{
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, RING);
	r.settings.busy_limit_ns = 1;
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 4);
	(void)push_busy_exit(&r.rig, 0);
	emit_exits(&r, 8);
	(void)rig_oom(&r.rig, 5, 42, 0, 12345);
	for (int i = 0; i < 10 && r.rig.consumer != r.rig.producer; i++) {
		(void)pipeline_scan(r.pipeline);
		assert_int_equal(pipeline_commit(r.pipeline), 0);
	}
	assert_int_equal(r.rig.consumer, r.rig.producer);
	assert_answer(&r, EXITS, 12);
	assert_answer(&r, "SELECT count(*) FROM oom", 1);
	assert_answer(&r, REJECTED "= 3", 1);
	assert_answer(&r, "SELECT rejected FROM tally WHERE kind = 4", 1);
	assert_answer(&r, "SELECT count(*) FROM gap", 1);

	/* Later losses of the kernel are recorded as usual, once. */
	for (int i = 0; i < 2; i++) {
		emit_exits(&r, 1000);
		assert_int_equal(pipeline_drain(r.pipeline), 0);
		assert_int_equal(pipeline_reconcile(r.pipeline), 0);
		emit_exits(&r, 8);
		assert_int_equal(pipeline_drain(r.pipeline), 0);
		assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	}
	assert_true(r.rig.lost[EV_PROCESS_EXIT] > 500);
	assert_answer(&r, LOST, (int64_t)r.rig.lost[EV_PROCESS_EXIT]);
	assert_answer(&r, "SELECT sum(lost) FROM gap WHERE reason = 'rejected'", 1);
	recorder_rig_close(&r);
}

/* The header of the record is not written yet: the ring has bytes of an earlier record there, or zeros. */
static void test_a_record_without_a_header_is_recorded_once_too(void **state)
{
	static const char *const rows[] = { "no header", "an earlier header" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ev_process_exit old = { .h = { .abi = EV_ABI, .kind = EV_PROCESS_EXIT, .length = sizeof(old) } };
		struct recorder_rig r;
		uint64_t at;

		recorder_rig_open(&r, RING);
		r.settings.busy_limit_ns = 1;
		assert_int_equal(recorder_rig_start(&r), 0);
		emit_exits(&r, 12);
		at = push_busy_exit(&r.rig, 0);
		old.h.seq = i == 0 ? 0 : 2;
		rig_poke(&r.rig, at + 8, &old, sizeof(old));
		emit_exits(&r, 8);
		for (int n = 0; n < 10 && r.rig.consumer != r.rig.producer; n++) {
			(void)pipeline_scan(r.pipeline);
			row_equal(rows[i], pipeline_commit(r.pipeline), 0);
		}
		/* Neither the hole that it left nor a restart makes another gap. */
		recorder_rig_kill(&r);
		row_equal(rows[i], recorder_rig_start(&r), 0);
		emit_exits(&r, 8);
		row_equal(rows[i], pipeline_drain(r.pipeline), 0);
		row_equal(rows[i], pipeline_reconcile(r.pipeline), 0);
		row_equal(rows[i], ask_number(r.path, EXITS), 28);
		row_equal(rows[i], ask_number(r.path, REJECTED "IS NULL"), 1);
		row_equal(rows[i], ask_number(r.path, "SELECT count(*) FROM gap"), 1);
		recorder_rig_close(&r);
	}
}

/* Exits of one CPU with current times, so that each loss is one hole. The ring holds 36 of them. */
static void emit_on_cpu(struct recorder_rig *r, uint32_t cpu, int count)
{
	r->rig.clock_ns = clock_boot_ns();
	for (int i = 0; i < count; i++)
		(void)rig_exit(&r->rig, cpu, (uint32_t)(1000 + i), 42, 0);
}

static void test_a_hole_recorded_before_a_restart_is_not_recorded_again(void **state)
{
	struct recorder_rig r;
	int64_t first, second;

	(void)state;
	recorder_rig_open(&r, 4096);
	r.settings.busy_limit_ns = 1;
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_on_cpu(&r, 0, 100);
	first = (int64_t)r.rig.lost[EV_PROCESS_EXIT];
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0); /* the quiet tail: no record shows the hole */
	assert_answer(&r, LOST, first);
	recorder_rig_kill(&r);

	assert_int_equal(recorder_rig_start(&r), 0);
	(void)push_busy_exit(&r.rig, 0);
	emit_on_cpu(&r, 0, 100); /* shows it, and leaves a hole that no record shows */
	second = (int64_t)r.rig.lost[EV_PROCESS_EXIT] - first;
	for (int n = 0; n < 10 && r.rig.consumer != r.rig.producer; n++) {
		(void)pipeline_scan(r.pipeline);
		assert_int_equal(pipeline_commit(r.pipeline), 0);
	}
	assert_answer(&r, LOST, first);
	assert_answer(&r, "SELECT sum(lost) FROM gap WHERE reason = 'rejected'", 1);
	emit_on_cpu(&r, 0, 1);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, LOST, first + second);
	assert_answer(&r, "SELECT count(*) FROM gap", 3);
	recorder_rig_close(&r);
}

/* Each hole has its own times and count, without what was lost after it. */
static void test_each_hole_has_its_own_count(void **state)
{
	struct recorder_rig r;
	int64_t first;

	(void)state;
	recorder_rig_open(&r, 4096);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_on_cpu(&r, 0, 100);
	first = (int64_t)r.rig.lost[EV_PROCESS_EXIT];
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	emit_on_cpu(&r, 0, 100); /* the first 36 show the hole, the others make another */
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, LOST, first);
	emit_on_cpu(&r, 0, 1);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, LOST, (int64_t)r.rig.lost[EV_PROCESS_EXIT]);
	assert_answer(&r, "SELECT count(*) FROM gap", 2);
	assert_answer(&r, "SELECT max(b.from_time >= a.to_time) FROM gap a JOIN gap b ON b.id > a.id", 1);
	recorder_rig_close(&r);
}

/* A gap recorded for the end of the ring does not cover what another CPU loses later. */
static void test_a_hole_behind_the_tail_is_recorded_at_once(void **state)
{
	struct recorder_rig r;
	int64_t first;

	(void)state;
	recorder_rig_open(&r, 4096);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_on_cpu(&r, 0, 1);
	emit_on_cpu(&r, 1, 100);
	first = (int64_t)r.rig.lost[EV_PROCESS_EXIT];
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	assert_answer(&r, LOST, first);

	emit_on_cpu(&r, 0, 50);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	emit_on_cpu(&r, 0, 1);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, LOST, (int64_t)r.rig.lost[EV_PROCESS_EXIT]);
	assert_answer(&r, "SELECT max(b.from_time >= a.from_time) FROM gap a JOIN gap b ON b.id > a.id", 1);

	/* A record of the other CPU now shows the hole that was recorded. */
	emit_on_cpu(&r, 1, 1);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, "SELECT count(*) FROM gap", 2);
	recorder_rig_close(&r);
}

/* The same hole, while records are lost that no other record shows yet. */
static void test_a_loss_at_the_tail_is_not_taken_for_a_later_one(void **state)
{
	struct recorder_rig r;
	int64_t first;

	(void)state;
	recorder_rig_open(&r, 4096);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_on_cpu(&r, 0, 100);
	first = (int64_t)r.rig.lost[EV_PROCESS_EXIT];
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	emit_on_cpu(&r, 0, 100);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, LOST, first);
	emit_on_cpu(&r, 0, 1);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, LOST, (int64_t)r.rig.lost[EV_PROCESS_EXIT]);
	recorder_rig_close(&r);
}

static void test_a_bad_record_leaves_no_hole(void **state)
{
	struct ev_lifecycle bad = { .path = { 4, 4 } };
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, 4096);
	assert_int_equal(recorder_rig_start(&r), 0);
	assert_true(rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, "/a"));
	assert_true(rig_emit(&r.rig, 0, EV_CGROUP_MKDIR, &bad, sizeof(bad)));
	assert_true(rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 43, 7, "/b"));
	r.rig.lost[EV_CGROUP_MKDIR] = 1; /* another CPU's: a hole would be taken for it */
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, REJECTED "= 5", 1);
	assert_answer(&r, "SELECT count(*) FROM gap", 1);
	assert_answer(&r, "SELECT stored * 10 + rejected FROM tally WHERE kind = 6", 21);
	recorder_rig_close(&r);
}

static void test_another_ring_begins_with_a_gap(void **state)
{
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, RING);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 4);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	recorder_rig_kill(&r);
	rig_close(&r.rig);

	rig_open(&r.rig, RING);
	r.settings.generation++;
	r.settings.loaded_ns = 0; /* now */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(recorder_rig_start(&r), 0);
		emit_exits(&r, 4);
		assert_int_equal(pipeline_drain(r.pipeline), 0);
		recorder_rig_kill(&r);
	}
	assert_answer(&r, EXITS, 12);
	assert_answer(&r, "SELECT count(*) FROM gap WHERE reason = 'reload' AND lost IS NULL AND from_time < to_time", 1);
	assert_answer(&r, "SELECT count(*) FROM gap", 1);
	recorder_rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_invalid_records_become_a_gap),
		cmocka_unit_test(test_loss_is_recorded_once_and_completely),
		cmocka_unit_test(test_loss_while_no_recorder_ran_has_its_reason),
		cmocka_unit_test(test_a_reopened_database_makes_no_gap),
		cmocka_unit_test(test_records_taken_by_another_reader_are_a_gap),
		cmocka_unit_test(test_a_record_that_is_never_ready_is_lost_alone),
		cmocka_unit_test(test_a_record_without_a_header_is_recorded_once_too),
		cmocka_unit_test(test_a_hole_recorded_before_a_restart_is_not_recorded_again),
		cmocka_unit_test(test_each_hole_has_its_own_count),
		cmocka_unit_test(test_a_hole_behind_the_tail_is_recorded_at_once),
		cmocka_unit_test(test_a_loss_at_the_tail_is_not_taken_for_a_later_one),
		cmocka_unit_test(test_a_bad_record_leaves_no_hole),
		cmocka_unit_test(test_another_ring_begins_with_a_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
