/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "consumer/store/db.h"
#include "consumer/store/db_files.h"
#include "consumer/store/db_internal.h"
#include "consumer/store/retention.h"
#include "consumer/store/schema.h"
#include "consumer/store/schema_index.h"
#include "consumer/text/error.h"
#include "tests/harness.h"

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
}

static void close_fixture(struct fixture *f)
{
	char command[128];

	db_close(f->db);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", f->directory);
	assert_int_equal(system(command), 0);
}

static int open_write(struct fixture *f)
{
	db_close(f->db);
	f->db = NULL;
	return db_open_write(f->path, &f->db);
}

static int open_read(struct fixture *f)
{
	db_close(f->db);
	f->db = NULL;
	return db_open_read(f->path, &f->db);
}

static void test_made_once_and_opened_again(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f);
	assert_int_equal(open_read(&f), -ENOENT);
	assert_int_not_equal(access(f.path, F_OK), 0); /* reading makes no file */
	assert_int_equal(open_write(&f), 0);
	assert_int_equal(db_exec(f.db, "INSERT INTO boot(boot_id) VALUES('x')"), 0);
	assert_int_equal(open_write(&f), 0);
	assert_int_equal(open_read(&f), 0);
	assert_int_equal(db_exec(f.db, "DELETE FROM boot"), -EROFS);
	close_fixture(&f);
}

static void test_foreign_newer_and_older_databases(void **state)
{
	static const struct {
		const char *what, *sql;
		int want;
	} rows[] = {
		{ "newer", "PRAGMA user_version = 999", -ERROR_DB_NEWER },
		{ "older", "PRAGMA user_version = 1", -ERROR_DB_OLDER },
		{ "another program's", "PRAGMA application_id = 42", -ERROR_DB_FOREIGN },
		{ "no application id, but tables", "PRAGMA application_id = 0", -ERROR_DB_FOREIGN },
		{ "negative version", "PRAGMA user_version = -1", -ERROR_DB_CORRUPT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f;

		open_fixture(&f);
		assert_int_equal(open_write(&f), 0);
		assert_int_equal(db_exec(f.db, rows[i].sql), 0);
		row_equal(rows[i].what, open_read(&f), rows[i].want);
		row_equal(rows[i].what, open_write(&f), rows[i].want);
		assert_null(f.db);
		close_fixture(&f);
	}
}

static int64_t count_indexes(struct fixture *f)
{
	int64_t count = -1;

	assert_int_equal(db_number(f->db, -1, &count,
				   "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"), 0);
	return count;
}

static int build_missing(struct fixture *f, bool (*stop)(void *context))
{
	const struct schema_index *missing = NULL;
	int r = 0;

	while (r == 0 && schema_index_find_missing(f->db, &missing) == 0 && missing)
		r = schema_index_build(f->db, missing, stop, NULL);
	return r;
}

static void test_each_index_that_is_missing(void **state)
{
	struct fixture f;
	int64_t all = 0;

	(void)state;
	for (const struct schema_index *index = schema_indexes; index->name; index++)
		all++;
	open_fixture(&f);
	assert_int_equal(open_write(&f), 0);
	assert_int_equal(count_indexes(&f), all);
	for (const struct schema_index *index = schema_indexes; index->name; index++) {
		const struct schema_index *missing = NULL;

		assert_int_equal(db_exec_format(f.db, "DROP INDEX %s", index->name), 0);
		assert_int_equal(open_write(&f), 0);
		assert_int_equal(schema_index_find_missing(f.db, &missing), 0);
		assert_ptr_equal(missing, index);
		row_equal(index->name, build_missing(&f, NULL), 0);
		row_equal(index->name, count_indexes(&f), all);
	}
	close_fixture(&f);
}

static bool stop_at_once(void *context)
{
	(void)context;
	return true;
}

static void test_a_build_that_is_interrupted_leaves_nothing(void **state)
{
	struct fixture f;
	int64_t all;

	(void)state;
	open_fixture(&f);
	assert_int_equal(open_write(&f), 0);
	all = count_indexes(&f);
	assert_int_equal(db_exec(f.db, "DROP INDEX event_time; INSERT INTO event(type, time, boot)"
				       " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
				       " SELECT 3, i, 1 FROM n"), 0);
	assert_int_equal(build_missing(&f, stop_at_once), -ERROR_SQL_TIMEOUT);
	assert_int_equal(count_indexes(&f), all - 1);
	assert_int_equal(build_missing(&f, NULL), 0);
	assert_int_equal(count_indexes(&f), all);
	close_fixture(&f);
}

/* A database that could not be made completely has nothing, and is made by the next attempt. */
static void test_a_new_database_is_made_whole_or_not_at_all(void **state)
{
	struct fixture f;
	struct db *empty = NULL;
	int64_t tables = -1;

	(void)state;
	open_fixture(&f);
	assert_int_equal(db_handle_open(f.path, f.path, DB_ACCESS_WRITE, &empty), 0);
	for (int64_t pages = 2; pages <= 30; pages += 7) {
		assert_int_equal(db_exec_format(empty, "PRAGMA max_page_count = %d", (int)pages), 0);
		assert_int_equal(db_create_schema(empty), -ENOSPC);
		assert_int_equal(db_number(empty, -1, &tables, "SELECT count(*) FROM sqlite_master"), 0);
		row_equal("tables", tables, 0);
	}
	db_close(empty);
	assert_int_equal(open_write(&f), 0);
	close_fixture(&f);
}

static void test_files_that_are_no_database(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f);
	harness_write_file(f.path, sizeof(f.path), f.directory, "events.db", "this is a text, and long enough", 31);
	assert_int_equal(open_write(&f), -ERROR_DB_NONE);
	assert_int_equal(open_read(&f), -ERROR_DB_NONE);
	harness_write_file(f.path, sizeof(f.path), f.directory, "events.db", "", 0);
	assert_int_equal(open_read(&f), -ERROR_DB_EMPTY);
	assert_int_equal(open_write(&f), 0);
	assert_int_equal(db_open_read(f.directory, &f.db), -EISDIR);
	close_fixture(&f);
}

