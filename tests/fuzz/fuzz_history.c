/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A damaged database: the fixture with any values of any type in any column, read by every verb. Each prints lines
 * that are safe for a terminal, and valid JSON.
 */
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/exit_code.h"
#include "consumer/cli/command.h"
#include "tests/fuzz/fuzz_fixture.h"
#include "tests/fuzz/fuzz_lines.h"

#define WORDS_MAX 24

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

static void change(struct db *db, struct input *input)
{
	static const char *const forms[] = { "NULL", "?", "?", "?", "CAST(? AS BLOB)", "CAST(? AS REAL)" };
	size_t column = take_byte(input) % history.column_count;
	unsigned int row = take_byte(input) % 32, form = take_byte(input) % 6;
	unsigned int length = form < 3 ? form * form * 2 : take_byte(input);
	size_t left = (size_t)(input->end - input->at), n = length < left ? length : left;
	const char *tail = history.columns[column].tail;
	struct db_stmt *stmt = NULL;
	int64_t number = 0;
	char sql[256];

	if (tail[0])
		(void)snprintf(sql, sizeof(sql), "%s%s%s%u)", history.columns[column].head, forms[form], tail, row);
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
}

static void change_all(struct input *input)
{
	struct db *db = NULL;

	write_file("-wal", "", 0);
	write_file("", history.fresh, history.fresh_size);
	FUZZ_ASSERT(db_open_write(history.path, &db) == 0);
	FUZZ_ASSERT(db_begin(db, false) == 0);
	while (input->at < input->end)
		change(db, input);
	FUZZ_ASSERT(db_commit(db) == 0);
	db_close(db);
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

/* Standard output and standard error of the verb are kept in memory. Its exit code. */
static int run_verb(const struct verb *verb, char **ret_out, char **ret_err)
{
	FILE *const own_out = stdout, *const own_err = stderr;
	char words[256], *argv[WORDS_MAX] = { NULL };
	size_t size;
	int r;

	(void)snprintf(words, sizeof(words), "%s", verb->words);
	stdout = open_memstream(ret_out, &size);
	stderr = open_memstream(ret_err, &size);
	r = command_start(NULL, verb->command, (int)split(words, argv), argv);
	(void)fclose(stdout);
	(void)fclose(stderr);
	stdout = own_out;
	stderr = own_err;
	FUZZ_ASSERT(r >= EXIT_FOUND && r <= EXIT_GAP);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, data + size };
	unsigned int choice = take_byte(&input);
	const struct verb *verb = &verbs[choice % 128 % (sizeof(verbs) / sizeof(verbs[0]))];
	char *out = NULL, *err = NULL;
	struct db *db = NULL;
	int exit_code;

	if (!history.fresh)
		make_fresh();
	change_all(&input);
	(void)setlocale(LC_CTYPE, choice & 128 ? "C.UTF-8" : "C");
	exit_code = run_verb(verb, &out, &err);
	FUZZ_ASSERT(db_open_write(history.path, &db) == 0);
	if (verb->shape != BYTES)
		fuzz_check_lines(db, out, verb->shape == JSON && exit_code != EXIT_STORE); /* else cut off */
	fuzz_check_lines(db, err, false);
	db_close(db);
	free(out);
	free(err);
	return 0;
}
