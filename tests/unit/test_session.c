/* SPDX-License-Identifier: BSD-2-Clause */
/* The database while recording: files that are deleted, damaged, foreign or locked. */
#include <fcntl.h>
#include <glob.h>
#include <sys/wait.h>

#include "consumer/record/kind.h"
#include "consumer/store/db_files.h"
#include "consumer/store/db_internal.h"
#include "consumer/store/retention.h"
#include "consumer/text/error.h"
#include "tests/pipeline_rig.h"

#define RING 65536
#define EXITS "SELECT count(*) FROM event WHERE type = 3"

/* The batch also inserts rows of a container; after a rollback the cache must not refer to them. */
static void test_a_failed_batch_is_stored_later_and_once(void **state)
{
	static const char container[] = "/docker/00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	struct recorder_rig r;
	struct db *db = NULL;
	int64_t rows = -1;

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
	/* Not by db_open_read, which refuses a database with a trigger. */
	assert_int_equal(db_number(db, -1, &rows, "SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM cgroup)"), 0);
	assert_int_equal(rows, 0);
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

/* How many databases were set aside under a label; writes the path of the first to out unless that is NULL. */
static size_t count_set_aside(const struct recorder_rig *r, const char *label, char *out, size_t size)
{
	char pattern[256];
	glob_t found;

	(void)snprintf(pattern, sizeof(pattern), "%s.%s-*[0-9]", r->path, label);
	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;

	size_t count = found.gl_pathc;

	if (out)
		(void)snprintf(out, size, "%s", found.gl_pathv[0]);
	globfree(&found);
	return count;
}

/* Changes a database without the checks of db_open_write(). */
static void change_unchecked(const char *path, const char *sql)
{
	struct db *db = NULL;

	assert_int_equal(db_handle_open(path, path, DB_ACCESS_WRITE, &db), 0);
	assert_int_equal(db_keep_wal(db), 0);
	assert_int_equal(db_exec(db, sql), 0);
	db_close(db);
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
		row_equal(rows[i].what, count_set_aside(&r, "corrupt", NULL, 0), 1);
		recorder_rig_close(&r);
	}
}

/* Names, sizes and contents of all files. */
static void list_directory(const struct recorder_rig *r, char out[4096])
{
	char command[256];

	(void)snprintf(command, sizeof(command), "cd '%s' && stat -c '%%n %%s %%i' * && sha256sum *", r->directory);

	FILE *file = popen(command, "r");

	assert_non_null(file);
	out[fread(out, 1, 4095, file)] = '\0';
	assert_int_equal(pclose(file), 0);
}

static void test_an_older_database_is_set_aside_whole(void **state)
{
	char aside[160] = "";
	struct recorder_rig r;
	struct db *db = NULL;

	(void)state;
	recorder_rig_open(&r, RING);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 300);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	recorder_rig_kill(&r);
	change_unchecked(r.path, "PRAGMA user_version = 1");
	assert_int_equal(db_open_read(r.path, &db), -ERROR_DB_OLDER);

	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 5);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, EXITS, 5);
	assert_int_equal(count_set_aside(&r, "v1", aside, sizeof(aside)), 1);
	change_unchecked(aside, "PRAGMA user_version = 2");
	assert_int_equal(ask_number(aside, EXITS), 300);
	recorder_rig_close(&r);
}

static int by_commit(struct recorder_rig *r)
{
	(void)pipeline_scan(r->pipeline);
	return pipeline_commit(r->pipeline);
}

static int by_retention(struct recorder_rig *r)
{
	const struct retention_settings settings = { .age_ns = 1, .storages = kind_storages };
	int error = retention_step(pipeline_db(r->pipeline), &settings, INT64_MAX);

	assert_int_equal(error, -ERROR_DB_CORRUPT);
	return pipeline_report(r->pipeline, error);
}

static int by_status(struct recorder_rig *r)
{
	int error = db_exec(pipeline_db(r->pipeline), "INSERT INTO status(key, value) VALUES('x', '')");

	assert_int_equal(error, -ERROR_DB_CORRUPT);
	return pipeline_report(r->pipeline, error);
}

/* Nothing reads all pages at the start: whoever meets the damage has the database set aside and another begun at once. */
static void test_damage_that_is_met_in_use(void **state)
{
	static const struct {
		const char *what;
		int (*use)(struct recorder_rig *);
	} rows[] = { { "commit", by_commit }, { "retention", by_retention }, { "status", by_status } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct recorder_rig r;

		recorder_rig_open(&r, RING);
		assert_int_equal(recorder_rig_start(&r), 0);
		emit_exits(&r, 300);
		assert_int_equal(pipeline_drain(r.pipeline), 0);
		emit_exits(&r, 5);

		/* The second statement drops the pages that SQLite has in memory. */
		assert_int_equal(db_exec(pipeline_db(r.pipeline), "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA shrink_memory"), 0);
		garble(r.path, 4096, (size_t)db_file_size(r.path, DB_FILE_DATABASE) - 4096);
		row_equal(rows[i].what, rows[i].use(&r), 0);
		row_equal(rows[i].what, count_set_aside(&r, "corrupt", NULL, 0), 1);
		row_equal(rows[i].what, pipeline_drain(r.pipeline), 0);
		row_equal(rows[i].what, ask_number(r.path, EXITS), 5);
		row_equal(rows[i].what, ask_number(r.path, "SELECT stored FROM tally WHERE kind = 4"), 305);
		row_equal(rows[i].what, ask_number(r.path, "SELECT count(*) FROM gap WHERE reason = 'store_replaced'"), 1);
		recorder_rig_close(&r);
	}
}

