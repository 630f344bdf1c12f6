/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "consumer/cli/command.h"
#include "consumer/cli/history.h"
#include "consumer/cli/output.h"
#include "consumer/print/column.h"
#include "consumer/print/print.h"
#include "consumer/query/filter.h"
#include "consumer/query/sql.h"
#include "consumer/query/value.h"
#include "consumer/sandbox/confine.h"
#include "consumer/sandbox/process_limit.h"
#include "consumer/text/error.h"

struct sql_options {
	uint64_t time_limit_ns;
	struct print_options print;
};

static void set_defaults(void *options)
{
	((struct sql_options *)options)->time_limit_ns = 10000000000ULL;
}

static const struct option_row sql_rows[] = {
	{ "time-limit", 0, OPTION_DURATION, offsetof(struct sql_options, time_limit_ns), .min = 1000000,
	  .argument = "TIME", .help = "stop the query after this time: while it runs, the WAL cannot be truncated",
	  .shows_default = true },
	{ .name = NULL },
};

/* One column for each result column of the query. The names belong to the statement. */
static int make_columns(struct db_stmt *stmt, struct column *columns, struct column_table *ret)
{
	int count = db_columns(stmt);

	if (count > COLUMN_LIST_MAX)
		return -E2BIG;
	for (int i = 0; i < count; i++)
		columns[i] = (struct column){ .name = db_column_name(stmt, i),
					      .header = db_column_name(stmt, i),
					      .type = COLUMN_ANY,
					      .flags = COLUMN_PLAIN };
	*ret = (struct column_table){ columns, (size_t)count, NULL, NULL, -1 };
	return 0;
}

#define TOOK_TOO_LONG "it took too long: narrow it down, or allow more time with --time-limit"

static int usage_error(const struct db *db, int r)
{
	static const struct {
		int error;
		const char *text;
	} reasons[] = {
		{ -ERROR_SQL_REFUSED, "only reading is allowed" },
		{ -ERROR_SQL_TIMEOUT, TOOK_TOO_LONG },
		{ -ERROR_VALUE_SIZE, "a value is larger than 16M" },
		{ -E2BIG, "it has too many columns" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].error == r) {
			log_error("the query was not run to its end: %s", reasons[i].text);
			return EXIT_USAGE;
		}
	if (r == -EINVAL) {
		log_error("the query is not one SELECT that can be run: %s", db_message(db));
		return EXIT_USAGE;
	}
	return 0;
}

#define FLUSH_ROWS 50000 /* a longer answer is written while it is read, so that memory stays bounded */

struct sql_work {
	const struct command_call *call;
	const char *path; /* of the database */
	const struct sql_options *options;
	struct output output;
	struct db *db;
};

/* A single call of a function can run longer than the limit. */
static int step(struct db_stmt *stmt)
{
	process_limit_enter();

	int r = db_step(stmt);

	process_limit_leave();
	return r;
}

static int prepare(struct sql_work *work, const char *query, struct db_stmt **ret)
{
	int r = db_restrict(work->db, work->options->time_limit_ns);

	if (r)
		return r;
	/* The limit of the user replaces that of a database whose queries are our own. */
	process_limit_cpu_lift();
	process_limit_time(work->options->time_limit_ns);
	process_limit_enter();
	r = db_prepare(work->db, query, ret);
	process_limit_leave();
	return r;
}

/* Returns 0 or the negative errno of reading or of print_row; finish reports errors of writing. */
static int print_rows_of(struct db_stmt *stmt, struct print *print, size_t count)
{
	struct value row[COLUMN_LIST_MAX];
	int r, written = 0;

	while (written == 0 && (r = step(stmt)) > 0) {
		value_row(stmt, row, count);
		written = print_row(print, row, NULL);
		if (written == 0 && print_count(print) % FLUSH_ROWS == 0)
			written = print_flush(print);
	}
	db_reset(stmt);
	return written < 0 ? written : r;
}

static int finish(struct sql_work *work, struct print *print, int r)
{
	int written = output_close(&work->output, print_finish(print));

	if (written == -EPIPE)
		return EXIT_FOUND;
	if (written < 0)
		return output_failed(written);
	if (r < 0 && !db_wal_index_moved(work->db) && usage_error(work->db, r))
		return EXIT_USAGE;
	if (r < 0)
		return history_failed(work->path, work->db, r);
	r = history_check(work->path, work->db);
	if (r)
		return r;
	return print_count(print) ? EXIT_FOUND : EXIT_NOT_FOUND;
}

static int run_query(struct sql_work *work, const char *query)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	CLEANUP(print_cleanup) struct print *print = NULL;
	struct column columns[COLUMN_LIST_MAX];
	struct column_table table;
	char message[4096] = "";
	int r = prepare(work, query, &stmt);

	if (r == 0)
		r = make_columns(stmt, columns, &table);
	if (r < 0) {
		int exit_code = usage_error(work->db, r);

		return exit_code ? exit_code : history_failed(work->path, work->db, r);
	}

	struct print_target target = { work->output.out, work->output.color, false, work->output.width, "" };

	r = print_open(&work->options->print, &table, &target, &print, message, sizeof(message));
	if (r < 0) {
		log_error("--fields: %s", message);
		return EXIT_USAGE;
	}
	return finish(work, print, print_rows_of(stmt, print, table.count));
}

static int open_history(struct sql_work *work)
{
	struct filter_now now;
	int r;

	filter_now(&now);
	process_limit_prepare_time(EXIT_USAGE, "the query was not run to its end: " TOOK_TOO_LONG);
	r = confine_to_reading(work->path);
	if (!r)
		r = history_open(work->path, &work->db);
	if (r)
		return r;
	if (!work->call->common.quiet)
		history_warn_stale(work->db, work->call->common.config.metrics_interval_ns, now.now_unix_nano,
				   work->options->print.utc);
	confine_to_open_files();
	return 0;
}

static int run(const struct command_call *call)
{
	const struct sql_options *options = call->settings;
	struct sql_work work = { .call = call, .path = call->common.config.db, .options = options };
	int exit_code;

	output_open(&call->common, print_is_text(&options->print), &work.output);
	exit_code = open_history(&work);
	if (!exit_code)
		exit_code = run_query(&work, call->operands[0]);
	(void)output_close(&work.output, 0);
	db_close(work.db);
	return exit_code;
}

static const struct command_group groups[] = {
	{ "Query", sql_rows, 0, 0, set_defaults },
	{ "How to show it", print_rows, offsetof(struct sql_options, print), 0, NULL },
	{ 0 },
};

const struct command cmd_sql = {
	.name = "sql",
	.help = "read-only SQL over the documented views",
	.example = "cri-ebpf sql 'SELECT container_id, count(*) AS kills FROM v_oom GROUP BY 1'",
	.synopsis = "cri-ebpf sql QUERY [OPTION...]",
	.description = "One SELECT over the views v_events, v_oom, v_exit, v_pressure, v_fork, v_lifecycle, v_container and\n"
		"v_gap. Nothing can be changed. Times are nanoseconds since 1970 (UTC).",
	.operands = "exactly one query in quotes",
	.operands_min = 1,
	.operands_max = 1,
	.groups = groups,
	.settings_size = sizeof(struct sql_options),
	.run = run,
};
