/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/text.h"
#include "consumer/cli/command.h"
#include "consumer/cli/health.h"
#include "consumer/cli/history.h"
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
	bool json, utc;
};

static const char *const format_names[] = { "short", "json", NULL };

static const struct option_row status_rows[] = {
	{ "output", 'o', OPTION_CHOICE, offsetof(struct status_options, format), .choices = format_names,
	  .argument = "FORMAT", .help = "short or json" },
	{ "json", 0, OPTION_FLAG, offsetof(struct status_options, json), .help = "one JSON object (-o json)" },
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
	int64_t now; /* nanoseconds since 1970 */
	struct recorder_state recorder;
	char as_of[TIME_TEXT_MAX];     /* time of the last heartbeat, which stored the facts */
	int64_t bytes, events, oldest; /* of the store; oldest: nanoseconds since 1970, 0: there are no events */
	struct health health;
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

static int check_recorder(struct status *status)
{
	char lock[PATH_MAX + sizeof(".lock")], fault[RECORDER_FAULT_MAX];
	struct recorder_state *state = &status->recorder;
	struct health_recorder recorder = {
		.state = state,
		.as_of = status->as_of,
		.db_path = status->path,
		.pin_dir = status->config->pin_dir,
	};
	int r;

	(void)snprintf(lock, sizeof(lock), "%s.lock", status->real_path);
	r = recorder_state_read(status->db, status->now, (int64_t)status->config->metrics_interval_ns, lock, state);
	if (r < 0)
		return r;
	time_format_local(status->as_of, sizeof(status->as_of), state->time, status->options->utc);
	if (recorder_fault_read(status->real_path, fault))
		recorder.fault = fault;
	health_check_recorder(&status->health, &recorder);
	return 0;
}

#define PROBE_FACTS \
	"json_extract(p.value, '$.name'), json_extract(p.value, '$.rung'), json_extract(p.value, '$.attached')"

static int check_probes(struct status *status)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = prepare_facts(status, PROBE_FACTS, ", json_each(status.value, '$.loader.probes') p", &stmt);

	while (r >= 0 && (r = db_step(stmt)) > 0)
		health_check_probe(&status->health, db_text(stmt, 0, NULL), db_text(stmt, 1, NULL),
				   db_is_null(stmt, 2) || db_int(stmt, 2), status->config->oom_kill);
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
	static const char *const counters[] = { "sent", "stored", "rejected", "unread", "lost", "filtered" };

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
	json_object(json, "counters");
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		json_object(json, counters[i]);
		json_close(json, '}');
	}
	json_close(json, '}');
}

