/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/cli/vacuum_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/text.h"
#include "consumer/cli/history.h"
#include "consumer/cli/output.h"
#include "consumer/print/column.h"
#include "consumer/print/print.h"
#include "consumer/store/db.h"
#include "consumer/text/error.h"

/* The check ends after so many problems. */
#define PROBLEMS "100"

enum check_column { CHECK_RESULT, CHECK_PROBLEM, CHECK_COLUMN_COUNT };

static const struct column columns[CHECK_COLUMN_COUNT] = {
	[CHECK_RESULT] = { "result", .type = COLUMN_STRING },
	[CHECK_PROBLEM] = { "problem", .type = COLUMN_STRING },
};

static const struct column_table table = { columns, CHECK_COLUMN_COUNT, NULL, NULL, -1 };

static void print_problem(struct print *print, const char *problem)
{
	const struct value row[CHECK_COLUMN_COUNT] = {
		[CHECK_RESULT] = value_text(problem ? "damaged" : "sound"),
		[CHECK_PROBLEM] = problem ? value_text(problem) : value_null(),
	};

	(void)print_row(print, row, NULL);
}

/* Prints an answer of SQLite: a problem a line, below headings that begin with "***". Returns the number of problems. */
static int print_answer(struct print *print, const char *answer)
{
	char problem[1024];
	const char *line = answer;
	int problems = 0;

	for (size_t length; *line; line += length + (line[length] == '\n')) {
		length = strcspn(line, "\n");
		if (length == 0 || text_starts_with(line, "***"))
			continue;
		(void)snprintf(problem, sizeof(problem), "%.*s", (int)length, line);
		print_problem(print, problem);
		problems++;
	}
	if (problems == 0)
		print_problem(print, answer);
	return problems ? problems : 1;
}

/* Whether an answer, after `problems` others, says something. SQLite says last that it met damage, in general. */
static bool is_told(const char *answer, int problems)
{
	return strcmp(answer, "ok") != 0 && (problems == 0 || strcmp(answer, "database disk image is malformed") != 0);
}

/* Returns the number of problems, or a failure to read. */
static int read_all(struct db *db, struct print *print)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	const char *answer;
	int problems = 0;
	int r = db_prepare(db, "PRAGMA integrity_check(" PROBLEMS ")", &stmt);

	while (r >= 0 && (r = db_step(stmt)) > 0) {
		answer = db_text(stmt, 0, NULL);
		if (answer && is_told(answer, problems))
			problems += print_answer(print, answer);
	}
	if (r < 0 && r != -ERROR_DB_CORRUPT)
		return r;
	answer = r < 0 ? db_message(db) : "ok";
	if (is_told(answer, problems))
		return problems + print_answer(print, answer);
	if (problems == 0)
		print_problem(print, NULL);
	return problems;
}

static void announce(const struct db *db, const char *path)
{
	uint64_t file, wal;
	char size[16];

	if (!isatty(STDERR_FILENO))
		return;
	db_file_sizes(db, &file, &wal);
	text_format_size(size, sizeof(size), file + wal);
	log_info("reading all %s of \"%s\"; Ctrl-C ends it and changes nothing", size, path);
}

static void report(const char *path, int problems)
{
	if (problems == 0)
		log_info("\"%s\" is sound", path);
	else
		log_error("\"%s\" is damaged; a recorder sets it aside when it meets the damage, and what is left in it can"
			  " be read with sqlite3 and its command .recover",
			  path);
}

int vacuum_check(struct db *db, const char *path, const struct print_options *options, struct output *output)
{
	CLEANUP(print_cleanup) struct print *print = NULL;
	const struct print_target target = { output->out, output->color, false, output->width, "" };
	char message[4096] = "";
	int problems, r;

	if (print_open(options, &table, &target, &print, message, sizeof(message)) < 0) {
		log_error("--fields: %s", message);
		return EXIT_USAGE;
	}
	announce(db, path);
	problems = read_all(db, print);
	r = output_close(output, print_finish(print));
	if (problems < 0)
		return history_failed(path, db, problems);
	if (r < 0 && r != -EPIPE)
		return output_failed(r);
	report(path, problems);
	return problems ? EXIT_UNHEALTHY : EXIT_FOUND;
}
