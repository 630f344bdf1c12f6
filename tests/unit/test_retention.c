/* SPDX-License-Identifier: BSD-2-Clause */
/* What retention deletes first when the database is too large, what it never deletes, and that recording does not wait. */
#include <time.h>

#include "consumer/record/kind.h"
#include "consumer/store/retention.h"
#include "tests/pipeline_rig.h"
#include "tests/unit/scratch_db.h"

#define NOW 1000000000000000000LL
#define NUMBERS(last) "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " last ") "

static int64_t ask(struct db *db, const char *sql)
{
	struct db_stmt *stmt = NULL;
	int64_t number;

	if (db_prepare(db, sql, &stmt) != 0)
		fail_msg("%s: %s", sql, db_message(db));
	assert_int_equal(db_step(stmt), 1);
	number = db_int(stmt, 0);
	db_finish(stmt);
	return number;
}

static int64_t used(struct db *db)
{
	return (ask(db, "PRAGMA page_count") - ask(db, "PRAGMA freelist_count")) * ask(db, "PRAGMA page_size");
}

/* Runs retention until the database fits the size. */
static void retain(struct db *db, uint64_t size)
{
	const struct retention_settings settings = { .size = size, .storages = kind_storages };
	int steps = 0, r;

	while ((r = retention_step(db, &settings, NOW)) > 0)
		assert_true(++steps < 10000);
	assert_int_equal(r, 0);
}

static const char cgroups[] =
	"INSERT INTO boot VALUES(1, 'x');" NUMBERS("60000")
	"INSERT INTO cgroup(cgroup, boot, hierarchy, kernfs_id, path, kind, meta_source, removed)"
	" SELECT i, 1, 0, i, '/a/rather/long/path/of/a/cgroup/that/nobody/remembers/' || i, 1, 'kernel', 5 FROM n;";

static const char few_events[] =
	"INSERT INTO event(id, type, time, boot, cgroup, flags) VALUES(1, 3, 5, 1, 59999, 0), (2, 1, 6, 1, 60000, NULL);"
	"INSERT INTO oom(id, incident, decision, limit_source, group_kill, chosen, trigger_cgroup, limit_cgroup)"
	" VALUES(2, 2, 6, 'kernel', 0, 1, 10, 11);";

static void test_names_go_before_events(void **state)
{
	struct scratch_db scratch;

	(void)state;
	scratch_db_open(&scratch, cgroups);
	assert_int_equal(db_exec(scratch.db, few_events), 0);
	assert_true(used(scratch.db) > 4 << 20);
	retain(scratch.db, 1 << 20);
	assert_int_equal(ask(scratch.db, "SELECT count(*) FROM event"), 2);
	assert_int_equal(ask(scratch.db, "SELECT count(*) FROM cgroup WHERE cgroup IN (59999, 60000, 10, 11)"), 4);
	assert_true(used(scratch.db) <= 1 << 20);
	scratch_db_close(&scratch);
}

static void test_names_go_without_any_event(void **state)
{
	struct scratch_db scratch;

	(void)state;
	scratch_db_open(&scratch, cgroups);
	retain(scratch.db, 1 << 20);
	assert_true(used(scratch.db) <= 1 << 20);
	scratch_db_close(&scratch);
}

/* Records of a cgroup that was just removed may still be unread. */
static void test_a_removed_cgroup_is_kept_for_a_moment(void **state)
{
	struct scratch_db scratch;

	(void)state;
	scratch_db_open(&scratch, cgroups);
	assert_int_equal(db_exec(scratch.db, "UPDATE cgroup SET removed = 999999999000000000 WHERE cgroup < 100"), 0);
	retain(scratch.db, 1 << 20);
	assert_int_equal(ask(scratch.db, "SELECT count(*) FROM cgroup WHERE cgroup < 100"), 99);
	scratch_db_close(&scratch);
}

/* Old kills, old pressure, and then a storm of exits and forks. */
static const char storm[] =
	"INSERT INTO boot VALUES(1, 'x');" NUMBERS("3000")
	"INSERT INTO event(id, type, time, boot) SELECT i, 1, i, 1 FROM n;" NUMBERS("3000")
	"INSERT INTO oom(id, incident, decision, limit_source, group_kill, chosen) SELECT i, i, i, 'kernel', 0, 1 FROM n;"
	NUMBERS("3000") "INSERT INTO event(id, type, time, boot) SELECT 3000 + i, 2, 3000 + i, 1 FROM n;" NUMBERS("3000")
	"INSERT INTO pressure(id, level) SELECT 3000 + i, 'high' FROM n;" NUMBERS("150000")
	"INSERT INTO event(id, type, time, boot, pid, comm, flags)"
	" SELECT 6000 + i, 3 + (i % 10 = 0), 6000 + i, 1, i, 'a command', i % 1000 = 7 FROM n;" NUMBERS("15000")
	"INSERT INTO fork(id, child_pid) SELECT 6000 + 10 * i, 7 FROM n;"
	"INSERT INTO event(id, type, time, boot) VALUES(200000, 7, 200000, 1), (200001, 5, 200001, 1);"
	"INSERT INTO gap(id, reason) VALUES(200000, 'ring_full');"
	"INSERT INTO lifecycle(id, container) VALUES(200001, 1);";

