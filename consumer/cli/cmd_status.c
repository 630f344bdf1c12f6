/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/text.h"
#include "consumer/cli/command.h"
#include "consumer/cli/counters.h"
#include "consumer/cli/health.h"
#include "consumer/cli/history.h"
#include "consumer/cli/missing.h"
#include "consumer/cli/output.h"
#include "consumer/query/filter.h"
#include "consumer/query/query.h"
#include "consumer/query/sql.h"
#include "consumer/sandbox/confine.h"
#include "consumer/store/db_files.h"
#include "consumer/store/recorder_state.h"
#include "consumer/text/json.h"
#include "consumer/text/time_words.h"

struct status_options {
	uint64_t format;
	char since[128];
	bool json, utc, strict, alive;
};

static const char *const format_names[] = { "short", "json", NULL };

static const struct option_row status_rows[] = {
	{ "output", 'o', OPTION_CHOICE, offsetof(struct status_options, format), .choices = format_names,
	  .argument = "FORMAT", .help = "short or json" },
	{ "json", 0, OPTION_FLAG, offsetof(struct status_options, json), .help = "one JSON object (-o json)" },
	{ "since", 'S', OPTION_STRING, offsetof(struct status_options, since), .size = sizeof(((struct status_options *)0)->since),
	  .min = 1, .argument = "TIME", .help = "of what is missing only what ended since: yesterday, -2h, 10m, boot" },
	{ "strict", 0, OPTION_FLAG, offsetof(struct status_options, strict), .help = "exit 5 when something is missing" },
	{ "alive", 0, OPTION_FLAG, offsetof(struct status_options, alive),
	  .help = "print nothing; exit 4 only when the recorder does not run or hangs" },
	{ "utc", 0, OPTION_FLAG, offsetof(struct status_options, utc), .help = "times in UTC, not the local zone" },
	{ .name = NULL },
};

struct status {
	const char *path; /* of the database, as the user named it */
	const struct config *config;
	const struct status_options *options;
	struct db *db;
	char real_path[PATH_MAX]; /* path without links */
	struct output output;
	struct filter_now now;
	int64_t since; /* of what is missing, nanoseconds since 1970; 0: all */
	struct kernel_counters kernel;
	bool read_only; /* the file system: then the recorder cannot even tell why it is silent */
	struct recorder_state recorder;
	char as_of[TIME_TEXT_MAX];     /* time of the last heartbeat, which stored the facts */
	int64_t bytes, events, oldest; /* of the store; oldest: nanoseconds since 1970, 0: there are no events */
	struct health health;
	struct counters counters;
	bool counted_now; /* counters are of this moment, not of the last heartbeat */
	struct missing missing;
};

/* Prepares a SELECT of `what` from the row that the recorder writes, joined with `from`. */
static int prepare_facts(struct status *status, const char *what, const char *from, struct db_stmt **ret)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();

	sql_add(sql, "SELECT ");
	sql_add(sql, what);
	sql_add(sql, " FROM status");
	sql_add(sql, from);
	sql_add(sql, " WHERE status.key = 'recorder' AND json_valid(status.value)");
	return sql_prepare(sql, status->db, ret);
}

/* ------------------------------------------------------------------ health */

/* The recorder's word for a time. 0: none. */
static int64_t parse_time(const struct status *status, const char *text)
{
	int64_t time;

	return text && time_words_parse(text, status->now.now_unix_nano, status->now.boot_unix_nano, &time) == 0 ? time : 0;
}

/* Adds what the recorder reported. */
static int check_reported(struct status *status, const struct health_recorder *recorder)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = prepare_facts(status,
			      "json_extract(p.value, '$.name'), json_extract(p.value, '$.since'),"
			      " json_extract(p.value, '$.detail')",
			      ", json_each(status.value, '$.problems') p", &stmt);

	while (r >= 0 && (r = db_step(stmt)) > 0)
		health_check_reported(&status->health, recorder, db_text(stmt, 0, NULL),
				      parse_time(status, db_text(stmt, 1, NULL)), db_text(stmt, 2, NULL));
	return r;
}

