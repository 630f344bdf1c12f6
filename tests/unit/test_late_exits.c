/* SPDX-License-Identifier: BSD-2-Clause */
/* Exits that are reported when the process is released: what is known of them, and that none is stored twice. */
#include "consumer/container/kernel_maps.h"
#include "tests/pipeline_rig.h"

#define ID "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define START 1000000000ULL

static void start(struct recorder_rig *r)
{
	recorder_rig_open(r, 1 << 20);
	r->rig.clock_ns = 20 * START;
	assert_int_equal(recorder_rig_start(r), 0);
	fake_put(&r->maps, 42, META_BIRTH, "/docker/" ID);
}

static void drain(struct recorder_rig *r)
{
	assert_int_equal(pipeline_drain(r->pipeline), 0);
}

static void emit_exit(struct recorder_rig *r, uint32_t pid, uint64_t start_ns, uint32_t flags)
{
	struct ev_process_exit exit = { .task = rig_task(pid, "x"), .cgroup = rig_cgroup(42), .status = 256, .flags = flags };

	exit.task.start_ns = start_ns;
	exit.task.ppid = flags & EV_F_LATE ? 0 : 7;
	assert_true(rig_emit(&r->rig, pid % RIG_CPUS, EV_PROCESS_EXIT, &exit, sizeof(exit)));
}

/* The exec of the container's first process. */
static void emit_exec(struct recorder_rig *r, uint32_t pid, uint64_t start_ns, uint32_t flags)
{
	struct ev_lifecycle exec = { .task = rig_task(pid, "x"), .cgroup = rig_cgroup(42), .flags = flags };

	exec.task.start_ns = start_ns;
	exec.limit_bytes = exec.peak_bytes = exec.oom_kills = EV_UNKNOWN;
	assert_true(rig_emit(&r->rig, 0, EV_CGROUP_EXEC, &exec, sizeof(exec)));
}

/* sent = stored + rejected, and nothing counts as lost. */
static void assert_accounted(struct recorder_rig *r)
{
	struct ring_counters counters;

	assert_true(pipeline_counters(r->pipeline, EV_PROCESS_EXIT, &counters));
	assert_int_equal(counters.stored, r->rig.sent[EV_PROCESS_EXIT]);
	assert_int_equal(counters.rejected, 0);
	assert_answer(r, "SELECT count(*) FROM gap", 0);
}

static void test_what_is_known(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	emit_exit(&r, 100, START, 0);
	emit_exit(&r, 101, START, EV_F_LATE);
	drain(&r);
	assert_text(&r, "SELECT late || container_init || ppid || ' ' || exit_code FROM v_exit WHERE pid = 100", "007 1");
	assert_text(&r, "SELECT late || (container_init IS NULL) || (ppid IS NULL) || ' ' || exit_code FROM v_exit"
			" WHERE pid = 101", "111 1");
	assert_answer(&r, "SELECT count(*) FROM v_exit WHERE duration_ns IS NULL", 0);
	assert_accounted(&r);
	recorder_rig_close(&r);
}

/* The start of the container names its init: the process, not only its pid. */
static void test_the_start_tells_the_init(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, "/docker/" ID);
	emit_exec(&r, 200, 3 * START, EV_F_NS_INIT);
	drain(&r);
	recorder_rig_kill(&r);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exit(&r, 201, 3 * START, EV_F_LATE);
	emit_exit(&r, 200, 4 * START, EV_F_LATE);
	emit_exit(&r, 200, 3 * START, EV_F_LATE);
	drain(&r);
	assert_text(&r, "SELECT group_concat(container_init, '') FROM v_exit", "001");
	recorder_rig_close(&r);
}

static void test_a_start_of_the_runtime_tells_nothing(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, "/docker/" ID);
	emit_exec(&r, 200, 3 * START, 0);
	emit_exit(&r, 201, 3 * START, EV_F_LATE);
	drain(&r);
	assert_answer(&r, "SELECT container_init FROM v_exit", -1);
	recorder_rig_close(&r);
}

static void test_an_exit_is_stored_once(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	emit_exit(&r, 100, START, 0);
	emit_exit(&r, 100, START, EV_F_LATE); /* in the same batch */
	drain(&r);
	emit_exit(&r, 100, START, EV_F_LATE); /* in another */
	emit_exit(&r, 101, START, 0);
	emit_exit(&r, 100, 2 * START, EV_F_LATE); /* the pid again, in another process */
	emit_exit(&r, 102, 2 * START, EV_F_LATE);
	emit_exit(&r, 102, 2 * START, EV_F_LATE);
	drain(&r);
	assert_text(&r, "SELECT group_concat(pid || ':' || late, ' ') FROM v_exit", "100:0 101:0 100:1 102:1");
	assert_accounted(&r);
	recorder_rig_close(&r);
}

