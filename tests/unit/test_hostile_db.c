/* SPDX-License-Identifier: BSD-2-Clause */
/* Databases that were made to mislead or to exhaust their readers. */
#include <fcntl.h>
#include <sqlite3.h>

#include "consumer/store/db.h"
#include "consumer/store/read_bounds.h"
#include "consumer/text/error.h"
#include "tests/harness.h"

struct fixture {
	char directory[64];
	char path[128];
};

static void open_fixture(struct fixture *f)
{
	struct db *db = NULL;

	harness_make_dir(f->directory, sizeof(f->directory));
	(void)snprintf(f->path, sizeof(f->path), "%s/events.db", f->directory);
	assert_int_equal(db_open_write(f->path, &db), 0);
	db_close(db);
}

static void close_fixture(struct fixture *f)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", f->directory);
	assert_int_equal(system(command), 0);
}

/* As another program would, without any of our settings. */
static void change(struct fixture *f, const char *sql)
{
	char *message = NULL;
	sqlite3 *handle;

	assert_int_equal(sqlite3_open(f->path, &handle), SQLITE_OK);
	(void)sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
	if (sqlite3_exec(handle, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static int open_changed(const char *sql)
{
	struct fixture f;
	struct db *db = NULL;
	int r;

	open_fixture(&f);
	change(&f, sql);
	r = db_open_read(f.path, &db);
	db_close(db);
	close_fixture(&f);
	return r;
}

#define ENDLESS "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "
#define LIE	"PRAGMA writable_schema = ON;"

static const char *const lies[] = {
	"DROP TABLE type; CREATE VIEW type AS " ENDLESS "i AS type, 'x' AS name FROM n",
	"DROP TABLE boot; CREATE VIEW boot AS " ENDLESS "i AS boot, 'x' AS boot_id FROM n",
	"DROP TABLE fork; CREATE TABLE fork(id INTEGER PRIMARY KEY, child_pid INTEGER NOT NULL,"
	" child_comm TEXT GENERATED ALWAYS AS (printf('%.*c', 900000000, 'x')) VIRTUAL)",
	"DROP TABLE fork; CREATE TABLE fork(id INTEGER PRIMARY KEY, child_pid INTEGER NOT NULL, child_comm)",
	"ALTER TABLE fork ADD COLUMN more",
	"DROP TABLE fork",
	"DROP VIEW v_gap",
	"DROP VIEW v_gap; CREATE VIEW v_gap AS SELECT 1",
	"CREATE TABLE more(a)",
	"CREATE VIEW more AS SELECT 1",
	"CREATE TRIGGER more AFTER INSERT ON event BEGIN SELECT 1; END",
	LIE "INSERT INTO sqlite_master VALUES('table', 'more', 'more', 0, 'CREATE VIRTUAL TABLE more USING json_each')",
	LIE "UPDATE sqlite_master SET sql = replace(sql, 'comm TEXT', 'comm TEXT CHECK(length(comm) < 9)') WHERE name = 'event'",
	LIE "UPDATE sqlite_master SET type = 'view' WHERE name = 'event'",
	LIE "UPDATE sqlite_master SET name = 'v_fork' WHERE name = 'v_gap'",
	/* SQLite loads the text and ignores the type. */
	LIE "UPDATE sqlite_master SET type = 'index', rootpage = 0, sql = 'CREATE VIEW event AS " ENDLESS
	    "i AS id FROM n' WHERE name = 'event'",
	LIE "INSERT INTO sqlite_master VALUES('index', 'more', 'event', 0, 'CREATE TRIGGER more AFTER INSERT ON event"
	    " BEGIN SELECT 1; END')",
	NULL,
};

static void test_a_schema_that_lies_is_refused(void **state)
{
	(void)state;
	for (const char *const *sql = lies; *sql; sql++) {
		int r = open_changed(*sql);

		if (r != -ERROR_DB_SCHEMA && r != -ERROR_DB_CORRUPT)
			fail_msg("%s: %d", *sql, r);
	}
}

/* Indexes may be missing or more: a database made by an earlier build lacks some. */
static void test_other_indexes_are_allowed(void **state)
{
	(void)state;
	assert_int_equal(open_changed("SELECT 1"), 0);
	assert_int_equal(open_changed("DROP INDEX event_time"), 0);
	assert_int_equal(open_changed("CREATE INDEX more ON event(pid, uid)"), 0);
	assert_int_equal(open_changed("CREATE UNIQUE INDEX more ON event(id)"), 0);
}

/* A schema that is larger than any of ours is not even read to its end. */
static void test_a_huge_schema_is_refused(void **state)
{
	int r;

	(void)state;
	r = open_changed(LIE "INSERT INTO sqlite_master VALUES('view', 'more', 'more', 0,"
			     " 'CREATE VIEW more AS SELECT ' || replace(hex(zeroblob(3000000)), '0', ' ') || '1')");
	assert_true(r == -ERROR_VALUE_SIZE || r == -ERROR_DB_CORRUPT);
}

static void test_a_huge_value_is_refused(void **state)
{
	struct db_stmt *stmt = NULL;
	struct fixture f;
	struct db *db = NULL;

	(void)state;
	open_fixture(&f);
	change(&f, "INSERT INTO boot VALUES(77, replace(hex(zeroblob(3000000)), '0', 'x'))");
	assert_int_equal(db_open_read(f.path, &db), 0);
	assert_int_equal(db_prepare(db, "SELECT boot_id FROM boot", &stmt), 0);
	assert_int_equal(db_step(stmt), -ERROR_VALUE_SIZE);
	db_close(db);
	close_fixture(&f);
}

/* Time and memory grow with the bytes of the file; a hole has none. */
static void test_bounds_grow_with_the_file(void **state)
{
	struct read_bounds small, sparse, large;
	struct fixture f;

	(void)state;
	open_fixture(&f);
	small = read_bounds_of(f.path);
	assert_true(small.memory <= 64 << 20 && small.cpu_s <= 60);
	assert_int_equal(read_bounds_of("/nonexistent/db").cpu_s, small.cpu_s);

	int fd = open(f.path, O_RDWR | O_CLOEXEC);

	assert_int_equal(ftruncate(fd, 1LL << 40), 0);
	sparse = read_bounds_of(f.path);
	assert_int_equal(sparse.cpu_s, small.cpu_s);
	assert_true(sparse.memory <= 64 << 20);
	assert_int_equal(posix_fallocate(fd, 0, 16 << 20), 0);
	large = read_bounds_of(f.path);
	assert_int_equal(large.cpu_s, small.cpu_s + 64);
	assert_true(large.memory >= small.memory + (32 << 20));
	assert_int_equal(close(fd), 0);
	close_fixture(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_schema_that_lies_is_refused),
		cmocka_unit_test(test_other_indexes_are_allowed),
		cmocka_unit_test(test_a_huge_schema_is_refused),
		cmocka_unit_test(test_a_huge_value_is_refused),
		cmocka_unit_test(test_bounds_grow_with_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
