/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile database: the fixture with any values of any type in any column, with a schema that lies, and with any bytes in
 * its pages, read by every verb. Each prints lines that are safe for a terminal, and valid JSON, and ends within bounds of
 * time and memory.
 */
#include <locale.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/exit_code.h"
#include "consumer/cli/command.h"
#include "tests/fuzz/fuzz_fixture.h"
#include "tests/fuzz/fuzz_lines.h"

#define WORDS_MAX 24
/* Of one input. A verb takes milliseconds and a few hundred kilobytes, but the sanitizers make it slow. */
#define CPU_SECONDS 15
#define MEMORY_MAX  (64LL << 20)
#define OUTPUT_MAX  (32U << 20)

enum shape { LINES, JSON, BYTES }; /* BYTES: csv and export carry what is stored, for programs */

/* The first byte of the input chooses; its highest bit, a locale with UTF-8. */
static const struct verb {
	const struct command *command;
	enum shape shape;
	const char *words; /* between tabs */
} verbs[] = {
	{ &cmd_events, JSON, "events\t--json" },
	{ &cmd_events, LINES, "events\t-r" },
	{ &cmd_events, LINES, "events\t-o\twide\t-c\tnginx" },
	{ &cmd_events, BYTES, "events\t-o\tcsv" },
	{ &cmd_events, BYTES, "events\t-o\texport\t-t\toom_kill,gap" },
	{ &cmd_events, JSON, "events\t--json\t-g\ta.*b|kill\t-n\t5\t--strict" },
	{ &cmd_oom, JSON, "oom\t--json" },
	{ &cmd_oom, LINES, "oom" },
	{ &cmd_show, LINES, "show\t5\t11\t20" },
	{ &cmd_show, JSON, "show\t--json\t5\t4" },
	{ &cmd_ps, JSON, "ps\t-a\t--json" },
	{ &cmd_ps, LINES, "ps\t-a" },
	{ &cmd_stats, JSON, "stats\t--json" },
	{ &cmd_stats, LINES, "stats" },
	{ &cmd_status, JSON, "status\t--json" },
	{ &cmd_status, LINES, "status" },
	{ &cmd_sql, JSON, "sql\tSELECT * FROM v_events\t--json" },
	{ &cmd_sql, LINES, "sql\tSELECT * FROM v_container" },
	{ &cmd_why, LINES, "why\tnginx" },
	{ &cmd_why, JSON, "why\t--json\tnginx" },
	{ &cmd_why, LINES, "why\t3f2a" },
	{ &cmd_why, LINES, "why\tfoo.service" },
	{ &cmd_why, JSON, "why\t--json\t505" },
	{ &cmd_why, LINES, "why\tweb-7d4b\t-S\t2025-11-22 16:00" },
	{ &cmd_why, LINES, "why\tevil" },
};

static const char status_sql[] =
	"INSERT INTO status VALUES('recorder', '{\"loader\":{\"loaded\":true,\"abi\":1,\"probes\":[{\"name\":\"oom\","
	"\"rung\":\"fentry\",\"attached\":null}]},\"recorder\":{\"running\":true,\"pid\":1,\"heartbeat_unix_nano\":1,"
	"\"metrics_interval_ns\":\"\",\"lag_bytes\":0,\"last_commit\":\"2025-11-22T16:31:07.000000000Z\"},\"counters\":"
	"{\"sent\":{\"oom_kill\":4},\"stored\":{\"oom_kill\":4},\"lost\":{}},\"problems\":[{\"name\":\"links_gone\","
	"\"since\":\"2025-11-22T16:31:07.000000000Z\",\"detail\":\"oom_kill\"}]}')";

/* Every column there is: a statement that puts a value into it, up to the value and after it. */
static const char columns_sql[] =
	"SELECT 'UPDATE OR IGNORE ' || m.name || ' SET ' || p.name || ' = ', iif(m.sql LIKE '%WITHOUT ROWID%', '',"
	" ' WHERE rowid IN (SELECT rowid FROM ' || m.name || ' LIMIT 1 OFFSET ')"
	" FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' ORDER BY 1";