#define PROBE_FACTS "json_extract(p.value, '$.name'), json_extract(p.value, '$.rung')"

static int check_probes(struct status *status)
{
	const struct health_wanted wanted = { status->config->oom_kill, status->config->process_exit };
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = prepare_facts(status, PROBE_FACTS, ", json_each(status.value, '$.loader.probes') p", &stmt);

	while (r >= 0 && (r = db_step(stmt)) > 0)
		health_check_probe(&status->health, db_text(stmt, 0, NULL), db_text(stmt, 1, NULL), &wanted);
	return r;
}

/* The recorder's own files are read before the sandbox is narrowed, the rest of the database after. */
static int check_recorder(struct status *status)
{
	char lock[PATH_MAX + sizeof(".lock")], fault[RECORDER_FAULT_MAX];
	struct recorder_state *state = &status->recorder;
	struct health_recorder recorder = {
		.state = state,
		.db_path = status->path,
		.pin_dir = status->config->pin_dir,
	};
	int r;

	(void)snprintf(lock, sizeof(lock), "%s.lock", status->real_path);
	r = recorder_state_read(status->db, status->now.now_unix_nano, (int64_t)status->config->metrics_interval_ns, lock,
				state);
	if (r < 0)
		return r;
	time_format_local(status->as_of, sizeof(status->as_of), state->time, status->options->utc);
	if (recorder_fault_read(status->real_path, fault, &recorder.fault_since))
		recorder.fault = fault;
	confine_to_open_files();
	health_check_recorder(&status->health, &recorder);
	return state->state == RECORDER_NEVER ? 0 : check_reported(status, &recorder);
}

/* ------------------------------------------------------------------ counters */

static int count(struct status *status)
{
	bool runs = status->recorder.state == RECORDER_RUNNING;
	int r;

	status->counted_now = !runs && status->kernel.known;
	if (status->counted_now)
		return counters_compute(status->db, &status->kernel, &status->counters);
	r = counters_read(status->db, &status->counters);
	if (!runs)
		counters_forget_unread(&status->counters);
	return r;
}

/* ------------------------------------------------------------------ the store */

static int measure_store(struct status *status)
{
	const char *path = status->real_path;
	int r = db_number(status->db, 0, &status->events, "SELECT count(*) FROM event");

	if (r == 0)
		r = db_number(status->db, 0, &status->oldest, "SELECT min(time) FROM event");
	status->bytes = (int64_t)(db_file_size(path, DB_FILE_DATABASE) + db_file_size(path, DB_FILE_WAL));
	return r;
}

/* ------------------------------------------------------------------ JSON */

/* Writes the same members, empty, when no recorder has stored its state yet. */
static void write_no_facts(struct json *json)
{
	json_object(json, "loader");
	json_bool(json, "loaded", false);
	json_null(json, "abi");
	json_array(json, "probes");
	json_close(json, ']');
	json_close(json, '}');
	json_object(json, "recorder");
	json_bool(json, "running", false);
	json_null(json, "lag_bytes");
	json_null(json, "last_commit");
	json_close(json, '}');
}

/* Writes what the recorder stored. Of one that does not run, nobody knows how much of the ring it has not read. */
static int write_facts(struct status *status, struct json *json)
{
	static const char *const names[] = { "loader", "recorder" };
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	bool runs = status->recorder.state == RECORDER_RUNNING;
	/* json_quote: json_extract returns a text without its quotes, which would not be JSON. */
	int r = prepare_facts(status,
			      runs ? "json_quote(json_extract(value, '$.loader')), json_quote(json_extract(value, '$.recorder'))"
				   : "json_quote(json_extract(value, '$.loader')), json_quote(json_set(json_extract(value,"
				     " '$.recorder'), '$.running', json('false'), '$.lag_bytes', NULL))",
			      "", &stmt);

	if (r == 0)
		r = db_step(stmt);
	if (r <= 0)
		return r;
	for (int i = 0; i < (int)ARRAY_SIZE(names); i++) {
		size_t length = 0;
		const char *text = db_text(stmt, i, &length);

		if (text)
			json_raw(json, names[i], text, length);
		else
			json_null(json, names[i]);
	}
	db_reset(stmt);
	return 0;
}