/* SQLite would delete it, and it may hold what another program needs to roll back. */
static void test_a_journal_without_its_database_is_set_aside(void **state)
{
	char path[128], pattern[256], text[32] = "";
	struct recorder_rig r;
	glob_t found;

	(void)state;
	recorder_rig_open(&r, RING);
	harness_write_file(path, sizeof(path), r.directory, "events.db-journal", "pages to put back", 17);
	assert_int_equal(recorder_rig_start(&r), 0);
	(void)snprintf(pattern, sizeof(pattern), "%s.corrupt-*[0-9]-journal", r.path);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);

	AUTO_FCLOSE FILE *file = fopen(found.gl_pathv[0], "re");

	assert_non_null(file);
	assert_int_equal(fread(text, 1, sizeof(text) - 1, file), 17);
	assert_string_equal(text, "pages to put back");
	globfree(&found);
	recorder_rig_close(&r);
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
	assert_int_equal(count_set_aside(&r, "corrupt", NULL, 0), 0);
	recorder_rig_close(&r);
}

/* While it is recorded into, the database is replaced by what another program is writing. */
static void test_a_foreign_database_in_its_place_is_left_alone(void **state)
{
	struct recorder_rig r;
	struct db *foreign = NULL;
	char other[160], before[4096], after[4096];

	(void)state;
	recorder_rig_open(&r, RING);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 10);
	assert_int_equal(pipeline_drain(r.pipeline), 0);

	(void)snprintf(other, sizeof(other), "%s/other", r.directory);
	assert_int_equal(db_handle_open(other, other, DB_ACCESS_WRITE, &foreign), 0);
	assert_int_equal(db_exec(foreign, "PRAGMA application_id = 77; PRAGMA journal_mode = WAL; CREATE TABLE t(x)"), 0);
	for (enum db_file file = DB_FILE_DATABASE; file <= DB_FILE_WAL_INDEX; file++) {
		char from[PATH_MAX], to[PATH_MAX];

		assert_int_equal(db_file_name(other, file, from) | db_file_name(r.path, file, to), 0);
		assert_int_equal(rename(from, to), 0);
	}
	list_directory(&r, before);
	emit_exits(&r, 7);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pipeline_drain(r.pipeline), -ERROR_DB_FOREIGN);
	assert_non_null(strstr(pipeline_message(r.pipeline), "application id 0x0000004d"));
	assert_int_not_equal(r.rig.consumer, r.rig.producer);
	list_directory(&r, after);
	assert_string_equal(after, before);
	db_close(foreign);
	recorder_rig_close(&r);
}

static void test_another_directory_ends_recording(void **state)
{
	struct recorder_rig r;
	char away[128];
	uint64_t acknowledged;

	(void)state;
	recorder_rig_open(&r, RING);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_exits(&r, 10);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	acknowledged = r.rig.consumer;

	(void)snprintf(away, sizeof(away), "%s.away", r.directory);
	assert_int_equal(rename(r.directory, away), 0);
	emit_exits(&r, 7);
	assert_int_equal(pipeline_drain(r.pipeline), -ENOENT); /* it may come back */
	assert_int_equal(mkdir(r.directory, 0700), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pipeline_drain(r.pipeline), -ERROR_DB_DIRECTORY);
	assert_int_equal(r.rig.consumer, acknowledged);
	assert_int_equal(rmdir(r.directory), 0);
	assert_int_equal(rename(away, r.directory), 0);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, EXITS, 17);
	assert_answer(&r, "SELECT count(*) FROM gap", 0);
	recorder_rig_close(&r);
}

/* PRAGMA synchronous of the recorder's last commit: 1 NORMAL, 2 FULL. */
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

/* Another process: runs begin, waits until the pipe is closed, runs end. Exit status 1: begin failed, 2: end failed. */
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

/* SQLite's write lock: byte 120 of the wal-index (WAL_WRITE_LOCK in wal.c). */
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

static void test_the_process_that_locks_the_database_is_named(void **state)
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

/* A process with read permission cannot stop recording. Processes that had the old wal-index open must fail with it. */
static void test_a_readers_lock_is_broken(void **state)
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
	/* In reverse order: a later process holds the pipe ends of the earlier ones. */
	other_end(&holder);
	for (size_t i = ARRAY_SIZE(others); i-- > 0;)
		other_end(&others[i]);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, EXITS, 12);
	assert_answer(&r, "SELECT count(*) FROM gap", 0);
	assert_answer(&r, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'", 1);
	recorder_rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_failed_batch_is_stored_later_and_once),
		cmocka_unit_test(test_a_deleted_database_is_made_anew),
		cmocka_unit_test(test_a_damaged_database_is_set_aside),
		cmocka_unit_test(test_an_older_database_is_set_aside_whole),
		cmocka_unit_test(test_damage_that_is_met_in_use),
		cmocka_unit_test(test_a_journal_without_its_database_is_set_aside),
		cmocka_unit_test(test_a_foreign_file_is_left_alone),
		cmocka_unit_test(test_a_foreign_database_in_its_place_is_left_alone),
		cmocka_unit_test(test_another_directory_ends_recording),
		cmocka_unit_test(test_only_kills_wait_for_the_disk),
		cmocka_unit_test(test_the_process_that_locks_the_database_is_named),
		cmocka_unit_test(test_a_readers_lock_is_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
