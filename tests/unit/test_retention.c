/* SPDX-License-Identifier: BSD-2-Clause */
/* What goes first when the database is too large, and that it ends. */
#include "consumer/retention.h"
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

/* Until it fits. */
static void retain(struct db *db, uint64_t size)
{
	const struct retention_settings settings = { .size = size };
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

/* A record of a cgroup that has just gone may not have been read yet. */
static void test_a_name_stays_a_moment(void **state)
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
	/* the oldest went, in one piece */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_go_before_events),
		cmocka_unit_test(test_names_go_without_any_event),
		cmocka_unit_test(test_a_name_stays_a_moment),
		cmocka_unit_test(test_exits_go_before_kills),
		cmocka_unit_test(test_pressure_goes_before_kills),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