static void test_exits_go_before_kills(void **state)
{
	struct retention_report report;
	struct scratch_db scratch;
	int64_t left;

	(void)state;
	scratch_db_open(&scratch, storm);
	assert_true(used(scratch.db) > 6 << 20);
	retain(scratch.db, 4 << 20);
	assert_true(used(scratch.db) <= 4 << 20);
	assert_int_equal(ask(scratch.db, "SELECT count(*) FROM oom"), 3000);
	assert_int_equal(ask(scratch.db, "SELECT count(*) FROM pressure"), 3000);
	assert_int_equal(ask(scratch.db, "SELECT count(*) FROM event WHERE type NOT IN (3, 4)"), 6002);
	assert_int_equal(ask(scratch.db, "SELECT count(*) FROM event WHERE flags & 1"), 150);
	left = ask(scratch.db, "SELECT count(*) FROM event");
	assert_true(left > 20000);
	assert_int_equal(ask(scratch.db, "SELECT count(*) FROM event e LEFT JOIN fork f ON f.id = e.id"
					 " WHERE e.type = 4 AND f.id IS NULL"), 0);
	assert_int_equal(ask(scratch.db, "SELECT count(*) FROM fork"),
			 ask(scratch.db, "SELECT count(*) FROM event WHERE type = 4"));
	/* the oldest were deleted, without holes */
	assert_int_equal(ask(scratch.db, "SELECT max(id) - min(id) + 1 - count(*) FROM event"
					 " WHERE id > (SELECT min(id) FROM event WHERE type IN (3, 4) AND NOT flags & 1)"
					 " AND id < 200000"), 0);

	assert_int_equal(retention_take_report(scratch.db, &report), 0);
	assert_int_equal(report.removed, 156002 - left);
	assert_int_equal(report.oldest, 1);
	assert_int_equal(report.all_since,
			 ask(scratch.db, "SELECT min(time) FROM event WHERE type IN (3, 4) AND NOT flags & 1"));
	assert_int_equal(retention_take_report(scratch.db, &report), 0);
	assert_int_equal(report.removed, 0);
	scratch_db_close(&scratch);
}

/* When exits are not enough, pressure follows; kills, gaps and starts of containers are the last. */
static void test_pressure_goes_before_kills(void **state)
{
	struct scratch_db scratch;
	int64_t kills;

	(void)state;
	scratch_db_open(&scratch, storm);
	retain(scratch.db, 300 << 10);
	assert_int_equal(ask(scratch.db, "SELECT count(*) FROM event WHERE type IN (3, 4) AND NOT flags & 1"), 0);
	assert_int_equal(ask(scratch.db, "SELECT count(*) FROM pressure"), 0);
	assert_int_equal(ask(scratch.db, "SELECT count(*) FROM event WHERE type = 2"), 0);
	kills = ask(scratch.db, "SELECT count(*) FROM oom");
	assert_true(kills > 0 && kills < 3000);
	assert_int_equal(ask(scratch.db, "SELECT count(*) FROM event WHERE type IN (5, 7)"), 2);
	scratch_db_close(&scratch);
}

/* More existing cgroups than the bound has room for: they cannot be deleted. */
static const char live_cgroups[] =
	"INSERT INTO boot VALUES(1, 'x');" NUMBERS("30000")
	"INSERT INTO cgroup(cgroup, boot, hierarchy, kernfs_id, path, kind, meta_source)"
	" SELECT i, 1, 0, i, '/a/rather/long/path/of/a/cgroup/that/somebody/needs/' || i, 1, 'kernel' FROM n;";

#define EXITS(last) NUMBERS(last) "INSERT INTO event(type, time, boot, cgroup, flags) SELECT 3, i, 1, 1 + i % 30000, 0 FROM n;"

