/* SPDX-License-Identifier: BSD-2-Clause */
/* What the recorder promises: nothing lost, nothing twice, silence told from loss; by crashes at every place. */
#include <fcntl.h>
#include <sys/wait.h>

#include "consumer/text/clock.h"
#include "consumer/text/error.h"
#include "tests/pipeline_rig.h"

#define RING 65536
#define EXITS "SELECT count(*) FROM event WHERE type = 3"
#define LOST "SELECT coalesce(sum(lost), 0) FROM gap WHERE reason IN ('ring_full', 'recorder_down', 'disk_full')"

static void emit_exits(struct recorder_rig *r, int count)
{
	for (int i = 0; i < count; i++)
		(void)rig_exit(&r->rig, (uint32_t)i % RIG_CPUS, (uint32_t)(1000 + r->rig.sent[EV_PROCESS_EXIT]), 42, 0);
}

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

/* The batch makes rows for a container too: what memory knew of them must not outlive the failure. */
static void test_a_failed_batch_is_stored_later_and_once(void **state)
{
	static const char container[] = "/docker/00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	struct recorder_rig r;
	struct db *db = NULL;

	(void)state;
	recorder_rig_open(&r, RING);
	assert_int_equal(recorder_rig_start(&r), 0);
	assert_int_equal(db_open_write(r.path, &db), 0);
	assert_int_equal(db_exec(db, "CREATE TRIGGER broken BEFORE INSERT ON event WHEN new.pid = 1005"
				     " BEGIN SELECT RAISE(ABORT, 'no'); END"),
			 0);

	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, container);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, 42, 7, NULL);
	emit_exits(&r, 10);
	(void)pipeline_scan(r.pipeline);
	assert_int_equal(pipeline_commit(r.pipeline), -EINVAL);
	assert_non_null(strstr(pipeline_message(r.pipeline), "no"));
	assert_int_equal(r.rig.consumer, 0);
	assert_answer(&r, "SELECT count(*) FROM event", 0);
	assert_answer(&r, "SELECT count(*) FROM cgroup", 0);
	(void)pipeline_scan(r.pipeline);
	assert_int_equal(pipeline_commit(r.pipeline), -EINVAL);

	assert_int_equal(db_exec(db, "DROP TRIGGER broken"), 0);
	assert_int_equal(pipeline_commit(r.pipeline), 0);
	assert_int_equal(r.rig.consumer, r.rig.producer);
	assert_answer(&r, EXITS, 10);
	assert_answer(&r, "SELECT count(*) FROM v_events WHERE container_id IS NOT NULL AND type_number = 3", 10);
	assert_answer(&r, "SELECT count(*) FROM container", 1);
	assert_answer(&r, "SELECT count(*) FROM event WHERE type = 5", 1);
	assert_answer(&r, "SELECT stored FROM tally WHERE kind = 4", 10);
	assert_answer(&r, "SELECT count(*) FROM gap", 0);
	db_close(db);
	recorder_rig_close(&r);
}

static void test_a_deleted_database_is_made_anew(void **state)
{
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, RING);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 10);
	assert_int_equal(pipeline_drain(r.pipeline), 0);

	assert_int_equal(unlink(r.path), 0);
	emit_exits(&r, 7);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, EXITS, 7);
	assert_answer(&r, "SELECT count(*) FROM gap WHERE reason = 'store_replaced' AND lost IS NULL", 1);
	assert_answer(&r, "SELECT count(*) FROM gap", 1);
	assert_answer(&r, "SELECT stored FROM tally WHERE kind = 4", 17);
	assert_answer(&r, "SELECT min(id) > 10 FROM event", 1);

	recorder_rig_kill(&r);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 1);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, EXITS, 8);
	assert_answer(&r, "SELECT count(*) FROM gap", 1);
	recorder_rig_close(&r);
}

static void garble(const char *path, off_t offset, size_t length)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	for (size_t i = 0; i < length; i++)
		assert_int_equal(pwrite(fd, "#", 1, offset + (off_t)i), 1);
}

static int count_set_aside(const struct recorder_rig *r)
{
	char command[256];

	(void)snprintf(command, sizeof(command), "exit $(ls '%s' | grep -c '^events.db.corrupt-[0-9]*$')", r->directory);
	return WEXITSTATUS(system(command));
}