/* Opening never waits for the other end of a FIFO. */
static void test_files_that_are_no_files(void **state)
{
	static const char *const suffixes[] = { "", "-wal" };
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		char path[160], want[200], reason[DB_FILES_REASON_MAX];

		open_fixture(&f);
		(void)snprintf(path, sizeof(path), "%s%s", f.path, suffixes[i]);
		if (i > 0) {
			assert_int_equal(open_write(&f), 0);
			db_close(TAKE_PTR(f.db));
			assert_int_equal(unlink(path), 0);
		}
		assert_int_equal(mkfifo(path, 0600), 0);
		row_equal(suffixes[i], open_read(&f), -ERROR_NOT_REGULAR);
		row_equal(suffixes[i], open_write(&f), -ERROR_NOT_REGULAR);
		(void)snprintf(want, sizeof(want), "\"%s\" is a FIFO, socket or device", path);
		row_string(suffixes[i], db_files_reason(f.path, -ERROR_NOT_REGULAR, reason), want);
		row_string(suffixes[i], db_files_reason(f.path, -ENOSPC, reason), error_text(-ENOSPC));
		close_fixture(&f);
	}
	open_fixture(&f);
	assert_int_equal(db_open_read("/dev/zero", &f.db), -ERROR_NOT_REGULAR);
	assert_int_equal(db_open_read(f.directory, &f.db), -EISDIR);
	close_fixture(&f);
}

static void test_text_keeps_every_byte(void **state)
{
	static const char bytes[] = "a\0b\xff'\n";
	struct fixture f;
	struct db_stmt *stmt = NULL;
	size_t length = 0;

	(void)state;
	open_fixture(&f);
	assert_int_equal(open_write(&f), 0);
	assert_int_equal(db_prepare(f.db, "SELECT :text, NULL, 7, 0.5", &stmt), 0);
	assert_int_equal(db_parameter_index(stmt, ":text"), 1);
	assert_int_equal(db_parameter_index(stmt, ":none"), 0);
	db_bind_text(stmt, 1, bytes, sizeof(bytes) - 1);
	assert_int_equal(db_step(stmt), 1);
	assert_memory_equal(db_text(stmt, 0, &length), bytes, sizeof(bytes) - 1);
	assert_int_equal(length, sizeof(bytes) - 1);
	assert_true(db_is_null(stmt, 1) && db_is_number(stmt, 2) && db_is_number(stmt, 3) && !db_is_number(stmt, 0));
	assert_null(db_text(stmt, 1, NULL));
	assert_int_equal(db_columns(stmt), 4);
	assert_int_equal(db_step(stmt), 0);
	assert_int_equal(db_step(stmt), 1); /* it was reset */
	close_fixture(&f);
}

