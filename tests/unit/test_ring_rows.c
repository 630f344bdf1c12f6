/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/gap.h"
#include "consumer/record/kind.h"
#include "consumer/store/retention.h"
#include "consumer/store/ring_rows.h"
#include "tests/pipeline_rig.h"

#define GENERATION 0x8000000000000001
#define DAY_NS     86400000000000LL
#define NOW        (1000 * DAY_NS)

struct fixture {
	char directory[64];
	char path[128];
	struct db *db;
	struct ring_rows *store;
};

static void open_store(struct fixture *f, uint64_t generation)
{
	assert_int_equal(db_open_write(f->path, &f->db), 0);
	assert_int_equal(ring_rows_open(f->db, generation, 1, kind_storages, &f->store), 0);
}

static void close_store(struct fixture *f)
{
	ring_rows_close(f->store);
	db_close(f->db);
}

static void open_fixture(struct fixture *f)
{
	harness_make_dir(f->directory, sizeof(f->directory));
	(void)snprintf(f->path, sizeof(f->path), "%s/events.db", f->directory);
	open_store(f, GENERATION);
}

static void close_fixture(struct fixture *f)
{
	char command[128];

	close_store(f);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", f->directory);
	assert_int_equal(system(command), 0);
}

static struct ev_row exit_row(int64_t time)
{
	struct ev_row row = { .storage = &storage_process_exit, .time = time, .task = { .pid = 7, .comm = { "sh", 2 } } };

	row.status = 256;
	row.flags = 0;
	row.duration_ns = EV_UNKNOWN;
	return row;
}

static void add(struct fixture *f, int count, int64_t time)
{
	for (int i = 0; i < count; i++) {
		struct ev_row row = exit_row(time);

		assert_int_equal(ring_rows_add(f->store, &row, NULL), 0);
	}
}

/* Every insert is prepared when the database is opened: a table that is missing shows then, not at the first OOM kill. */
static void test_a_missing_table_shows_at_the_start(void **state)
{
	struct ring_rows *store;
	struct fixture f;

	(void)state;
	open_fixture(&f);
	ring_rows_close(f.store);
	f.store = NULL;
	assert_int_equal(db_exec(f.db, "ALTER TABLE oom RENAME TO gone"), 0);
	assert_true(ring_rows_open(f.db, GENERATION, 1, kind_storages, &store) < 0);
	close_fixture(&f);
}

static void test_position_and_counts_survive(void **state)
{
	struct fixture f;
	struct ring_sequence *sequence;

	(void)state;
	open_fixture(&f);
	assert_false(ring_rows_knows_ring(f.store));
	assert_int_equal(db_begin(f.db, false), 0);
	add(&f, 3, 5);
	ring_rows_counters(f.store, EV_PROCESS_EXIT)->stored = 3;
	ring_rows_counters(f.store, 999)->rejected = 2;
	ring_rows_counters(f.store, EV_OOM_KILL)->lost = 9;
	sequence = ring_rows_sequence(f.store, 130, EV_PROCESS_EXIT);
	assert_non_null(sequence);
	*sequence = (struct ring_sequence){ 77, 5 };
	assert_int_equal(ring_rows_finish(f.store, 1ULL << 63, 6), 0);
	assert_int_equal(db_commit(f.db), 0);
	ring_rows_committed(f.store);
	close_store(&f);

	open_store(&f, GENERATION);
	assert_true(ring_rows_knows_ring(f.store));
	assert_true(ring_rows_position(f.store) == 1ULL << 63);
	assert_int_equal(ring_rows_counters(f.store, EV_PROCESS_EXIT)->stored, 3);
	assert_int_equal(ring_rows_counters(f.store, 0)->rejected, 2);
	assert_int_equal(ring_rows_counters(f.store, EV_OOM_KILL)->lost, 9);
	assert_int_equal(ring_rows_sequence(f.store, 130, EV_PROCESS_EXIT)->seq, 77);
	assert_int_equal(ring_rows_sequence(f.store, 129, EV_PROCESS_EXIT)->seq, 0);
	assert_null(ring_rows_sequence(f.store, 1 << 20, EV_PROCESS_EXIT));
	assert_int_equal(ring_rows_last_time(f.store), 5);
	close_store(&f);

	open_store(&f, 2); /* another ring has no state yet */
	assert_false(ring_rows_knows_ring(f.store));
	assert_int_equal(ring_rows_counters(f.store, EV_PROCESS_EXIT)->stored, 0);
	close_fixture(&f);
}