static void test_a_damaged_database_is_set_aside(void **state)
{
	static const struct {
		const char *what;
		off_t offset;
		size_t length;
	} rows[] = { { "header", 0, 100 }, { "tables", 100, 12000 }, { "all but the header", 4096, 60000 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct recorder_rig r;

		recorder_rig_open(&r, RING);
		assert_int_equal(recorder_rig_start(&r), 0);
		emit_exits(&r, 300);
		assert_int_equal(pipeline_drain(r.pipeline), 0);
		recorder_rig_kill(&r);

		garble(r.path, rows[i].offset, rows[i].length);
		row_equal(rows[i].what, recorder_rig_start(&r), 0);
		emit_exits(&r, 5);
		row_equal(rows[i].what, pipeline_drain(r.pipeline), 0);
		row_equal(rows[i].what, ask_number(r.path, EXITS), 5);
		row_equal(rows[i].what, ask_number(r.path, "SELECT count(*) FROM gap WHERE reason = 'store_replaced'"), 1);
		row_equal(rows[i].what, count_set_aside(&r), 1);
		recorder_rig_close(&r);
	}
}

static void test_a_foreign_file_is_left_alone(void **state)
{
	struct recorder_rig r;
	char path[128], text[32] = "";

	(void)state;
	recorder_rig_open(&r, RING);
	harness_write_file(path, sizeof(path), r.directory, "events.db", "a letter to my mother", 21);
	assert_int_equal(recorder_rig_start(&r), -ERROR_DB_NONE);

	AUTO_FCLOSE FILE *file = fopen(path, "re");

	assert_int_equal(fread(text, 1, sizeof(text) - 1, file), 21);
	assert_string_equal(text, "a letter to my mother");
	assert_int_equal(count_set_aside(&r), 0);
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

static void test_what_is_not_understood_becomes_a_gap(void **state)
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

static void test_loss_is_told_once_and_completely(void **state)
{
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, 4096);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 100);
	assert_true(r.rig.lost[EV_PROCESS_EXIT] > 50);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, LOST, 0); /* nothing in the ring shows it yet */
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

static void test_loss_while_no_recorder_ran_says_so(void **state)
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

static void test_a_new_session_is_no_absence(void **state)
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

static void test_records_somebody_else_took_are_a_gap(void **state)
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

static uint64_t push_busy_exit(struct rig *rig, uint32_t cpu)
{
	struct ev_process_exit record = { .h = { .abi = EV_ABI, .kind = EV_PROCESS_EXIT, .length = sizeof(record) } };
	uint64_t at = rig->producer;

	record.h.cpu = cpu;
	record.h.seq = ++rig->seq[cpu][EV_PROCESS_EXIT];
	record.h.time_ns = rig->clock_ns++;
	assert_true(rig_push(rig, &record, sizeof(record), RIG_BUSY));
	return at;
}

#define REJECTED "SELECT coalesce(sum(lost), 0) FROM gap WHERE reason = 'rejected' AND lost_type "

static void test_a_record_that_never_is_ready_costs_itself_alone(void **state)
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

	/* What the kernel loses afterwards is told as ever, once. */
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

/* Its header is not written yet: there are the bytes of an earlier record, or none. */
static void test_a_record_without_a_header_is_told_once_too(void **state)
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
		/* Neither the hole it left nor a restart tells it again. */
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

/* One CPU's records only, so that each hole is one, and with the times of now. The ring takes 36 at a time. */
static void emit_on_cpu(struct recorder_rig *r, uint32_t cpu, int count)
{
	r->rig.clock_ns = clock_boot_ns();
	for (int i = 0; i < count; i++)
		(void)rig_exit(&r->rig, cpu, (uint32_t)(1000 + i), 42, 0);
}

static void test_a_hole_told_before_a_restart_is_not_told_again(void **state)
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
	emit_on_cpu(&r, 0, 100); /* shows it, and leaves another one that nothing shows */
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