/* Killed before and after the commit: what is in the ring is stored once, whatever the recorder had in memory. */
static void test_a_killed_recorder(void **state)
{
	struct recorder_rig r;
	uint64_t acknowledged;

	(void)state;
	start(&r);
	emit_exit(&r, 100, START, 0);
	drain(&r);
	acknowledged = r.rig.consumer;
	emit_exit(&r, 101, START, EV_F_LATE);
	emit_exit(&r, 102, START, 0);
	drain(&r);
	recorder_rig_kill(&r);
	r.rig.consumer = acknowledged; /* the commit was the last that it did */
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exit(&r, 100, START, EV_F_LATE); /* three that are stored, by another recorder */
	emit_exit(&r, 102, START, EV_F_LATE);
	emit_exit(&r, 101, START, EV_F_LATE);
	emit_exit(&r, 103, START, EV_F_LATE);
	drain(&r);
	assert_text(&r, "SELECT group_concat(pid || ':' || late, ' ') FROM v_exit", "100:0 101:1 102:0 103:1");
	assert_accounted(&r);
	recorder_rig_close(&r);
}

/* A transaction that failed has stored nothing: its records are no repetitions when they are read again. */
static void test_a_failed_transaction(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	emit_exit(&r, 100, START, 0);
	drain(&r);
	change(r.path, "CREATE TRIGGER fail BEFORE INSERT ON event WHEN NEW.pid = 102 BEGIN SELECT raise(FAIL, 'x'); END");
	emit_exit(&r, 101, START, EV_F_LATE);
	emit_exit(&r, 102, START, EV_F_LATE);
	assert_int_not_equal(pipeline_drain(r.pipeline), 0);
	change(r.path, "DROP TRIGGER fail");
	drain(&r);
	assert_text(&r, "SELECT group_concat(pid || ':' || late, ' ') FROM v_exit", "100:0 101:1 102:1");
	assert_accounted(&r);
	recorder_rig_close(&r);
}

/* A zombie is released after more exits than are kept in memory, and after a restart. */
static void test_a_zombie(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	emit_exit(&r, 100, START, 0);
	emit_exit(&r, 101, START, EV_F_LATE);
	for (uint32_t i = 0; i < 20000; i++) {
		struct ev_process_exit other = { .task = rig_task(1000 + i, "y"), .cgroup = rig_cgroup(43) };

		assert_true(rig_emit(&r.rig, 0, EV_PROCESS_EXIT, &other, sizeof(other)));
		if (i % 1000 == 999)
			drain(&r);
	}
	emit_exit(&r, 100, START, EV_F_LATE);
	drain(&r);
	recorder_rig_kill(&r);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exit(&r, 100, START, EV_F_LATE);
	emit_exit(&r, 101, START, EV_F_LATE);
	emit_exit(&r, 102, START, EV_F_LATE);
	drain(&r);
	assert_text(&r, "SELECT group_concat(pid || ':' || late, ' ') FROM v_exit WHERE pid < 1000", "100:0 101:1 102:1");
	assert_answer(&r, "SELECT count(*) FROM v_exit WHERE pid >= 1000", 20000);
	assert_accounted(&r);
	recorder_rig_close(&r);
}

/* Start times are told apart by the boot. */
static void test_another_boot(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	emit_exit(&r, 100, START, 0);
	drain(&r);
	recorder_rig_kill(&r);
	r.settings.boot_id = "99999999-2222-3333-4444-555555555555";
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exit(&r, 100, START, EV_F_LATE);
	drain(&r);
	assert_answer(&r, "SELECT count(*) FROM v_exit", 2);
	recorder_rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_known),
		cmocka_unit_test(test_the_start_tells_the_init),
		cmocka_unit_test(test_a_start_of_the_runtime_tells_nothing),
		cmocka_unit_test(test_an_exit_is_stored_once),
		cmocka_unit_test(test_a_killed_recorder),
		cmocka_unit_test(test_a_failed_transaction),
		cmocka_unit_test(test_a_zombie),
		cmocka_unit_test(test_another_boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