/* Exits are inserted some at a time: any number of them arrives, with its own text. */
static void test_any_number_of_exits(void **state)
{
	struct fixture f;
	int64_t total = 0;

	(void)state;
	open_fixture(&f);
	for (int count = 0; count < 40; count++) {
		assert_int_equal(db_begin(f.db, false), 0);
		for (int i = 0; i < count; i++) {
			char comm[24];
			struct ev_row row = exit_row(5);

			(void)snprintf(comm, sizeof(comm), "%lld", (long long)++total);
			row.task.comm = (struct row_comm){ comm, strlen(comm) };
			assert_int_equal(ring_rows_add(f.store, &row, NULL), 0);
			(void)memset(comm, '#', sizeof(comm));
		}
		assert_int_equal(ring_rows_finish(f.store, 8, 6), 0);
		assert_int_equal(db_commit(f.db), 0);
		assert_int_equal(ask_number(f.path, "SELECT count(*) FROM event"), total);
	}
	assert_int_equal(ask_number(f.path, "SELECT count(*) FROM event WHERE comm = CAST(id AS TEXT)"), total);
	close_fixture(&f);
}

static void test_ids_are_never_used_again(void **state)
{
	struct fixture f;
	struct ev_row row = exit_row(5);
	int64_t id = 0;

	(void)state;
	open_fixture(&f);
	assert_int_equal(db_begin(f.db, false), 0);
	add(&f, 5, 5);
	assert_int_equal(ring_rows_finish(f.store, 8, 6), 0);
	assert_int_equal(db_commit(f.db), 0);
	ring_rows_committed(f.store);
	assert_int_equal(db_exec(f.db, "DELETE FROM event"), 0);
	close_store(&f);

	open_store(&f, 2);
	assert_int_equal(ring_rows_add(f.store, &row, &id), 0);
	assert_int_equal(id, 6);
	close_fixture(&f);
}

static void test_unknown_numbers_are_null(void **state)
{
	struct fixture f;
	struct ev_row row = { .storage = &storage_process_exit, .time = 5 };

	(void)state;
	open_fixture(&f);
	row.status = row.flags = EV_UNKNOWN;
	row.duration_ns = EV_UNLIMITED;
	assert_int_equal(ring_rows_add(f.store, &row, NULL), 0);
	assert_int_equal(ring_rows_finish(f.store, 8, 6), 0);
	assert_int_equal(ask_number(f.path, "SELECT count(*) FROM event WHERE pid IS NULL"
					    " AND ppid IS NULL AND uid IS NULL AND comm IS NULL AND cgroup IS NULL"
					    " AND status IS NULL AND flags IS NULL AND duration IS NULL"),
			 1);
	close_fixture(&f);
}

static void test_a_batch_that_is_rolled_back_leaves_nothing(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f);
	assert_int_equal(db_begin(f.db, true), 0);
	add(&f, 5, 5);
	assert_int_equal(ring_rows_finish(f.store, 8, 6), 0);
	db_rollback(f.db);
	db_rollback(f.db);
	close_store(&f);
	open_store(&f, GENERATION);
	assert_false(ring_rows_knows_ring(f.store));
	assert_int_equal(ask_number(f.path, "SELECT count(*) FROM event"), 0);
	close_fixture(&f);
}

static int retain(struct fixture *f, const struct retention_settings *settings)
{
	int steps = 0, r;

	while ((r = retention_step(f->db, settings, NOW)) > 0)
		assert_true(++steps < 10000);
	assert_int_equal(r, 0);
	return steps;
}

