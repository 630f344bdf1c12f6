/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/text.h"
#include "consumer/cli/command.h"
#include "consumer/cli/history.h"
#include "consumer/cli/output.h"
#include "consumer/query/filter.h"
#include "consumer/query/query.h"
#include "consumer/query/sql.h"
#include "consumer/sandbox/confine.h"
#include "consumer/store/db_files.h"
#include "consumer/store/recorder_state.h"
#include "consumer/text/error.h"
#include "consumer/text/json.h"
#include "consumer/text/time_words.h"

#define REASONS_MAX 16

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
	const char *path; /* of the database */
	const struct config *config;
	const struct status_options *options;
	struct db *db;
	char db_name[PATH_MAX]; /* what the path leads to */
	struct output output;
	int64_t now;
	struct recorder_state beat;
	char as_of[TIME_TEXT_MAX];     /* when the recorder wrote what is told about it and the loader */
	int64_t bytes, events, oldest; /* of the store; oldest 0: none */
	char reasons[REASONS_MAX][1024];
	size_t reason_count;
};

__attribute__((format(printf, 2, 3))) static void add_reason(struct status *status, const char *format, ...)
{
	va_list arguments;

	if (status->reason_count == REASONS_MAX)
		return;
	va_start(arguments, format);
	(void)vsnprintf(status->reasons[status->reason_count++], sizeof(status->reasons[0]), format, arguments);
	va_end(arguments);
}

/* A statement over the one row the recorder writes. */
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

/* ------------------------------------------------------------------ is it healthy? */

/* Adds why the recorder does not run and how to start it again. */
static void explain_recorder(struct status *status)
{
	static const char start[] = "start it: cri-ebpf record";
	const struct recorder_state *beat = &status->beat;

	switch (beat->state) {
	case RECORDER_NEVER:
		add_reason(status, "no recorder has written a status yet; %s", start);
		return;
	case RECORDER_RUNNING:
		return;
	case RECORDER_STOPPED:
		add_reason(status, "the recorder was stopped at %s; %s%s", status->as_of, start,
			   beat->loaded ? "; until then the kernel keeps what the ring can hold" : "");
		return;
	case RECORDER_SILENT:
		add_reason(status,
			   "the recorder (pid %" PRId64 ") has written nothing since %s; restart it: it may hang",
			   beat->pid, status->as_of);
		return;
	case RECORDER_GONE:
		add_reason(status, "the recorder (pid %" PRId64 ") is gone; its last word was at %s; %s%s", beat->pid,
			   status->as_of, start,
			   beat->loaded ? "; until then the kernel keeps what the ring can hold" : "");
		return;
	}
}

/* Adds the fault that keeps a living recorder from storing; it explains its silence, too. */
static bool explain_trouble(struct status *status)
{
	bool alive = status->beat.state == RECORDER_RUNNING || status->beat.state == RECORDER_SILENT;
	char trouble[RECORDER_FAULT_MAX];

	if (!alive || !recorder_fault_read(status->db_name, trouble))
		return false;
	add_reason(status,
		   "the recorder cannot store into \"%s\": %s; events wait in the ring, and what does not fit is"
		   " lost",
		   status->path, trouble);
	return true;
}

static int check_recorder(struct status *status)
{
	const struct config *config = status->config;
	char lock[PATH_MAX + sizeof(".lock")];
	int r;

	(void)snprintf(lock, sizeof(lock), "%s.lock", status->db_name);
	r = recorder_state_read(status->db, status->now, (int64_t)config->metrics_interval_ns, lock, &status->beat);
	if (r < 0)
		return r;
	time_format_local(status->as_of, sizeof(status->as_of), status->beat.time, status->options->utc);
	if (!explain_trouble(status))
		explain_recorder(status);
	if (status->beat.state != RECORDER_NEVER && !status->beat.loaded)
		add_reason(status, "as of %s nothing was loaded: pins were missing below %s; run cri-ebpf-loader load",
			   status->as_of, config->pin_dir);
	return 0;
}

#define PROBE_FACTS \
	"json_extract(p.value, '$.name'), json_extract(p.value, '$.rung'), json_extract(p.value, '$.attached')"

/* A probe without a rung is switched off or not available on this kernel; for OOM kills the latter is a fault. */
static void check_probe(struct status *status, const char *name, const char *rung, bool attached)
{
	if (!attached)
		add_reason(status, "the probe %s is not attached: cri-ebpf-loader status and check say why",
			   name ? name : "?");
	else if (name && strcmp(name, "oom_kill") == 0 && (!rung || !rung[0]) && status->config->oom_kill)
		add_reason(status, "OOM kills are not recorded: nothing that shows them could be attached on this kernel;"
				   " cri-ebpf-loader check says why");
}