/* A hole is told with its own times, not with what was lost after it. */
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
	emit_on_cpu(&r, 0, 100); /* the first 36 show the hole, the others make one */
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, LOST, first);
	emit_on_cpu(&r, 0, 1);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, LOST, (int64_t)r.rig.lost[EV_PROCESS_EXIT]);
	assert_answer(&r, "SELECT count(*) FROM gap", 2);
	assert_answer(&r, "SELECT max(b.from_time >= a.to_time) FROM gap a JOIN gap b ON b.id > a.id", 1);
	recorder_rig_close(&r);
}

/* What the tail told of one CPU does not cover what another CPU lost later. */
static void test_a_hole_behind_the_tail_is_told_at_once(void **state)
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

	/* Now the other CPU shows what was told. */
	emit_on_cpu(&r, 1, 1);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, "SELECT count(*) FROM gap", 2);
	recorder_rig_close(&r);
}

/* The same hole, while others are lost that nothing shows yet. */
static void test_what_the_tail_told_is_not_taken_for_what_came_later(void **state)
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

/* What the last commit of the recorder waited for: 1 NORMAL, 2 FULL. */
static int64_t synchronous(const struct recorder_rig *r)
{
	struct db_stmt *stmt = NULL;
	int64_t level;

	assert_int_equal(db_prepare(pipeline_db(r->pipeline), "PRAGMA synchronous", &stmt), 0);
	assert_int_equal(db_step(stmt), 1);
	level = db_int(stmt, 0);
	db_finish(stmt);
	return level;
}

static void test_only_kills_wait_for_the_disk(void **state)
{
	struct ev_memory pressure = { .cgroup = rig_cgroup(42), .usage_bytes = 90, .limit_bytes = 100 };
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, RING);
	assert_int_equal(recorder_rig_start(&r), 0);
	assert_true(rig_emit(&r.rig, 0, EV_MEMORY_HIGH, &pressure, sizeof(pressure)));
	assert_int_equal(pipeline_scan(r.pipeline), BATCH_NOW);
	assert_int_equal(pipeline_commit(r.pipeline), 0);
	assert_answer(&r, "SELECT count(*) FROM pressure", 1);
	assert_int_equal(synchronous(&r), 1);

	(void)rig_oom(&r.rig, 5, 42, 0, 12345);
	assert_int_equal(pipeline_scan(r.pipeline), BATCH_NOW);
	assert_int_equal(pipeline_commit(r.pipeline), 0);
	assert_int_equal(synchronous(&r), 2);

	emit_exits(&r, 1);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_int_equal(synchronous(&r), 1);
	recorder_rig_close(&r);
}

/* Another process: does begin, waits until its end of the pipe is closed, does end; statuses 1 and 2 where one fails. */
struct other {
	bool (*begin)(const char *path);
	bool (*end)(void);
	pid_t pid;
	int release;
};

static struct db *others_db;