static void test_retention_by_age(void **state)
{
	const struct retention_settings settings = { .age_ns = 30 * DAY_NS, .storages = kind_storages };
	const struct gap gap = { "ring_full", EV_PROCESS_EXIT, 1, 0, 0 };
	struct fixture f;

	(void)state;
	open_fixture(&f);
	assert_int_equal(db_begin(f.db, false), 0);
	assert_int_equal(gap_add(f.store, &gap, NOW - 40 * DAY_NS), 0);
	add(&f, 5000, NOW - 31 * DAY_NS);
	add(&f, 300, NOW - 29 * DAY_NS);
	add(&f, 1, NOW - 31 * DAY_NS); /* old, but arrived late: goes with those before it */
	ring_rows_counters(f.store, EV_PROCESS_EXIT)->stored = 5301;
	assert_int_equal(ring_rows_finish(f.store, 8, 6), 0);
	assert_int_equal(db_commit(f.db), 0);

	assert_true(retain(&f, &settings) >= 3); /* in steps */
	assert_int_equal(ask_number(f.path, "SELECT count(*) FROM event"), 301);
	assert_int_equal(ask_number(f.path, "SELECT count(*) FROM gap"), 0);
	assert_int_equal(ask_number(f.path, "SELECT stored FROM tally"), 5301);
	assert_int_equal(retain(&f, &settings), 0);
	close_fixture(&f);
}

static void test_retention_by_size_shrinks_the_file(void **state)
{
	const struct retention_settings settings = { .size = 4 << 20, .storages = kind_storages };
	struct fixture f;
	struct stat st;
	off_t before;

	(void)state;
	open_fixture(&f);
	assert_int_equal(db_begin(f.db, false), 0);
	add(&f, 200000, NOW);
	assert_int_equal(db_commit(f.db), 0);
	assert_int_equal(db_exec(f.db, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
	assert_int_equal(stat(f.path, &st), 0);
	before = st.st_size;
	assert_true(before > 8 << 20);

	(void)retain(&f, &settings);
	assert_int_equal(db_exec(f.db, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
	assert_int_equal(stat(f.path, &st), 0);
	assert_true(st.st_size < (7 << 20));
	assert_true(ask_number(f.path, "SELECT count(*) FROM event") > 50000);
	assert_int_equal(ask_number(f.path, "SELECT max(id) FROM event"), 200000);
	close_fixture(&f);
}

static void test_retention_removes_unused_names(void **state)
{
	const struct retention_settings settings = { .age_ns = 30 * DAY_NS, .storages = kind_storages };
	struct fixture f;

	(void)state;
	open_fixture(&f);
	assert_int_equal(db_exec(f.db, "INSERT INTO boot VALUES(1, 'x');"
				       "INSERT INTO pod(pod, uid) VALUES(1, 'a'), (2, 'b');"
				       "INSERT INTO container(container, boot, id, pod, stopped)"
				       " VALUES(1, 1, 'gone', 1, 5), (2, 1, 'here', 2, NULL);"
				       "INSERT INTO cgroup(cgroup, boot, hierarchy, kernfs_id, kind, container, pod,"
				       " meta_source, removed) VALUES(1, 1, 0, 10, 2, 1, 1, 'kernel', 5),"
				       " (2, 1, 0, 11, 2, 2, 2, 'kernel', NULL)"),
			 0);
	add(&f, 3, 5);
	assert_int_equal(ring_rows_finish(f.store, 8, 6), 0);
	(void)retain(&f, &settings);
	assert_int_equal(ask_number(f.path, "SELECT sum(cgroup) FROM cgroup"), 2);
	assert_int_equal(ask_number(f.path, "SELECT sum(container) FROM container"), 2);
	assert_int_equal(ask_number(f.path, "SELECT sum(pod) FROM pod"), 2);
	close_fixture(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_missing_table_shows_at_the_start),
		cmocka_unit_test(test_position_and_counts_survive),
		cmocka_unit_test(test_any_number_of_exits),
		cmocka_unit_test(test_ids_are_never_used_again),
		cmocka_unit_test(test_unknown_numbers_are_null),
		cmocka_unit_test(test_a_batch_that_is_rolled_back_leaves_nothing),
		cmocka_unit_test(test_retention_by_age),
		cmocka_unit_test(test_retention_by_size_shrinks_the_file),
		cmocka_unit_test(test_retention_removes_unused_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