/* A statement never runs with the value of an earlier row in the place of one that could not be bound. */
static void test_a_value_that_cannot_be_bound(void **state)
{
	struct fixture f;
	struct db_stmt *stmt = NULL;

	(void)state;
	open_fixture(&f);
	assert_int_equal(open_write(&f), 0);
	assert_int_equal(db_prepare(f.db, "SELECT ?1", &stmt), 0);
	db_bind_int(stmt, 1, 5);
	assert_int_equal(db_step(stmt), 1);
	db_reset(stmt);
	db_bind_text(stmt, 1, "x", (size_t)1 << 40);
	db_bind_int(stmt, 2, 6);
	assert_true(db_step(stmt) < 0);
	db_bind_int(stmt, 1, 7);
	assert_int_equal(db_step(stmt), 1);
	assert_int_equal(db_int(stmt, 0), 7);
	close_fixture(&f);
}

static void test_the_busy_timeout_is_put_back(void **state)
{
	static const struct event_storage *const none[] = { NULL };
	struct retention_settings settings = { .storages = none };
	int64_t milliseconds = 0;
	struct fixture f;

	(void)state;
	open_fixture(&f);
	assert_int_equal(open_write(&f), 0);
	assert_int_equal(db_set_busy_timeout(f.db, 100), 2000);
	assert_int_equal(db_used_bytes(f.db, &settings.size), 0); /* less than it takes with its WAL */
	assert_true(retention_step(f.db, &settings, 1) >= 0);
	assert_int_equal(db_number(f.db, 0, &milliseconds, "PRAGMA busy_timeout"), 0);
	assert_int_equal(milliseconds, 100);
	assert_int_equal(db_set_busy_timeout(f.db, 2000), 100);
	close_fixture(&f);
}

static void test_one_statement_only(void **state)
{
	static const struct {
		const char *sql;
		int want;
	} rows[] = {
		{ "SELECT 1", 0 },	     { "SELECT 1; ", 0 },	{ "SELECT 1; -- why", 0 },
		{ "SELECT 1; SELECT 2", -EINVAL }, { "", -EINVAL },	{ "-- nothing", -EINVAL },
		{ "SELEC 1", -EINVAL },	     { "SELECT 1; x", -EINVAL },
	};
	struct fixture f;

	(void)state;
	open_fixture(&f);
	assert_int_equal(open_write(&f), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct db_stmt *stmt = NULL;

		row_equal(rows[i].sql, db_prepare(f.db, rows[i].sql, &stmt), rows[i].want);
		row_check(rows[i].sql, rows[i].want == 0 || strlen(db_message(f.db)) > 0);
		db_finish(stmt);
	}
	close_fixture(&f);
}

