/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose database a file is, and that what is somebody else's is not touched by opening it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "consumer/store/db.h"
#include "consumer/store/db_internal.h"
#include "consumer/store/db_origin.h"
#include "consumer/text/error.h"
#include "tests/harness.h"

#define FINGERPRINT_SIZE 4096

struct place {
	char directory[64];
	char path[128];
	pid_t holder; /* a process that has the database open; 0: none */
};

static void open_place(struct place *p)
{
	p->holder = 0;
	harness_make_dir(p->directory, sizeof(p->directory));
	(void)snprintf(p->path, sizeof(p->path), "%s/events.db", p->directory);
}

static void __attribute__((format(printf, 1, 2))) shell(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	assert_int_equal(system(command), 0);
}

static void close_place(struct place *p)
{
	if (p->holder) {
		assert_int_equal(kill(p->holder, SIGKILL), 0);
		assert_int_equal(waitpid(p->holder, NULL, 0), p->holder);
	}
	shell("rm -rf '%s'", p->directory);
}

/* Names, owners, modes, inodes and contents of all files in the directory. */
static void take_fingerprint(const struct place *p, char out[FINGERPRINT_SIZE])
{
	char command[256];

	(void)snprintf(command, sizeof(command), "cd '%s' && stat -c '%%n %%s %%i %%u %%a' * && cat $(find . -type f) | sha256sum",
		       p->directory);

	FILE *file = popen(command, "r");

	assert_non_null(file);
	out[fread(out, 1, FINGERPRINT_SIZE - 1, file)] = '\0';
	assert_int_equal(pclose(file), 0);
	assert_non_null(strchr(out, '\n'));
}