static void test_existing_cgroups_cost_no_events(void **state)
{
	struct scratch_db scratch;
	int64_t names, left;

	(void)state;
	scratch_db_open(&scratch, live_cgroups);
	names = used(scratch.db);
	assert_true(names > 2 << 20);
	assert_int_equal(db_exec(scratch.db, EXITS("5000")), 0);
	retain(scratch.db, 1 << 20);
	assert_int_equal(ask(scratch.db, "SELECT count(*) FROM event"), 5000);
	assert_int_equal(ask(scratch.db, "SELECT count(*) FROM cgroup"), 30000);

	/* Events keep half of the bound. */
	assert_int_equal(db_exec(scratch.db, EXITS("100000")), 0);
	retain(scratch.db, 1 << 20);
	left = ask(scratch.db, "SELECT count(*) FROM event");
	assert_in_range(left, 2000, 40000);
	assert_true(used(scratch.db) < names + (2 << 20));
	assert_int_equal(ask(scratch.db, "SELECT count(*) FROM cgroup"), 30000);
	scratch_db_close(&scratch);
}

#define DAY "86400000000000"

/* A container that has been running for a year, one that stopped a year ago, and gaps of a year ago and of today. */
static const char old_instances[] =
	"INSERT INTO boot VALUES(1, 'x');"
	"INSERT INTO ring VALUES(7, 1, 4096, 9, 9); INSERT INTO tally VALUES(7, 3, 100, 1, 2);"
	"INSERT INTO sequence VALUES(7, 0, 3, 100, 5);"
	"INSERT INTO pod(pod, uid) VALUES(1, 'lives'), (2, 'gone');"
	"INSERT INTO container(container, boot, id, pod, cgroup, started, stopped)"
	" VALUES(1, 1, 'lives', 1, 1, 5, NULL), (2, 1, 'gone', 2, 2, 5, 6);"
	"INSERT INTO cgroup(cgroup, boot, hierarchy, kernfs_id, path, kind, container, pod, meta_source, removed)"
	" VALUES(1, 1, 0, 1, '/a', 2, 1, 1, 'kernel', NULL), (2, 1, 0, 2, '/b', 2, 2, 2, 'kernel', 6);"
	"INSERT INTO event(id, type, time, boot, cgroup) VALUES(1, 5, 5, 1, 1), (2, 5, 5, 1, 2), (3, 6, 6, 1, 2),"
	" (4, 7, 7, 1, NULL), (5, 7, 1000000000000000000 - " DAY ", 1, NULL), (6, 3, 1000000000000000000, 1, NULL);"
	"INSERT INTO lifecycle(id, container) VALUES(1, 1), (2, 2), (3, 2);"
	"INSERT INTO gap(id, reason) VALUES(4, 'ring_full'), (5, 'ring_full');";

static void test_rows_in_use_are_kept(void **state)
{
	const struct retention_settings settings = { .age_ns = 2592000000000000, .storages = kind_storages };
	struct scratch_db scratch;
	int r, steps = 0;

	(void)state;
	scratch_db_open(&scratch, old_instances);
	while ((r = retention_step(scratch.db, &settings, NOW)) > 0)
		assert_true(++steps < 100);
	assert_int_equal(r, 0);
	assert_int_equal(ask(scratch.db, "SELECT group_concat(id, '') FROM event"), 56);
	assert_int_equal(ask(scratch.db, "SELECT sum(id) FROM gap"), 5);
	assert_int_equal(ask(scratch.db, "SELECT count(*) FROM lifecycle"), 0);
	/* the running container keeps its names and its start, the other one nothing */
	assert_int_equal(ask(scratch.db, "SELECT sum(container) FROM container WHERE started = 5"), 1);
	assert_int_equal(ask(scratch.db, "SELECT sum(cgroup) FROM cgroup"), 1);
	assert_int_equal(ask(scratch.db, "SELECT sum(pod) FROM pod"), 1);
	/* counters are not affected by retention */
	assert_int_equal(ask(scratch.db, "SELECT stored FROM tally"), 100);
	assert_int_equal(ask(scratch.db, "SELECT next_id FROM ring"), 9);
	assert_int_equal(ask(scratch.db, "SELECT seq FROM sequence"), 100);
	scratch_db_close(&scratch);
}

static int64_t monotonic_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* CPU time of this process, since other processes must not influence the result. */
static int64_t cpu_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* All events are a day old. */
#define BACKLOG(rows) NUMBERS(rows) \
	"INSERT INTO event(type, time, boot, cgroup, pid, comm, flags)" \
	" SELECT 3, 1000000000000000000 - " DAY " + i, 1, 1 + i * 7919 % 1000, i, 'sleep', 0 FROM n;"