static void write_time(struct json *json, const char *name, int64_t time)
{
	char text[TIME_TEXT_MAX];

	time_format_rfc3339(text, sizeof(text), time);
	json_text(json, name, time ? text : NULL);
}

static void write_problems(const struct health *health, struct json *json)
{
	json_array(json, "problems");
	for (size_t i = 0; i < health->count; i++) {
		const struct health_problem *problem = &health->problems[i];

		json_object(json, NULL);
		json_text(json, "name", problem->name);
		write_time(json, "since", problem->since);
		json_text(json, "text", problem->text);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void write_store(struct status *status, struct json *json)
{
	json_object(json, "store");
	json_text(json, "path", status->path);
	json_int(json, "bytes", status->bytes);
	json_int(json, "events", status->events);
	write_time(json, "oldest", status->oldest);
	json_close(json, '}');
}

static int print_json(struct status *status)
{
	struct json json = { .out = status->output.out };
	bool written = status->recorder.state != RECORDER_NEVER;
	int r = 0;

	json_object(&json, NULL);
	json_int(&json, "v", 1);
	json_bool(&json, "healthy", status->health.count == 0);
	write_problems(&status->health, &json);
	missing_write(&status->missing, &json);
	write_time(&json, "as_of", written ? status->recorder.time : 0);
	if (written)
		r = write_facts(status, &json);
	else
		write_no_facts(&json);
	counters_write(&status->counters, &json);
	write_store(status, &json);
	json_close(&json, '}');
	return r;
}

/* ------------------------------------------------------------------ text */

static int print_loader(struct status *status)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	FILE *out = status->output.out;
	const char *separator = "";
	int r = prepare_facts(status, PROBE_FACTS, ", json_each(status.value, '$.loader.probes') p", &stmt);

	(void)fprintf(out, "  loader: as of %s: %sprobes ", status->as_of,
		      status->recorder.loaded ? "" : "nothing loaded; last known ");
	while (r >= 0 && (r = db_step(stmt)) > 0) {
		const char *name = db_text(stmt, 0, NULL), *rung = db_text(stmt, 1, NULL);
		char safe[128];

		(void)text_escape(safe, sizeof(safe), name ? name : "?", strlen(name ? name : "?"));
		(void)fprintf(out, "%s%s", separator, safe);
		(void)text_escape(safe, sizeof(safe), rung ? rung : "", strlen(rung ? rung : ""));
		(void)fprintf(out, " (%s)", safe[0] ? safe : "off or not available");
		separator = ", ";
	}
	(void)fprintf(out, "%s\n", separator[0] ? "" : "none known");
	return r;
}

/* How much of the ring is not stored yet. */
static void format_lag(const struct status *status, struct db_stmt *stmt, char *out, size_t size)
{
	int64_t unread;

	(void)snprintf(out, size, "?");
	if (status->recorder.state == RECORDER_RUNNING && !db_is_null(stmt, 0))
		text_format_size(out, size, (uint64_t)db_int(stmt, 0));
	else if (status->recorder.state != RECORDER_RUNNING && counters_sum(&status->counters, COUNT_UNREAD, &unread) &&
		 status->counted_now)
		(void)snprintf(out, size, "%" PRId64 " records", unread);
	else if (status->recorder.state != RECORDER_RUNNING)
		(void)snprintf(out, size, "an unknown amount");
}

static int print_recorder(struct status *status)
{
	static const char *const states[] = {
		[RECORDER_NEVER] = "never seen",   [RECORDER_STARTING] = "starting",  [RECORDER_RUNNING] = "running",
		[RECORDER_STOPPED] = "not running", [RECORDER_SILENT] = "not running", [RECORDER_GONE] = "not running",
	};
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	char lag[40], commit[TIME_TEXT_MAX] = "never";
	int r = prepare_facts(
		status, "json_extract(value, '$.recorder.lag_bytes'), json_extract(value, '$.recorder.last_commit')",
		"", &stmt);

	if (r == 0)
		r = db_step(stmt);
	if (r <= 0)
		return r;
	format_lag(status, stmt, lag, sizeof(lag));
	if (!db_is_null(stmt, 1)) {
		int64_t time = parse_time(status, db_text(stmt, 1, NULL));

		(void)snprintf(commit, sizeof(commit), "at an unknown time");
		if (time)
			time_format_local(commit, sizeof(commit), time, status->options->utc);
	}
	(void)fprintf(status->output.out, "recorder: %s, pid %" PRId64 ", not yet read %s, last commit %s\n",
		      states[status->recorder.state], status->recorder.pid, lag, commit);
	db_reset(stmt);
	return 0;
}

static void print_counters_of(const struct status *status, unsigned int type)
{
	const struct counters *counters = &status->counters;
	bool runs = status->recorder.state == RECORDER_RUNNING;
	FILE *out = status->output.out;

	(void)fprintf(out, "%-16s", event_type_name((enum event_type)type));
	for (int i = 0; i < COUNT_COUNT; i++) {
		char number[24] = "-";

		if (counters->known[i][type])
			(void)snprintf(number, sizeof(number), "%" PRId64, counters->values[i][type]);
		else if (i == COUNT_UNREAD && !runs)
			(void)snprintf(number, sizeof(number), "?");
		(void)fprintf(out, " %*s", i == COUNT_SENT || i == COUNT_STORED || i == COUNT_FILTERED ? 12 : 9, number);
	}
	(void)fputc('\n', out);
}

/* Prints one line for each event type with counters. */
static void print_counters(const struct status *status)
{
	const struct counters *counters = &status->counters;
	FILE *out = status->output.out;

	(void)fprintf(out, "\nrecords from the kernel as of %s (one event may need several):\n",
		      status->counted_now ? "now" : status->as_of);
	(void)fprintf(out, "%-16s %12s %12s %9s %9s %9s %12s\n", "TYPE", "SENT", "STORED", "REJECTED", "UNREAD", "LOST",
		      "FILTERED");
	for (unsigned int type = 1; type < TYPE_COUNT; type++)
		if (counters->known[COUNT_SENT][type] || counters->known[COUNT_STORED][type])
			print_counters_of(status, type);
}

static void print_problem(const struct status *status, const struct health_problem *problem)
{
	char safe[4 * sizeof(problem->text)], since[TIME_TEXT_MAX];

	(void)text_escape(safe, sizeof(safe), problem->text, strlen(problem->text));
	(void)fprintf(status->output.out, " problem: ");
	if (problem->since) {
		time_format_local(since, sizeof(since), problem->since, status->options->utc);
		(void)fprintf(status->output.out, "since %s: ", since);
	}
	(void)fprintf(status->output.out, "%s\n", safe);
}

static int print_text(struct status *status)
{
	FILE *out = status->output.out;
	char bytes[16], oldest[TIME_TEXT_MAX] = "";
	bool written = status->recorder.state != RECORDER_NEVER;
	int r = 0;

	(void)fprintf(out, " healthy: %s\n", status->health.count ? "no" : "yes");
	for (size_t i = 0; i < status->health.count; i++)
		print_problem(status, &status->health.problems[i]);
	missing_print(&status->missing, status->options->utc, out);
	if (written)
		r = print_loader(status);
	if (r == 0 && written)
		r = print_recorder(status);
	text_format_size(bytes, sizeof(bytes), (uint64_t)status->bytes);
	if (status->oldest)
		time_format_local(oldest, sizeof(oldest), status->oldest, status->options->utc);
	(void)fprintf(out, "   store: %s, %s, %" PRId64 " events%s%s\n", status->path, bytes,
		      status->events, oldest[0] ? " since " : "", oldest);
	if (r == 0 && written)
		print_counters(status);
	return r;
}

static int read_all(struct status *status)
{
	int r = check_recorder(status);

	if (r == 0 && status->recorder.state != RECORDER_NEVER)
		r = check_probes(status);
	if (r == 0 && status->recorder.state != RECORDER_NEVER)
		r = count(status);
	if (r == 0)
		r = missing_read(status->db, status->since, &status->missing);
	return r == 0 ? measure_store(status) : r;
}

static int judge(const struct status *status)
{
	if (status->health.count)
		return EXIT_UNHEALTHY;
	if (!status->options->strict || status->missing.gaps == 0)
		return EXIT_FOUND;
	log_warning("the range contains a gap: something was lost there (cri-ebpf events -t gap)");
	return EXIT_GAP;
}

/* For a probe that restarts what fails it: a fault that a restart cannot mend is none. */
static int report_alive(struct status *status)
{
	int r = check_recorder(status);
	bool hangs = status->recorder.state == RECORDER_SILENT && !status->read_only;

	for (size_t i = 0; i < status->health.count; i++)
		hangs = hangs && strcmp(status->health.problems[i].name, "cannot_store") != 0;
	if (r < 0)
		return history_failed(status->path, status->db, r);
	return health_recorder_is_alive(&status->recorder) && !hangs ? EXIT_FOUND : EXIT_UNHEALTHY;
}

static int report(struct status *status)
{
	int written, r = read_all(status);

	if (r == 0)
		r = status->options->json || status->options->format ? print_json(status) : print_text(status);
	written = output_close(&status->output, 0);
	if (r < 0)
		return history_failed(status->path, status->db, r);
	if (written < 0 && written != -EPIPE)
		return output_failed(written);
	r = history_check(status->path, status->db);
	return r ? r : judge(status);
}

/* 0, or an exit code after logging. */
static int parse_since(struct status *status)
{
	const char *since = status->options->since;

	if (!since[0] ||
	    time_words_parse(since, status->now.now_unix_nano, status->now.boot_unix_nano, &status->since) == 0)
		return 0;
	log_error("--since: \"%s\" is not a time like 2026-11-22 16:00, yesterday, -2h or boot", since);
	return EXIT_USAGE;
}

static int run(const struct command_call *call)
{
	struct status status = { .path = call->common.config.db, .config = &call->common.config, .options = call->settings };
	struct statvfs fs;
	int exit_code;

	filter_now(&status.now);
	exit_code = parse_since(&status);
	if (exit_code)
		return exit_code;
	output_open(&call->common, false, &status.output);
	status.read_only = statvfs(status.path, &fs) == 0 && (fs.f_flag & ST_RDONLY);
	counters_read_kernel(status.config->pin_dir, &status.kernel);
	exit_code = confine_to_reading(status.path);
	if (!exit_code)
		exit_code = history_open(status.path, &status.db);
	/* The recorder's files lie beside the database, not beside a link to it. */
	if (!exit_code && db_file_resolve(status.path, status.real_path) != 0)
		(void)snprintf(status.real_path, sizeof(status.real_path), "%s", status.path);
	if (!exit_code)
		exit_code = status.options->alive ? report_alive(&status) : report(&status);
	db_close(status.db);
	return exit_code;
}

static const struct command_group groups[] = { { "Status", status_rows, 0, 0, NULL }, { 0 } };

const struct command cmd_status = {
	.name = "status",
	.help = "whether events are being recorded, and why not",
	.example = "cri-ebpf status",
	.synopsis = "cri-ebpf status [--json] [OPTION...]",
	.description = "Whether events are being recorded: the loader's programs, the recorder, the numbers of records sent,\n"
		"stored and lost, and the store, as of the recorder's last heartbeat. Exits 4 when something lasts that\n"
		"keeps events from being recorded. What was lost and is over is listed as missing; it is exit 0, or 5\n"
		"with --strict.",
	.config_keys = true,
	.groups = groups,
	.settings_size = sizeof(struct status_options),
	.run = run,
};