static void other_start(struct other *other, const struct recorder_rig *r)
{
	int ready[2], release[2];
	char byte = 0;

	assert_int_equal(pipe2(ready, O_CLOEXEC) | pipe2(release, O_CLOEXEC), 0);
	other->pid = fork();
	if (other->pid == 0) {
		(void)close(release[1]);
		if (!other->begin(r->path) || write(ready[1], "x", 1) != 1)
			_exit(1);
		_exit(read(release[0], &byte, 1) != 0 || (other->end && !other->end()) ? 2 : 0);
	}
	(void)close(ready[1]);
	(void)close(release[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	other->release = release[1];
}

static void other_end(struct other *other)
{
	int status;

	(void)close(other->release);
	assert_int_equal(waitpid(other->pid, &status, 0), other->pid);
	assert_int_equal(status, 0);
}

/* The lock of writers: byte 120 of the index, says SQLite's wal.c. */
static bool hold_writers_lock(const char *path, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = 120, .l_len = 1 };
	char name[160];
	int fd;

	(void)snprintf(name, sizeof(name), "%s-shm", path);
	fd = open(name, (type == F_RDLCK ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	return fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0;
}

static bool hold_as_writer(const char *path)
{
	return hold_writers_lock(path, F_WRLCK);
}

static bool hold_as_reader(const char *path)
{
	return hold_writers_lock(path, F_RDLCK);
}

static bool open_to_read(const char *path)
{
	return db_open_read(path, &others_db) == 0 && !db_wal_index_moved(others_db);
}

static bool cannot_read(void)
{
	return db_wal_index_moved(others_db) && db_exec(others_db, "SELECT count(*) FROM event") != 0;
}

static bool open_to_write(const char *path)
{
	return db_open_write(path, &others_db) == 0;
}

static bool cannot_write(void)
{
	return db_exec(others_db, "INSERT INTO event(id, type, time, boot) VALUES(99, 3, 0, 1)") != 0;
}

static void test_who_keeps_the_database_busy_is_named(void **state)
{
	struct other holder = { .begin = hold_as_writer };
	struct recorder_rig r;
	char want[64];

	(void)state;
	recorder_rig_open(&r, RING);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 3);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	other_start(&holder, &r);
	(void)snprintf(want, sizeof(want), "process %d holds a lock", (int)holder.pid);

	emit_exits(&r, 3);
	(void)pipeline_scan(r.pipeline);
	for (int i = 0; i < 2; i++) { /* the second time the database has to be opened again */
		assert_int_equal(pipeline_commit(r.pipeline), -EBUSY);
		if (!strstr(pipeline_message(r.pipeline), want))
			fail_msg("%s", pipeline_message(r.pipeline));
	}
	other_end(&holder);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, EXITS, 6);
	assert_answer(&r, "SELECT count(*) FROM gap", 0);
	recorder_rig_close(&r);
}

/* Somebody who may only read cannot stop recording; whoever had the index open cannot go on with it, to read or write. */
static void test_a_readers_lock_is_shaken_off(void **state)
{
	struct other holder = { .begin = hold_as_reader };
	struct other others[] = { { .begin = open_to_read, .end = cannot_read },
				  { .begin = open_to_write, .end = cannot_write } };
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, RING);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 3);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		other_start(&others[i], &r);
	other_start(&holder, &r);

	for (int i = 0; i < 3; i++) {
		emit_exits(&r, 3);
		assert_int_equal(pipeline_drain(r.pipeline), 0);
	}
	/* The last first: it holds the ends of the pipes of those before it. */
	other_end(&holder);
	for (size_t i = ARRAY_SIZE(others); i-- > 0;)
		other_end(&others[i]);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, EXITS, 12);
	assert_answer(&r, "SELECT count(*) FROM gap", 0);
	assert_answer(&r, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'", 1);
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
	assert_answer(&r, EXITS, 20); /* never more than were looked at */
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
		cmocka_unit_test(test_a_failed_batch_is_stored_later_and_once),
		cmocka_unit_test(test_a_deleted_database_is_made_anew),
		cmocka_unit_test(test_a_damaged_database_is_set_aside),
		cmocka_unit_test(test_a_foreign_file_is_left_alone),
		cmocka_unit_test(test_a_newer_record_stops_the_recorder),
		cmocka_unit_test(test_what_is_not_understood_becomes_a_gap),
		cmocka_unit_test(test_loss_is_told_once_and_completely),
		cmocka_unit_test(test_loss_while_no_recorder_ran_says_so),
		cmocka_unit_test(test_a_new_session_is_no_absence),
		cmocka_unit_test(test_records_somebody_else_took_are_a_gap),
		cmocka_unit_test(test_a_foreign_position_is_never_written_to_the_ring),
		cmocka_unit_test(test_a_record_that_never_is_ready_costs_itself_alone),
		cmocka_unit_test(test_a_record_without_a_header_is_told_once_too),
		cmocka_unit_test(test_a_hole_told_before_a_restart_is_not_told_again),
		cmocka_unit_test(test_each_hole_has_its_own_count),
		cmocka_unit_test(test_a_hole_behind_the_tail_is_told_at_once),
		cmocka_unit_test(test_what_the_tail_told_is_not_taken_for_what_came_later),
		cmocka_unit_test(test_a_bad_record_leaves_no_hole),
		cmocka_unit_test(test_another_ring_begins_with_a_gap),
		cmocka_unit_test(test_a_record_that_is_ready_late_is_stored),
		cmocka_unit_test(test_only_kills_wait_for_the_disk),
		cmocka_unit_test(test_who_keeps_the_database_busy_is_named),
		cmocka_unit_test(test_a_readers_lock_is_shaken_off),
		cmocka_unit_test(test_when_a_commit_is_due),
		cmocka_unit_test(test_unread_records_are_counted_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