static struct {
	char directory[64], path[80], db[96], config[96]; /* the last two as options */
	char *fresh;					  /* the fixture as a database file */
	size_t fresh_size;
	struct {
		char head[96], tail[96];
	} columns[192];
	size_t column_count;
	struct db *checker; /* for fuzz_check_lines: the one under test may be unreadable */
} history;

static void write_file(const char *suffix, const char *bytes, size_t size)
{
	char path[96];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s%s", history.path, suffix);
	file = fopen(path, "we");
	FUZZ_ASSERT(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

static void note_columns(struct db *db)
{
	struct db_stmt *stmt = NULL;

	FUZZ_ASSERT(db_prepare(db, columns_sql, &stmt) == 0);
	while (db_step(stmt) > 0) {
		FUZZ_ASSERT(history.column_count < sizeof(history.columns) / sizeof(history.columns[0]));
		(void)snprintf(history.columns[history.column_count].head, 96, "%s", db_text(stmt, 0, NULL));
		(void)snprintf(history.columns[history.column_count++].tail, 96, "%s", db_text(stmt, 1, NULL));
	}
	db_finish(stmt);
}

static void remove_directory(void)
{
	char command[96];

	db_close(history.checker);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", history.directory);
	(void)!system(command);
	free(history.fresh);
}

static void make_fresh(void)
{
	const char *tmp = getenv("TMPDIR");
	struct db *db;

	(void)snprintf(history.directory, sizeof(history.directory), "%s/cri-ebpf-fuzz-XXXXXX",
		       tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	FUZZ_ASSERT(mkdtemp(history.directory));
	(void)snprintf(history.path, sizeof(history.path), "%s/db", history.directory);
	(void)snprintf(history.db, sizeof(history.db), "--db=%s", history.path);
	(void)snprintf(history.config, sizeof(history.config), "--config=%s.conf", history.path);
	write_file(".conf", "", 0);
	/* With memory statistics, which a writer turns off before the first use of SQLite. */
	FUZZ_ASSERT(sqlite3_initialize() == SQLITE_OK);
	history.checker = fuzz_open_nameless_fixture(NULL);
	db = fuzz_open_fixture(history.path);
	FUZZ_ASSERT(db_exec(db, status_sql) == 0);
	note_columns(db);
	db_close(db);
	history.fresh = fuzz_read_file(history.path, &history.fresh_size);
	(void)atexit(remove_directory);
}

/* ------------------------------------------------------------------ what the input changes */

struct input {
	const uint8_t *at, *end;
};

static unsigned int take_byte(struct input *input)
{
	return input->at < input->end ? *input->at++ : 0;
}

/* Some bytes of the input, as a parameter of a statement. */
static size_t take_bytes(struct input *input, const uint8_t **ret)
{
	size_t length = take_byte(input), left = (size_t)(input->end - input->at);

	if (length > left)
		length = left;
	*ret = input->at;
	input->at += length;
	return length;
}

/* What may be written into the schema. ?1: text, ?2: number of a row, ?3: a position in its text. */
#define ENDLESS	   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT "
#define SCHEMA_ROW " WHERE rowid = 1 + abs(?2) % (SELECT max(rowid) FROM sqlite_master)"
#define PLACE	   "1 + abs(?3) % length(sql)"
static const char *const lies[] = {
	"UPDATE sqlite_master SET sql = ?1" SCHEMA_ROW,
	"UPDATE sqlite_master SET sql = substr(sql, 1, " PLACE ") || ?1 || substr(sql, " PLACE ")" SCHEMA_ROW,
	"UPDATE sqlite_master SET sql = substr(sql, 1, " PLACE ") || ?1" SCHEMA_ROW,
	"UPDATE sqlite_master SET rootpage = ?3" SCHEMA_ROW,
	"UPDATE sqlite_master SET type = ?1" SCHEMA_ROW,
	"UPDATE sqlite_master SET name = ?1" SCHEMA_ROW,
	"UPDATE sqlite_master SET tbl_name = ?1" SCHEMA_ROW,
	"DELETE FROM sqlite_master" SCHEMA_ROW,
	"INSERT INTO sqlite_master SELECT type, ?1, tbl_name, rootpage, sql FROM sqlite_master" SCHEMA_ROW,
	"UPDATE sqlite_master SET type = 'view', rootpage = 0, sql = 'CREATE VIEW ' || name || ' AS " ENDLESS
	"i AS id, 3 AS type, i AS time, 2 AS boot, 1 AS cgroup, 1 AS pid, ''x'' AS name FROM n'" SCHEMA_ROW,
	"UPDATE sqlite_master SET type = 'index', rootpage = 0, sql = 'CREATE VIEW ' || name || ' AS " ENDLESS
	"i AS id FROM n'" SCHEMA_ROW,
	"UPDATE sqlite_master SET sql = replace(sql, ' TEXT', ' TEXT GENERATED ALWAYS AS (printf(''%.*c'', 900000000, ''x''))')"
	SCHEMA_ROW,
	"UPDATE sqlite_master SET sql = replace(sql, ' INTEGER', ' INTEGER DEFAULT (abs(-9223372036854775808))')" SCHEMA_ROW,
	"UPDATE sqlite_master SET rootpage = 0, sql = 'CREATE VIRTUAL TABLE ' || name || ' USING json_each'" SCHEMA_ROW,
	"INSERT INTO sqlite_master VALUES('trigger', 't', 'event', 0,"
	" 'CREATE TRIGGER t AFTER INSERT ON event BEGIN DELETE FROM event; END')",
};

/* As another program would, without the settings of ours. */
static void lie(struct input *input)
{
	static const char pragmas[] = "PRAGMA writable_schema = ON; PRAGMA synchronous = OFF";
	const char *sql = lies[take_byte(input) % (sizeof(lies) / sizeof(lies[0]))];
	unsigned int row = take_byte(input), place = take_byte(input) << 8 | take_byte(input);
	const uint8_t *text;
	size_t length = take_bytes(input, &text);
	sqlite3_stmt *stmt = NULL;
	sqlite3 *handle = NULL;

	if (sqlite3_open(history.path, &handle) == SQLITE_OK &&
	    sqlite3_exec(handle, pragmas, NULL, NULL, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL) == SQLITE_OK) {
		(void)sqlite3_bind_text(stmt, 1, (const char *)text, (int)length, SQLITE_STATIC);
		(void)sqlite3_bind_int64(stmt, 2, row);
		(void)sqlite3_bind_int64(stmt, 3, place);
		(void)sqlite3_step(stmt);
	}
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(handle);
}

/* Bytes of the file, behind the header: pages that lie. */
static void overwrite(struct input *input)
{
	unsigned int page = take_byte(input), offset = take_byte(input) << 8 | take_byte(input);
	const uint8_t *bytes;
	size_t length = take_bytes(input, &bytes), at = page * 4096 + offset % 4096;
	FILE *file = fopen(history.path, "r+e");

	FUZZ_ASSERT(file);
	if (at >= 100 && at + length <= history.fresh_size) {
		(void)fseek(file, (long)at, SEEK_SET);
		(void)fwrite(bytes, 1, length, file);
	}
	(void)fclose(file);
}

/* The rows that change() does not use. */
#define ROW_LIE	     255
#define ROW_OVERWRITE 254

/* Returns 0, or the row above ROW_OVERWRITE that ends the changes of values. */
static unsigned int change(struct db *db, struct input *input)
{
	static const char *const forms[] = { "NULL", "?", "?", "?", "CAST(? AS BLOB)", "CAST(? AS REAL)" };
	size_t column = take_byte(input) % history.column_count;
	unsigned int row = take_byte(input);

	if (row >= ROW_OVERWRITE)
		return row;

	unsigned int form = take_byte(input) % 6;
	unsigned int length = form < 3 ? form * form * 2 : take_byte(input);
	size_t left = (size_t)(input->end - input->at), n = length < left ? length : left;
	const char *tail = history.columns[column].tail;
	struct db_stmt *stmt = NULL;
	int64_t number = 0;
	char sql[256];

	if (tail[0])
		(void)snprintf(sql, sizeof(sql), "%s%s%s%u)", history.columns[column].head, forms[form], tail,
			       row % 32);
	else
		(void)snprintf(sql, sizeof(sql), "%s%s", history.columns[column].head, forms[form]);
	FUZZ_ASSERT(db_prepare(db, sql, &stmt) == 0);
	memcpy(&number, input->at, n < sizeof(number) ? n : sizeof(number));
	if (form == 1 || form == 2)
		db_bind_int(stmt, 1, form == 1 ? (int16_t)number : number);
	else if (form > 2)
		db_bind_text(stmt, 1, (const char *)input->at, n);
	input->at += n;
	(void)db_run(stmt); /* some columns must not be NULL */
	db_finish(stmt);
	return 0;
}

static void change_all(struct input *input)
{
	struct db *db = NULL;
	unsigned int lies_from = 0;

	write_file("-wal", "", 0);
	write_file("", history.fresh, history.fresh_size);
	FUZZ_ASSERT(db_open_write(history.path, &db) == 0);
	FUZZ_ASSERT(db_begin(db, false) == 0);
	while (!lies_from && input->at < input->end)
		lies_from = change(db, input);
	FUZZ_ASSERT(db_commit(db) == 0);
	if (lies_from)
		FUZZ_ASSERT(db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)") == 0);
	db_close(db);
	while (lies_from && input->at < input->end) {
		if (lies_from == ROW_LIE)
			lie(input);
		else
			overwrite(input);
		lies_from = take_byte(input) & 1 ? ROW_LIE : ROW_OVERWRITE;
	}
}

/* ------------------------------------------------------------------ what the verbs print */

static size_t split(char *text, char **argv)
{
	static char no_pager[] = "--no-pager", no_color[] = "--color=never";
	char *const common[] = { no_pager, no_color, history.db, history.config };
	size_t count = 0;

	for (char *word; (word = strsep(&text, "\t"));)
		argv[count++] = word;
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		argv[count++] = common[i];
	FUZZ_ASSERT(count < WORDS_MAX);
	return count;
}

static void limit_cpu(time_t seconds)
{
	const struct itimerval limit = { .it_value = { .tv_sec = seconds } };

	/* A crash for the fuzzer. */
	(void)signal(SIGPROF, SIG_DFL);
	FUZZ_ASSERT(setitimer(ITIMER_PROF, &limit, NULL) == 0);
}

/* Standard output and standard error of the verb are kept in memory. Its exit code. */
static int run_verb(const struct verb *verb, char **ret_out, char **ret_err)
{
	FILE *const own_out = stdout, *const own_err = stderr;
	char words[256], *argv[WORDS_MAX] = { NULL };
	size_t size, err_size;
	int r;

	(void)snprintf(words, sizeof(words), "%s", verb->words);
	stdout = open_memstream(ret_out, &size);
	stderr = open_memstream(ret_err, &err_size);
	(void)sqlite3_memory_highwater(1);
	limit_cpu(CPU_SECONDS);
	r = command_start(NULL, verb->command, (int)split(words, argv), argv);
	limit_cpu(0);
	(void)fclose(stdout);
	(void)fclose(stderr);
	stdout = own_out;
	stderr = own_err;
	FUZZ_ASSERT(r >= EXIT_FOUND && r <= EXIT_GAP);
	FUZZ_ASSERT(sqlite3_memory_highwater(0) <= MEMORY_MAX && size <= OUTPUT_MAX && err_size <= OUTPUT_MAX);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, data + size };
	unsigned int choice = take_byte(&input);
	const struct verb *verb = &verbs[choice % 128 % (sizeof(verbs) / sizeof(verbs[0]))];
	char *out = NULL, *err = NULL;
	int exit_code;

	if (!history.fresh)
		make_fresh();
	change_all(&input);
	(void)setlocale(LC_CTYPE, choice & 128 ? "C.UTF-8" : "C");
	exit_code = run_verb(verb, &out, &err);
	if (verb->shape != BYTES)
		fuzz_check_lines(history.checker, out, verb->shape == JSON && exit_code != EXIT_STORE); /* else cut off */
	fuzz_check_lines(history.checker, err, false);
	free(out);
	free(err);
	return 0;
}
