/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <sys/stat.h>

#include "consumer/store/clean_stop.h"
#include "consumer/store/db.h"
#include "consumer/store/row_check.h"
#include "consumer/text/error.h"
#include "tests/harness.h"

#define PAGE   4096
#define SECOND 1000000000ULL

struct fixture {
	char directory[64];
	char path[128];
	struct db *db;
};

static void open_fixture(struct fixture *f)
{
	f->db = NULL;
	harness_make_dir(f->directory, sizeof(f->directory));
	(void)snprintf(f->path, sizeof(f->path), "%s/events.db", f->directory);
	assert_int_equal(db_open_write(f->path, &f->db), 0);
}

static void close_fixture(struct fixture *f)
{
	char command[128];

	db_close(f->db);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", f->directory);
	assert_int_equal(system(command), 0);
}

/* Adds exits with the ids first to last. */
static void add_exits(struct fixture *f, int first, int last)
{
	assert_int_equal(db_exec_format(f->db,
					"WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
					" INSERT INTO event(id, type, time, boot, cgroup, comm) SELECT i, 3, i, 1, 1, 'sleep' FROM n",
					first, last), 0);
}

/* Everything is in the database file, and nothing in SQLite's memory. */
static void settle(struct fixture *f)
{
	assert_int_equal(db_exec(f->db, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA shrink_memory"), 0);
}

static void read_page(const struct fixture *f, int64_t page, unsigned char *out)
{
	AUTO_CLOSE int fd = open(f->path, O_RDONLY | O_CLOEXEC);

	assert_int_equal(pread(fd, out, PAGE, (page - 1) * PAGE), PAGE);
}

static void write_page(const struct fixture *f, int64_t page, const unsigned char *bytes)
{
	AUTO_CLOSE int fd = open(f->path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, bytes, PAGE, (page - 1) * PAGE), PAGE);
}

static int64_t root_of(const struct fixture *f, const char *name)
{
	int64_t root = 0;

	assert_int_equal(db_number(f->db, 0, &root, "SELECT rootpage FROM sqlite_master WHERE name = '%s'", name), 0);
	return root;
}

/* The result of the first step that fails, or 0; *ret_steps: how many there were. */
static int check_all(struct fixture *f, uint64_t limit_ns, int *ret_steps)
{
	struct row_check check = { .done = false };
	int r = 0;

	for (*ret_steps = 0; r == 0 && !check.done && *ret_steps < 100000; (*ret_steps)++)
		r = row_check_step(f->db, &check, limit_ns);
	return r;
}

static void test_every_table_is_read(void **state)
{
	struct fixture f;
	int64_t tables = 0, known = 0, keyed = 0;

	(void)state;
	open_fixture(&f);
	assert_int_equal(db_number(f.db, 0, &tables, "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
						      " AND name NOT LIKE 'sqlite_%%' AND name <> 'test'"), 0);
	for (const char *const *table = row_check_tables; *table; table++, known++) {
		int64_t is_keyed = -1;

		assert_int_equal(db_number(f.db, -1, &is_keyed, "SELECT sql LIKE '%% WITHOUT ROWID' FROM sqlite_master"
								" WHERE type = 'table' AND name = '%s'", *table), 0);
		row_check(*table, is_keyed >= keyed);
		keyed = is_keyed;
	}
	assert_int_equal(known, tables);
	close_fixture(&f);
}

static void test_a_sound_database_is_read_in_steps(void **state)
{
	struct fixture f;
	int steps;

	(void)state;
	open_fixture(&f);
	add_exits(&f, 1, 60000);
	assert_int_equal(check_all(&f, 60 * SECOND, &steps), 0);
	assert_in_range(steps, 16, 60);
	assert_int_equal(check_all(&f, 0, &steps), 0);
	assert_in_range(steps, 60000, 70000); /* a row each */
	assert_int_equal(db_exec(f.db, "DROP INDEX event_time"), 0);
	assert_int_equal(check_all(&f, 60 * SECOND, &steps), 0);
	close_fixture(&f);
}

static void test_damage_is_found(void **state)
{
	static const char *const names[] = { "event", "event_time", "event_cgroup", "cgroup", "sequence" };
	static const unsigned char garbage[PAGE] = { 0xff, 0x01 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct fixture f;
		int steps;

		open_fixture(&f);
		add_exits(&f, 1, 2000);
		settle(&f);
		write_page(&f, root_of(&f, names[i]), garbage);
		assert_int_equal(db_exec(f.db, "PRAGMA shrink_memory"), 0);
		row_equal(names[i], check_all(&f, SECOND, &steps), -ERROR_DB_CORRUPT);
		close_fixture(&f);
	}
}

/* The page of an index was not written: it is whole, but that of an earlier time. */
static void test_an_index_that_lacks_rows(void **state)
{
	unsigned char earlier[PAGE];
	struct fixture f;
	int steps;

	(void)state;
	open_fixture(&f);
	add_exits(&f, 1, 10);
	settle(&f);
	read_page(&f, root_of(&f, "event_time"), earlier);
	add_exits(&f, 11, 110);
	settle(&f);
	assert_int_equal(check_all(&f, SECOND, &steps), 0);
	write_page(&f, root_of(&f, "event_time"), earlier);
	assert_int_equal(db_exec(f.db, "PRAGMA shrink_memory"), 0);
	assert_int_equal(check_all(&f, SECOND, &steps), -ERROR_DB_CORRUPT);
	close_fixture(&f);
}

static void test_the_mark_of_a_clean_stop(void **state)
{
	struct fixture f;
	bool clean = false;

	(void)state;
	open_fixture(&f);
	assert_int_equal(clean_stop_take(f.db, &clean), 0);
	assert_true(clean); /* a new database */
	assert_int_equal(clean_stop_take(f.db, &clean), 0);
	assert_false(clean);
	assert_int_equal(clean_stop_write(f.db), 0);
	assert_int_equal(clean_stop_write(f.db), 0);
	assert_int_equal(clean_stop_take(f.db, &clean), 0);
	assert_true(clean);
	close_fixture(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_table_is_read),
		cmocka_unit_test(test_a_sound_database_is_read_in_steps),
		cmocka_unit_test(test_damage_is_found),
		cmocka_unit_test(test_an_index_that_lacks_rows),
		cmocka_unit_test(test_the_mark_of_a_clean_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