static void test_a_user_may_only_read(void **state)
{
	static const struct {
		const char *sql;
		int want;
	} rows[] = {
		{ "SELECT count(*) FROM v_events", 0 },
		{ "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5) SELECT sum(i) FROM n", 0 },
		{ "DELETE FROM event", -ERROR_SQL_REFUSED },
		{ "INSERT INTO event(id) VALUES(1)", -ERROR_SQL_REFUSED },
		{ "ATTACH '/tmp/x' AS x", -ERROR_SQL_REFUSED },
		{ "PRAGMA journal_mode = DELETE", -ERROR_SQL_REFUSED },
		{ "CREATE TEMP TABLE x(y)", -ERROR_SQL_REFUSED },
		{ "BEGIN", -ERROR_SQL_REFUSED },
		{ "SELECT load_extension('x')", -ERROR_SQL_REFUSED },
	};
	struct fixture f;

	(void)state;
	open_fixture(&f);
	assert_int_equal(open_write(&f), 0);
	assert_int_equal(open_read(&f), 0);
	assert_int_equal(db_restrict(f.db, 60000000000ULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct db_stmt *stmt = NULL;

		/* The name of a function is resolved before the authorizer is asked. */
		int r = db_prepare(f.db, rows[i].sql, &stmt);

		row_check(rows[i].sql, r == rows[i].want || (rows[i].want && r == -EINVAL));
		db_finish(stmt);
	}
	close_fixture(&f);
}

static void test_a_statement_that_takes_too_long_ends(void **state)
{
	struct db_stmt *stmt = NULL;
	struct fixture f;

	(void)state;
	open_fixture(&f);
	assert_int_equal(open_write(&f), 0);
	assert_int_equal(db_restrict(f.db, 1), 0);
	assert_int_equal(db_prepare(f.db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
					  " SELECT count(*) FROM n",
				    &stmt),
			 0);
	assert_int_equal(db_step(stmt), -ERROR_SQL_TIMEOUT);
	close_fixture(&f);
}

static void test_a_file_that_was_moved_is_noticed(void **state)
{
	struct fixture f;
	char other[160];

	(void)state;
	open_fixture(&f);
	assert_int_equal(open_write(&f), 0);
	assert_false(db_moved(f.db));
	(void)snprintf(other, sizeof(other), "%s.old", f.path);
	assert_int_equal(rename(f.path, other), 0);
	assert_true(db_moved(f.db));
	harness_write_file(f.path, sizeof(f.path), f.directory, "events.db", "", 0);
	assert_true(db_moved(f.db));
	close_fixture(&f);
}

static void put(const char *path, enum db_file file, const char *text)
{
	char name[PATH_MAX];

	assert_int_equal(db_file_name(path, file, name), 0);

	AUTO_FCLOSE FILE *out = fopen(name, "we");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
}

/* "": there is none. */
static void check_content(const char *what, const char *path, enum db_file file, const char *want)
{
	char name[PATH_MAX], text[32] = "";

	assert_int_equal(db_file_name(path, file, name), 0);

	AUTO_FCLOSE FILE *in = fopen(name, "re");

	if (in)
		text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	row_string(what, text, want);
}

#define ASIDE_SECONDS 1700000000

/* Twice within one second: nothing is replaced, and no database gets the WAL of another one. */
static void test_what_is_set_aside_keeps_to_itself(void **state)
{
	typedef int set_aside(const char *path, const char *label, int64_t seconds, char *out, size_t size);
	static const struct {
		const char *what;
		set_aside *first, *second;
	} rows[] = {
		{ "a WAL, then a database", db_file_set_wal_aside, db_file_set_aside },
		{ "a database, then a WAL", db_file_set_aside, db_file_set_wal_aside },
		{ "two WALs", db_file_set_wal_aside, db_file_set_wal_aside },
		{ "two databases", db_file_set_aside, db_file_set_aside },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *what = rows[i].what;
		char to[2][PATH_MAX], want[PATH_MAX];
		struct fixture f;

		open_fixture(&f);
		put(f.path, DB_FILE_WAL, "first WAL");
		if (rows[i].first == db_file_set_aside)
			put(f.path, DB_FILE_DATABASE, "first");
		row_equal(what, rows[i].first(f.path, "corrupt", ASIDE_SECONDS, to[0], PATH_MAX), 0);
		(void)snprintf(want, sizeof(want), "%s.corrupt-%d", f.path, ASIDE_SECONDS);
		row_string(what, to[0], want);

		put(f.path, DB_FILE_DATABASE, "second");
		if (rows[i].second == db_file_set_wal_aside)
			put(f.path, DB_FILE_WAL, "second WAL");
		row_equal(what, rows[i].second(f.path, "corrupt", ASIDE_SECONDS, to[1], PATH_MAX), 0);
		(void)snprintf(want, sizeof(want), "%s.corrupt-%d.1", f.path, ASIDE_SECONDS);
		row_string(what, to[1], want);

		check_content(what, to[0], DB_FILE_DATABASE, rows[i].first == db_file_set_aside ? "first" : "");
		check_content(what, to[0], DB_FILE_WAL, "first WAL");
		check_content(what, to[1], DB_FILE_DATABASE, rows[i].second == db_file_set_aside ? "second" : "");
		check_content(what, to[1], DB_FILE_WAL, rows[i].second == db_file_set_aside ? "" : "second WAL");
		close_fixture(&f);
	}
}

/* Stands for renameat2(2), which some file systems refuse, and before which another process may make a file. */
static int rename_error;
static char made_before_rename[PATH_MAX];

int refused_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned int flags) __asm__("renameat2");