/* Another program: does what SQL says and keeps the database open, or dies without closing it. */
static void run_other(struct place *p, const char *sql, bool stay)
{
	int ready[2];
	char byte = 0;
	struct db *db = NULL;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	p->holder = fork();
	if (p->holder == 0) {
		if (db_handle_open(p->path, p->path, DB_ACCESS_WRITE, &db) != 0 || db_exec(db, sql) != 0 ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		while (stay)
			(void)pause();
		_exit(0);
	}
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	if (!stay) {
		assert_int_equal(waitpid(p->holder, NULL, 0), p->holder);
		p->holder = 0;
	}
}

/* Opens for writing and for reading, and compares the directory before and after. */
static void check_untouched(const char *what, const struct place *p, int write_error, int read_error)
{
	char before[FINGERPRINT_SIZE], after[FINGERPRINT_SIZE];
	struct db *db = NULL;

	take_fingerprint(p, before);
	row_equal(what, db_open_write(p->path, &db), write_error);
	row_equal(what, db_open_read(p->path, &db), read_error);
	assert_null(db);
	take_fingerprint(p, after);
	row_string(what, after, before);
}

#define TABLES "CREATE TABLE t(x); INSERT INTO t VALUES(1);"

static void test_databases_of_other_programs(void **state)
{
	static const struct {
		const char *what, *sql;
	} rows[] = {
		{ "in a WAL only", "PRAGMA journal_mode = WAL; PRAGMA application_id = 77;" TABLES },
		{ "in a WAL only, without application id", "PRAGMA journal_mode = WAL;" TABLES },
		{ "with a WAL", "PRAGMA application_id = 77; PRAGMA journal_mode = WAL;" TABLES },
		{ "with an empty WAL", "PRAGMA journal_mode = WAL;" TABLES "PRAGMA wal_checkpoint(TRUNCATE)" },
		{ "with a journal", TABLES "BEGIN; INSERT INTO t VALUES(2)" },
		{ "with a hot journal",
		  TABLES "PRAGMA cache_size = 2; BEGIN; INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
			 " SELECT i + 1 FROM n WHERE i < 9999) SELECT i FROM n" },
		{ "without WAL and journal", TABLES },
		{ "with nothing but a version", "PRAGMA user_version = 1" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		struct place p;

		open_place(&p);
		run_other(&p, rows[i / 2].sql, i % 2);
		check_untouched(rows[i / 2].what, &p, -ERROR_DB_FOREIGN, -ERROR_DB_FOREIGN);
		close_place(&p);
	}
}

static void make_nothing(const struct place *p)
{
	(void)p;
}

static void make_text(const struct place *p)
{
	shell("seq 1000 >'%s'", p->path);
}

static void make_zeros(const struct place *p)
{
	shell("head -c 8192 /dev/zero >'%s'", p->path);
}

static void make_fifo(const struct place *p)
{
	assert_int_equal(mkfifo(p->path, 0600), 0);
}

static void make_directory(const struct place *p)
{
	assert_int_equal(mkdir(p->path, 0700), 0);
}

static void make_empty(const struct place *p)
{
	shell(": >'%s'", p->path);
}

/* A database of cri-ebpf that was closed; its WAL and wal-index stay. */
static void make_ours(const struct place *p)
{
	struct db *db = NULL;

	assert_int_equal(db_open_write(p->path, &db), 0);
	db_close(db);
}

static void make_destroyed(const struct place *p)
{
	make_ours(p);
	shell("head -c 100 /dev/urandom | dd of='%s' conv=notrunc status=none", p->path);
}

static void make_destroyed_without_traces(const struct place *p)
{
	make_destroyed(p);
	shell("rm '%s'-*", p->path);
}

static void make_newer(const struct place *p)
{
	make_ours(p);
	shell("printf '\\0\\0\\0\\143' | dd of='%s' bs=1 seek=60 conv=notrunc status=none", p->path);
}

static void make_others_wal(const struct place *p)
{
	struct place other = *p;

	run_other(&other, "PRAGMA journal_mode = WAL;" TABLES, false);
	shell("rm '%s'", p->path);
}

static void make_others_wal_with_empty_file(const struct place *p)
{
	make_others_wal(p);
	make_empty(p);
}

static void make_own_wal(const struct place *p)
{
	struct place own = *p;

	make_ours(p);
	run_other(&own, "INSERT INTO boot(boot_id) VALUES('x')", false);
	shell("rm '%s'", p->path);
}

/* What a program leaves that is killed in its first transaction, or whose database was deleted. */
static void make_journal(const struct place *p)
{
	shell("head -c 4096 /dev/urandom >'%s-journal'", p->path);
}

static void make_journal_with_empty_file(const struct place *p)
{
	make_journal(p);
	make_empty(p);
}

static void make_journal_in_directory_of_another(const struct place *p)
{
	make_journal(p);
	shell("chown 65534 '%s'", p->directory);
}

/* What is ours may be set aside, but opening it changes nothing. */
static void test_what_is_no_history(void **state)
{
	static const struct {
		const char *what;
		void (*make)(const struct place *p);
		int write, read;
	} rows[] = {
		{ "text", make_text, -ERROR_DB_NONE, -ERROR_DB_NONE },
		{ "zeros", make_zeros, -ERROR_DB_NONE, -ERROR_DB_NONE },
		{ "FIFO", make_fifo, -ERROR_NOT_REGULAR, -ERROR_NOT_REGULAR },
		{ "directory", make_directory, -EISDIR, -EISDIR },
		{ "header destroyed", make_destroyed, -ERROR_DB_CORRUPT, -ERROR_DB_NONE },
		{ "header destroyed, nothing beside it", make_destroyed_without_traces, -ERROR_DB_NONE, -ERROR_DB_NONE },
		{ "newer", make_newer, -ERROR_DB_NEWER, -ERROR_DB_NEWER },
		{ "another's WAL", make_others_wal, -ERROR_DB_FOREIGN, -ENOENT },
		{ "another's WAL and an empty file", make_others_wal_with_empty_file, -ERROR_DB_FOREIGN, -ERROR_DB_FOREIGN },
		{ "own WAL", make_own_wal, -ERROR_DB_LEFT, -ENOENT },
		{ "journal", make_journal, -ERROR_DB_LEFT, -ENOENT },
		{ "journal and an empty file", make_journal_with_empty_file, -ERROR_DB_LEFT, -ERROR_DB_EMPTY },
		{ "journal in another's directory", make_journal_in_directory_of_another, -ERROR_DB_FOREIGN, -ENOENT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct place p;

		if (rows[i].make == make_journal_in_directory_of_another && geteuid() != 0)
			continue;

		open_place(&p);
		rows[i].make(&p);
		check_untouched(rows[i].what, &p, rows[i].write, rows[i].read);
		close_place(&p);
	}
}

/* Whatever its mode allows: another user may replace what lies there at any time. */
static void test_another_owner(void **state)
{
	static const struct {
		const char *what;
		void (*make)(const struct place *p);
		const char *given; /* suffix of the file that is given away */
		int write;
	} rows[] = {
		{ "ours", make_ours, "", -ERROR_DB_OWNER },
		{ "ours, only the WAL", make_ours, "-wal", 0 },
		{ "empty", make_empty, "", -ERROR_DB_OWNER },
		{ "text", make_text, "", -ERROR_DB_OWNER },
		{ "destroyed", make_destroyed, "", -ERROR_DB_OWNER },
		{ "only a WAL", make_own_wal, "-wal", -ERROR_DB_OWNER },
	};

	(void)state;
	if (geteuid() != 0) {
		print_message("not root\n");
		skip();
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char before[FINGERPRINT_SIZE], after[FINGERPRINT_SIZE];
		struct db *db = NULL;
		struct place p;

		open_place(&p);
		rows[i].make(&p);
		shell("chown 65534:65534 '%s%s'; chmod 0666 '%s%s'", p.path, rows[i].given, p.path, rows[i].given);
		take_fingerprint(&p, before);
		row_equal(rows[i].what, db_open_write(p.path, &db), rows[i].write);
		db_close(db);
		take_fingerprint(&p, after);
		if (rows[i].write)
			row_string(rows[i].what, after, before);
		close_place(&p);
	}
}

static void test_what_can_be_written(void **state)
{
	static const struct {
		const char *what;
		void (*make)(const struct place *p);
	} rows[] = { { "nothing", make_nothing }, { "an empty file", make_empty }, { "ours", make_ours } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct db *db = NULL;
		struct place p;

		open_place(&p);
		rows[i].make(&p);
		row_equal(rows[i].what, db_open_write(p.path, &db), 0);
		db_close(db);
		close_place(&p);
	}
}

/* Killed at once, a recorder has only a header in the file and all else in the WAL. */
static void test_ours_before_its_first_checkpoint(void **state)
{
	struct db *db = NULL;
	struct place p;
	struct stat st;
	pid_t child;

	(void)state;
	open_place(&p);
	child = fork();
	if (child == 0)
		_exit(db_open_write(p.path, &db) != 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(stat(p.path, &st), 0);
	assert_true(st.st_size <= 8192);
	assert_int_equal(db_origin_check_write(p.path), 0);
	assert_int_equal(db_open_read(p.path, &db), 0);
	db_close(db);
	db = NULL;
	assert_int_equal(db_open_write(p.path, &db), 0);
	db_close(db);
	close_place(&p);
}

/* Stands for open(2): another process makes a FIFO just after no database was found. */
static char fifo_after_open[128];

int open_before_fifo(const char *path, int flags, ...) __asm__("open");

int open_before_fifo(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;
	int fd;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	fd = openat(AT_FDCWD, path, flags, mode);
	if (fd < 0 && errno == ENOENT && strcmp(path, fifo_after_open) == 0) {
		fifo_after_open[0] = '\0';
		assert_int_equal(mkfifo(path, 0600), 0);
		assert_int_equal(chown(path, 65534, 65534), 0);
		errno = ENOENT;
	}
	return fd;
}

/* A FIFO may go away again, so its owner must not end the recorder as the owner of a database would. */
static void test_what_appears_meanwhile_is_not_judged(void **state)
{
	struct db_origin origin;
	struct place p;

	(void)state;
	if (geteuid() != 0) {
		print_message("not root\n");
		skip();
	}
	open_place(&p);
	(void)snprintf(fifo_after_open, sizeof(fifo_after_open), "%s", p.path);
	assert_int_equal(db_origin_read(p.path, &origin), 0);
	assert_int_equal(access(p.path, F_OK), 0);
	assert_int_equal(db_origin_judge_write(&origin), 0);
	assert_int_equal(db_origin_check_write(p.path), -ERROR_NOT_REGULAR);
	close_place(&p);
}

static void test_words(void **state)
{
	static const struct {
		struct db_origin origin;
		const char *want;
	} rows[] = {
		{ { .whose = DB_FOREIGN, .header.application_id = 0x47504b47, .owner = 7 },
		  "an SQLite database with application id 0x47504b47 \"GPKG\"; its owner has uid 7" },
		{ { .whose = DB_FOREIGN, .header.application_id = 0x22222277 },
		  "an SQLite database with application id 0x22222277; its owner has uid 0" },
		{ { .whose = DB_FOREIGN }, "an SQLite database without application id; its owner has uid 0" },
		{ { .whose = DB_OURS, .header.application_id = 0x63726542, .owner = 65534 },
		  "an SQLite database with application id 0x63726542 \"creB\"; its owner has uid 65534" },
		{ { .whose = DB_NO_DATABASE, .contents = "text" }, "it begins with text; its owner has uid 0" },
		{ { .whose = DB_NOBODYS, .empty = true }, "it is empty; its owner has uid 0" },
		{ { .whose = DB_NOBODYS, .empty = true, .left = true }, "only its WAL or journal is there; its owner has uid 0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[DB_ORIGIN_TEXT_MAX];

		db_origin_format(&rows[i].origin, text);
		row_string(rows[i].want, text, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_databases_of_other_programs),
		cmocka_unit_test(test_what_is_no_history),
		cmocka_unit_test(test_another_owner),
		cmocka_unit_test(test_what_can_be_written),
		cmocka_unit_test(test_ours_before_its_first_checkpoint),
		cmocka_unit_test(test_what_appears_meanwhile_is_not_judged),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
