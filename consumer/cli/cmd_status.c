/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "consumer/cli/command.h"
#include "consumer/cli/history.h"
#include "consumer/cli/status.h"
#include "consumer/query/sql.h"
#include "consumer/sandbox/confine.h"
#include "consumer/store/db_files.h"

static const char *const format_names[] = { "short", "json", NULL };

static const struct option_row status_rows[] = {
	{ "output", 'o', OPTION_CHOICE, offsetof(struct status_options, format), .choices = format_names,
	  .argument = "FORMAT", .help = "short or json" },
	{ "json", 0, OPTION_FLAG, offsetof(struct status_options, json), .help = "one JSON object (-o json)" },
	{ "since", 'S', OPTION_STRING, offsetof(struct status_options, since), .size = sizeof(((struct status_options *)0)->since),
	  .min = 1, .argument = "TIME", .help = "list as missing only what ended after TIME: yesterday, -2h, boot" },
	{ "strict", 0, OPTION_FLAG, offsetof(struct status_options, strict), .help = "exit 5 when something is missing" },
	{ "alive", 0, OPTION_FLAG, offsetof(struct status_options, alive),
	  .help = "print nothing; exit 4 only when the recorder does not run or hangs" },
	{ "utc", 0, OPTION_FLAG, offsetof(struct status_options, utc), .help = "times in UTC, not the local zone" },
	{ .name = NULL },
};

int status_prepare(struct status *status, const char *what, const char *from, struct db_stmt **ret)
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

int64_t status_parse_time(const struct status *status, const char *text)
{
	int64_t time;

	return text && time_words_parse(text, status->now.now_unix_nano, status->now.boot_unix_nano, &time) == 0 ? time : 0;
}

/* Adds what the recorder reported. */
static int check_reported(struct status *status, const struct health_recorder *recorder)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = status_prepare(status,
			       "json_extract(p.value, '$.name'), json_extract(p.value, '$.since'),"
			       " json_extract(p.value, '$.detail')",
			       ", json_each(status.value, '$.problems') p", &stmt);

	while (r >= 0 && (r = db_step(stmt)) > 0)
		health_check_reported(&status->health, recorder, db_text(stmt, 0, NULL),
				      status_parse_time(status, db_text(stmt, 1, NULL)), db_text(stmt, 2, NULL));
	return r;
}

static int check_probes(struct status *status)
{
	const struct health_wanted wanted = { status->config->oom_kill, status->config->process_exit };
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = status_prepare(status, STATUS_PROBES, STATUS_PROBES_FROM, &stmt);

	while (r >= 0 && (r = db_step(stmt)) > 0)
		health_check_probe(&status->health, db_text(stmt, 0, NULL), db_text(stmt, 1, NULL), &wanted);
	return r;
}

static enum health_pins find_pins(const struct kernel_counters *kernel)
{
	if (kernel->known)
		return HEALTH_PINS_FOUND;
	return kernel->absent ? HEALTH_PINS_ABSENT : HEALTH_PINS_UNKNOWN;
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
		.pins = find_pins(&status->kernel),
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

/* ------------------------------------------------------------------ the answer */

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

/* For an orchestrator that restarts the recorder: only what a restart can mend counts. */
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
		r = status->options->json || status->options->format ? status_print_json(status) : status_print_text(status);
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
	if (exit_code)
		return exit_code;
	exit_code = history_open(status.path, &status.db);
	/* A recorder waits for room on the disk to make its database. */
	if (exit_code && status.options->alive && recorder_holds_lock(status.path))
		return EXIT_FOUND;
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