/* Writes what the recorder stored, with "running" false if it was found not to run. */
static int write_facts(struct status *status, struct json *json)
{
	static const char *const names[] = { "loader", "recorder", "counters" };
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	const char *recorder = status->recorder.state == RECORDER_RUNNING
				       ? "json_extract(value, '$.recorder')"
				       : "json_set(json_extract(value, '$.recorder'), '$.running', json('false'))";
	char what[256];
	int r;

	/* json_quote: json_extract returns a text without its quotes, which would not be JSON. */
	(void)snprintf(what, sizeof(what),
		       "json_quote(json_extract(value, '$.loader')), json_quote(%s), json_quote(json_extract(value, "
		       "'$.counters'))",
		       recorder);
	r = prepare_facts(status, what, "", &stmt);
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

static void write_store(struct status *status, struct json *json)
{
	char oldest[TIME_TEXT_MAX];

	time_format_rfc3339(oldest, sizeof(oldest), status->oldest);
	json_object(json, "store");
	json_text(json, "path", status->path);
	json_int(json, "bytes", status->bytes);
	json_int(json, "events", status->events);
	json_text(json, "oldest", status->oldest ? oldest : NULL);
	json_close(json, '}');
}

static int print_json(struct status *status)
{
	struct json json = { .out = status->output.out };
	bool written = status->recorder.state != RECORDER_NEVER;
	char as_of[TIME_TEXT_MAX];
	int r = 0;

	json_object(&json, NULL);
	json_int(&json, "v", 1);
	json_bool(&json, "healthy", status->health.count == 0);
	json_array(&json, "reasons");
	for (size_t i = 0; i < status->health.count; i++)
		json_text(&json, NULL, status->health.reasons[i]);
	json_close(&json, ']');
	time_format_rfc3339(as_of, sizeof(as_of), status->recorder.time);
	json_text(&json, "as_of", written ? as_of : NULL);
	if (written)
		r = write_facts(status, &json);
	else
		write_no_facts(&json);
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

static int print_recorder(struct status *status)
{
	static const char *const states[] = {
		[RECORDER_NEVER] = "never seen",   [RECORDER_RUNNING] = "running",  [RECORDER_STOPPED] = "not running",
		[RECORDER_SILENT] = "not running", [RECORDER_GONE] = "not running",
	};
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	FILE *out = status->output.out;
	char lag[16] = "?", commit[TIME_TEXT_MAX] = "never";
	int r = prepare_facts(
		status, "json_extract(value, '$.recorder.lag_bytes'), json_extract(value, '$.recorder.last_commit')",
		"", &stmt);

	if (r == 0)
		r = db_step(stmt);
	if (r <= 0)
		return r;
	if (!db_is_null(stmt, 0))
		text_format_size(lag, sizeof(lag), (uint64_t)db_int(stmt, 0));
	if (!db_is_null(stmt, 1)) {
		int64_t time;

		(void)snprintf(commit, sizeof(commit), "at an unknown time");
		if (time_words_parse(db_text(stmt, 1, NULL), status->now, status->now, &time) == 0)
			time_format_local(commit, sizeof(commit), time, status->options->utc);
	}
	(void)fprintf(out, "recorder: %s, pid %" PRId64 ", not yet read %s, last commit %s\n",
		      states[status->recorder.state], status->recorder.pid, lag, commit);
	db_reset(stmt);
	return 0;
}

/* Prints one line for each event type with counters. */
static int print_counters(struct status *status)
{
	static const char what[] = "type.name, json_extract(value, '$.counters.sent.' || type.name),"
				   " json_extract(value, '$.counters.stored.' || type.name), json_extract(value, "
				   "'$.counters.rejected.' || type.name),"
				   " json_extract(value, '$.counters.unread.' || type.name), json_extract(value, "
				   "'$.counters.lost.' || type.name),"
				   " json_extract(value, '$.counters.filtered.' || type.name)";
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	FILE *out = status->output.out;
	int r = prepare_facts(status, what, ", type", &stmt);

	(void)fprintf(out, "\ncounters as of %s:\n%-16s %12s %12s %9s %9s %9s %12s\n", status->as_of, "TYPE", "SENT",
		      "STORED", "REJECTED", "UNREAD", "LOST", "FILTERED");
	while (r >= 0 && (r = db_step(stmt)) > 0) {
		if (db_is_null(stmt, 1) && db_is_null(stmt, 2))
			continue;

		const char *name = db_text(stmt, 0, NULL);
		char safe[64];

		(void)text_escape(safe, sizeof(safe), name ? name : "?", strlen(name ? name : "?"));
		(void)fprintf(out, "%-16s", safe);
		for (int i = 1; i <= 6; i++) {
			char number[24] = "-";

			if (!db_is_null(stmt, i))
				(void)snprintf(number, sizeof(number), "%" PRId64, db_int(stmt, i));
			(void)fprintf(out, " %*s", i <= 2 || i == 6 ? 12 : 9, number);
		}
		(void)fputc('\n', out);
	}
	return r;
}

static int print_text(struct status *status)
{
	FILE *out = status->output.out;
	char bytes[16], oldest[TIME_TEXT_MAX] = "";
	bool written = status->recorder.state != RECORDER_NEVER;
	int r = 0;

	(void)fprintf(out, " healthy: %s\n", status->health.count ? "no" : "yes");
	for (size_t i = 0; i < status->health.count; i++) {
		char safe[4 * sizeof(status->health.reasons[0])];

		(void)text_escape(safe, sizeof(safe), status->health.reasons[i], strlen(status->health.reasons[i]));
		(void)fprintf(out, "  reason: %s\n", safe);
	}
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
		r = print_counters(status);
	return r;
}

static int report(struct status *status)
{
	int written, r = check_recorder(status);

	confine_to_open_files();
	if (r == 0 && status->recorder.state != RECORDER_NEVER)
		r = check_probes(status);
	if (r == 0)
		r = measure_store(status);
	if (r == 0)
		r = status->options->json || status->options->format ? print_json(status) : print_text(status);
	written = output_close(&status->output, 0);
	if (r < 0)
		return history_failed(status->path, status->db, r);
	if (written < 0 && written != -EPIPE)
		return output_failed(written);
	r = history_check(status->path, status->db);
	if (r)
		return r;
	return status->health.count ? EXIT_UNHEALTHY : EXIT_FOUND;
}

static int run(const struct command_call *call)
{
	struct status status = { .path = call->common.config.db, .config = &call->common.config, .options = call->settings };
	struct filter_now now;
	int exit_code;

	filter_now(&now);
	status.now = now.now_unix_nano;
	output_open(&call->common, false, &status.output);
	exit_code = confine_to_reading(status.path);
	if (!exit_code)
		exit_code = history_open(status.path, &status.db);
	/* The recorder's files lie beside the database, not beside a link to it. */
	if (!exit_code && db_file_resolve(status.path, status.real_path) != 0)
		(void)snprintf(status.real_path, sizeof(status.real_path), "%s", status.path);
	if (!exit_code)
		exit_code = report(&status);
	db_close(status.db);
	return exit_code;
}

static const struct command_group groups[] = { { "Status", status_rows, 0, 0, NULL }, { 0 } };

const struct command cmd_status = {
	.name = "status",
	.help = "whether events are being recorded, and why not",
	.example = "cri-ebpf status",
	.synopsis = "cri-ebpf status [--json] [OPTION...]",
	.description = "Whether events are being recorded: the loader's programs, the recorder, the numbers of events sent,\n"
		"stored and lost, and the store, as of the recorder's last heartbeat. Exits 0 when healthy, 4 when not.",
	.config_keys = true,
	.groups = groups,
	.settings_size = sizeof(struct status_options),
	.run = run,
};