/* Brings the backlog of 200000 events to an end, with commits between its steps. */
static void retain_beside_commits(struct recorder_rig *rig, const struct retention_settings *settings)
{
	struct db *db = pipeline_db(rig->pipeline);
	int64_t before = ask(db, "SELECT count(*) FROM event"), pages = ask(db, "PRAGMA page_count");
	int steps = 0, r = 1;

	while (r > 0) {
		int64_t began = cpu_ms(), now, after;

		for (uint32_t i = 0; i < 20; i++)
			assert_int_equal(rig_exit(&rig->rig, 0, i, 4000, 0), 1);
		r = retention_step(db, settings, NOW);
		assert_true(r >= 0);
		assert_int_equal(pipeline_drain(rig->pipeline), 0);
		assert_in_range(cpu_ms() - began, 0, 500);

		after = ask(db, "SELECT count(*) FROM event") - 20;
		assert_in_range(before - after, 0, RETENTION_STEP_ROWS);
		before = after + 20;
		now = ask(db, "PRAGMA page_count");
		assert_true(pages - now <= RETENTION_STEP_ROWS);
		pages = now;
		assert_true(++steps < 20000);
	}
	assert_true(steps >= 50);
}

static void fill_backlog(struct recorder_rig *rig)
{
	recorder_rig_open(rig, 65536);
	change(rig->path, "BEGIN;" BACKLOG("200000") "COMMIT");
	assert_int_equal(recorder_rig_start(rig), 0);
}

static void test_recording_goes_on_by_age(void **state)
{
	const struct retention_settings settings = { .age_ns = 3600000000000, .storages = kind_storages };
	struct recorder_rig rig;
	uint64_t full, file, log;

	(void)state;
	fill_backlog(&rig);
	db_file_sizes(pipeline_db(rig.pipeline), &full, &log);
	retain_beside_commits(&rig, &settings);
	assert_int_equal(ask(pipeline_db(rig.pipeline), "SELECT count(*) FROM event WHERE time < 1000000000000000000"), 0);
	/* and the file has shrunk */
	assert_int_equal(db_exec(pipeline_db(rig.pipeline), "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
	db_file_sizes(pipeline_db(rig.pipeline), &file, &log);
	assert_true(full > 12 << 20);
	assert_true(file < 6 << 20);
	recorder_rig_close(&rig);
}

static void test_recording_goes_on_by_size(void **state)
{
	const struct retention_settings settings = { .size = 8 << 20, .storages = kind_storages };
	struct recorder_rig rig;
	uint64_t file, log;

	(void)state;
	fill_backlog(&rig);
	retain_beside_commits(&rig, &settings);
	db_file_sizes(pipeline_db(rig.pipeline), &file, &log);
	assert_true(file + log <= (8 << 20) + (4 << 20));
	assert_true(ask(pipeline_db(rig.pipeline), "SELECT count(*) FROM event") > 20000);
	recorder_rig_close(&rig);
}

/* A long read keeps the WAL from being truncated, and retention does not wait for it. */
static void test_a_reader_does_not_delay_retention(void **state)
{
	const struct retention_settings settings = { .size = 12 << 20, .storages = kind_storages };
	struct db_stmt *stmt = NULL;
	struct scratch_db scratch;
	struct db *reader = NULL;
	int64_t began;

	(void)state;
	scratch_db_open(&scratch, cgroups);
	assert_int_equal(db_open_read(scratch.path, &reader), 0);
	assert_int_equal(db_prepare(reader, "SELECT cgroup FROM cgroup", &stmt), 0);
	assert_int_equal(db_step(stmt), 1);
	assert_int_equal(db_exec(scratch.db, "UPDATE cgroup SET removed = 6"), 0);
	began = monotonic_ms();
	for (int i = 0; i < 3; i++)
		assert_true(retention_step(scratch.db, &settings, NOW) >= 0);
	assert_in_range(monotonic_ms() - began, 0, 1500);
	db_close(reader);
	scratch_db_close(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_go_before_events),
		cmocka_unit_test(test_names_go_without_any_event),
		cmocka_unit_test(test_a_removed_cgroup_is_kept_for_a_moment),
		cmocka_unit_test(test_exits_go_before_kills),
		cmocka_unit_test(test_pressure_goes_before_kills),
		cmocka_unit_test(test_existing_cgroups_cost_no_events),
		cmocka_unit_test(test_rows_in_use_are_kept),
		cmocka_unit_test(test_recording_goes_on_by_age),
		cmocka_unit_test(test_recording_goes_on_by_size),
		cmocka_unit_test(test_a_reader_does_not_delay_retention),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