int refused_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned int flags)
{
	if (strcmp(to, made_before_rename) == 0) {
		made_before_rename[0] = '\0';
		put(to, DB_FILE_DATABASE, "made meanwhile");
	}
	if (rename_error) {
		errno = rename_error;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

static void test_set_aside_on_every_file_system(void **state)
{
	static const int errors[] = { 0, EINVAL, ENOSYS };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		char what[32], to[PATH_MAX];
		struct fixture f;

		(void)snprintf(what, sizeof(what), "error %d", errors[i]);
		open_fixture(&f);
		rename_error = errors[i];
		put(f.path, DB_FILE_DATABASE, "database");
		row_equal(what, db_file_set_aside(f.path, "corrupt", ASIDE_SECONDS, to, sizeof(to)), 0);
		check_content(what, to, DB_FILE_DATABASE, "database");
		check_content(what, f.path, DB_FILE_DATABASE, "");

		put(f.path, DB_FILE_DATABASE, "another");
		(void)snprintf(made_before_rename, sizeof(made_before_rename), "%s.corrupt-%d", f.path, ASIDE_SECONDS + 1);
		row_equal(what, db_file_set_aside(f.path, "corrupt", ASIDE_SECONDS + 1, to, sizeof(to)), -EEXIST);
		check_content(what, to, DB_FILE_DATABASE, "made meanwhile");
		check_content(what, f.path, DB_FILE_DATABASE, "another");
		rename_error = 0;
		close_fixture(&f);
	}
}

static void test_a_copy_without_its_wal_can_be_read(void **state)
{
	struct fixture f;
	struct db_stmt *stmt = NULL;

	(void)state;
	open_fixture(&f);
	assert_int_equal(open_write(&f), 0);
	assert_int_equal(db_exec(f.db, "INSERT INTO boot(boot_id) VALUES('x')"), 0);
	assert_int_equal(db_exec(f.db, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
	db_close(f.db);
	f.db = NULL;

	char command[512];

	(void)snprintf(command, sizeof(command), "cd '%s' && mkdir 'a?b%%20#' && cp events.db 'a?b%%20#'/ && chmod -R a-w 'a?b%%20#'",
		       f.directory);
	assert_int_equal(system(command), 0);
	(void)snprintf(f.path, sizeof(f.path), "%s/a?b%%20#/events.db", f.directory);
	assert_int_equal(open_read(&f), 0);
	assert_int_equal(db_prepare(f.db, "SELECT count(*) FROM boot", &stmt), 0);
	assert_int_equal(db_step(stmt), 1);
	assert_int_equal(db_int(stmt, 0), 1);
	close_fixture(&f);
}

/* Needs root: what a member of the group can do. Returns 0 when all is as it must be. */
static int read_as_member(const char *path, gid_t group)
{
	struct db *db = NULL;
	struct db_stmt *stmt = NULL;

	if (setgroups(1, &group) != 0 || setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
		return 1;
	if (db_open_read(path, &db) != 0)
		return 2;
	if (db_prepare(db, "SELECT count(*) FROM boot", &stmt) != 0 || db_step(stmt) != 1 || db_int(stmt, 0) != 1)
		return 3;
	db_close(db);
	return db_open_write(path, &db) == 0 ? 4 : 0;
}

static void test_members_of_the_group_read(void **state)
{
	const gid_t group = 54321;
	mode_t mask = umask(027);
	struct fixture f;
	int status = -1;

	(void)state;
	if (geteuid() != 0) {
		(void)umask(mask);
		print_message("not root\n");
		skip();
	}
	for (int stopped = 0; stopped < 2; stopped++) {
		char wal[160];

		open_fixture(&f);
		assert_int_equal(chmod(f.directory, 0750), 0);
		assert_int_equal(chown(f.directory, 0, group), 0);
		assert_int_equal(open_write(&f), 0);
		assert_int_equal(db_exec(f.db, "INSERT INTO boot(boot_id) VALUES('x')"), 0);
		assert_int_equal(chown(f.path, 0, group), 0);
		(void)snprintf(wal, sizeof(wal), "%s-wal", f.path);
		assert_int_equal(chown(wal, 0, group), 0);
		(void)snprintf(wal, sizeof(wal), "%s-shm", f.path);
		assert_int_equal(chown(wal, 0, group), 0);
		if (stopped) {
			db_close(f.db); /* the WAL stays, or the reader could not open the database */
			f.db = NULL;
		}

		pid_t child = fork();

		if (child == 0)
			_exit(read_as_member(f.path, group));
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		close_fixture(&f);
	}
	(void)umask(mask);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_once_and_opened_again),
		cmocka_unit_test(test_foreign_newer_and_older_databases),
		cmocka_unit_test(test_each_index_that_is_missing),
		cmocka_unit_test(test_a_build_that_is_interrupted_leaves_nothing),
		cmocka_unit_test(test_a_new_database_is_made_whole_or_not_at_all),
		cmocka_unit_test(test_files_that_are_no_database),
		cmocka_unit_test(test_files_that_are_no_files),
		cmocka_unit_test(test_text_keeps_every_byte),
		cmocka_unit_test(test_a_value_that_cannot_be_bound),
		cmocka_unit_test(test_the_busy_timeout_is_put_back),
		cmocka_unit_test(test_one_statement_only),
		cmocka_unit_test(test_a_user_may_only_read),
		cmocka_unit_test(test_a_statement_that_takes_too_long_ends),
		cmocka_unit_test(test_a_file_that_was_moved_is_noticed),
		cmocka_unit_test(test_what_is_set_aside_keeps_to_itself),
		cmocka_unit_test(test_set_aside_on_every_file_system),
		cmocka_unit_test(test_a_copy_without_its_wal_can_be_read),
		cmocka_unit_test(test_members_of_the_group_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