static int check_probes(struct status *status)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = prepare_facts(status, PROBE_FACTS, ", json_each(status.value, '$.loader.probes') p", &stmt);

	while (r >= 0 && (r = db_step(stmt)) > 0)
		check_probe(status, db_text(stmt, 0, NULL), db_text(stmt, 1, NULL),
			    db_is_null(stmt, 2) || db_int(stmt, 2));
	return r;
}

static int64_t file_bytes(const char *path, const char *suffix)
{
	char name[4200];
	struct stat st;

	(void)snprintf(name, sizeof(name), "%s%s", path, suffix);
	return stat(name, &st) == 0 ? (int64_t)st.st_size : 0;
}

static int measure_store(struct status *status)
{
	const char *path = status->db_name;
	int r = db_number(status->db, 0, &status->events, "SELECT count(*) FROM event");

	if (r == 0)
		r = db_number(status->db, 0, &status->oldest, "SELECT min(time) FROM event");
	status->bytes = file_bytes(path, "") + file_bytes(path, "-wal");
	return r;
}

/* ------------------------------------------------------------------ JSON */

/* No recorder has written a state yet: the same members, empty. */
static void write_nothing(struct json *json)
{
	static const char *const maps[] = { "sent", "stored", "rejected", "unread", "lost", "filtered" };

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
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		json_object(json, maps[i]);
		json_close(json, '}');
	}
	json_close(json, '}');
}

/* What the recorder wrote; "running" is corrected to what the reader found. */
static int write_facts(struct status *status, struct json *json)
{
	static const char *const names[] = { "loader", "recorder", "counters" };
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	const char *recorder = status->beat.state == RECORDER_RUNNING
				       ? "json_extract(value, '$.recorder')"
				       : "json_set(json_extract(value, '$.recorder'), '$.running', json('false'))";
	char what[256];
	int r;

	/* json_quote: where a text stands in place of an object, json_extract would give it without quotes. */
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
	bool written = status->beat.state != RECORDER_NEVER;
	char as_of[TIME_TEXT_MAX];
	int r = 0;

	json_object(&json, NULL);
	json_int(&json, "v", 1);
	json_bool(&json, "healthy", status->reason_count == 0);
	json_array(&json, "reasons");
	for (size_t i = 0; i < status->reason_count; i++)
		json_text(&json, NULL, status->reasons[i]);
	json_close(&json, ']');
	time_format_rfc3339(as_of, sizeof(as_of), status->beat.time);
	json_text(&json, "as_of", written ? as_of : NULL);
	if (written)
		r = write_facts(status, &json);
	else
		write_nothing(&json);
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
		      status->beat.loaded ? "" : "nothing loaded; last known ");
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
		      states[status->beat.state], status->beat.pid, lag, commit);
	db_reset(stmt);
	return 0;
}

/* One line per event type that was ever counted. */
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
	bool written = status->beat.state != RECORDER_NEVER;
	int r = 0;

	(void)fprintf(out, " healthy: %s\n", status->reason_count ? "no" : "yes");
	for (size_t i = 0; i < status->reason_count; i++) {
		char safe[4 * sizeof(status->reasons[0])];

		(void)text_escape(safe, sizeof(safe), status->reasons[i], strlen(status->reasons[i]));
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
	if (r == 0 && status->beat.state != RECORDER_NEVER)
		r = check_probes(status);
	if (r == 0)
		r = measure_store(status);
	if (r == 0)
		r = status->options->json || status->options->format ? print_json(status) : print_text(status);
	written = output_close(&status->output, 0);
	if (r < 0)
		return history_failed(status->path, status->db, r);
	if (written < 0 && written != -EPIPE) {
		log_error("cannot write to standard output: %s; the answer is incomplete", error_text(written));
		return EXIT_USAGE;
	}
	r = history_check(status->path, status->db);
	if (r)
		return r;
	return status->reason_count ? EXIT_UNHEALTHY : EXIT_FOUND;
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
	if (!exit_code && db_file_resolve(status.path, status.db_name) != 0)
		(void)snprintf(status.db_name, sizeof(status.db_name), "%s", status.path);
	if (!exit_code)
		exit_code = report(&status);
	db_close(status.db);
	return exit_code;
}

static const struct command_group groups[] = { { "Status", status_rows, 0, 0, NULL }, { 0 } };

const struct command cmd_status = {
	.name = "status",
	.help = "is recording healthy?",
	.example = "cri-ebpf status",
	.synopsis = "cri-ebpf status [--json] [OPTION...]",
	.description = "Whether events are being recorded: the loader's programs, the recorder, what was sent, stored and\n"
		"lost, and the store, as the recorder wrote it last. Exits 0 when healthy, 4 when not.",
	.config_keys = true,
	.groups = groups,
	.settings_size = sizeof(struct status_options),
	.run = run,
};
