/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/maps.h"
#include "common/text.h"
#include "consumer/cli/status.h"
#include "consumer/store/db.h"

/* What stands for the rung of a probe that has none. */
static const char *rung_words(const char *rung)
{
	if (!rung || !rung[0])
		return "not available";
	return strcmp(rung, INFO_RUNG_UNNEEDED) == 0 ? "not needed" : rung;
}

static void print_probe(const struct status *status, struct db_stmt *stmt)
{
	const char *name = db_text(stmt, 0, NULL), *rung = rung_words(db_text(stmt, 1, NULL));
	bool gone = status->recorder.loaded && !db_is_null(stmt, 2) && db_int(stmt, 2) == 0;
	char safe_name[128], safe_rung[128];

	(void)text_escape(safe_name, sizeof(safe_name), name ? name : "?", strlen(name ? name : "?"));
	(void)text_escape(safe_rung, sizeof(safe_rung), rung, strlen(rung));
	(void)fprintf(status->output.out, "%s (%s%s)", safe_name, safe_rung, gone ? ", NOT ATTACHED" : "");
}

static int print_loader(struct status *status)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	FILE *out = status->output.out;
	const char *separator = "";
	int r = status_prepare(status, STATUS_PROBES, STATUS_PROBES_FROM, &stmt);

	(void)fprintf(out, "  loader: %sprobes ", status->recorder.loaded ? "" : "nothing loaded; last known ");
	while (r >= 0 && (r = db_step(stmt)) > 0) {
		(void)fputs(separator, out);
		print_probe(status, stmt);
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
		[RECORDER_STOPPED] = "not running", [RECORDER_SILENT] = "running but silent", [RECORDER_GONE] = "not running",
	};
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	char lag[40], commit[TIME_TEXT_MAX] = "never";
	int r = status_prepare(
		status, "json_extract(value, '$.recorder.lag_bytes'), json_extract(value, '$.recorder.last_commit')",
		"", &stmt);

	if (r == 0)
		r = db_step(stmt);
	if (r <= 0)
		return r;
	format_lag(status, stmt, lag, sizeof(lag));
	if (!db_is_null(stmt, 1)) {
		int64_t time = status_parse_time(status, db_text(stmt, 1, NULL));

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

int status_print_text(struct status *status)
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
		(void)fprintf(out, "as of %s, the recorder's last report:\n", status->as_of);
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
