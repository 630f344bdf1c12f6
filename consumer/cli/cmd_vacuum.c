/* SPDX-License-Identifier: BSD-2-Clause */
/* Applies retention once: --dry-run shows what would be removed; without it, no recorder may be running. */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/text.h"
#include "consumer/cli/command.h"
#include "consumer/cli/history.h"
#include "consumer/cli/output.h"
#include "consumer/cli/vacuum_check.h"
#include "consumer/print/column.h"
#include "consumer/print/print.h"
#include "consumer/query/filter.h"
#include "consumer/record/kind.h"
#include "consumer/sandbox/confine.h"
#include "consumer/sandbox/privileges.h"
#include "consumer/sandbox/sandbox.h"
#include "consumer/store/clean_stop.h"
#include "consumer/store/db_files.h"
#include "consumer/store/db_place.h"
#include "consumer/store/retention.h"
#include "consumer/store/retention_plan.h"
#include "consumer/store/schema_index.h"
#include "consumer/store/writer_lock.h"
#include "consumer/text/error.h"
#include "consumer/text/time_words.h"

#define SIZE_MIN (8ULL << 20)
#define SIZE_MAX_BYTES (1ULL << 60)

struct vacuum_options {
	char time[128];
	uint64_t size;
	bool dry_run, check;
	struct print_options print;
};

static const struct option_row vacuum_rows[] = {
	{ "time", 0, OPTION_STRING, offsetof(struct vacuum_options, time),
	  .size = sizeof(((struct vacuum_options *)0)->time), .argument = "TIME",
	  .help = "remove what is older: 30d, 2025-11-22, \"2 weeks ago\"" },
	{ "size", 0, OPTION_SIZE, offsetof(struct vacuum_options, size), .min = SIZE_MIN, .max = SIZE_MAX_BYTES,
	  .argument = "SIZE", .help = "remove until the database and its WAL take at most this" },
	{ "dry-run", 0, OPTION_FLAG, offsetof(struct vacuum_options, dry_run), .help = "only show what would be removed" },
	{ "check", 0, OPTION_FLAG, offsetof(struct vacuum_options, check),
	  .help = "remove nothing: read the whole database and show what is damaged" },
	{ .name = NULL },
};

enum vacuum_column {
	VACUUM_TYPE,
	VACUUM_EVENTS,
	VACUUM_FROM,
	VACUUM_TO,
	VACUUM_BYTES,
	VACUUM_COLUMN_COUNT,
};

static const struct column columns[VACUUM_COLUMN_COUNT] = {
	[VACUUM_TYPE] = { "type", .type = COLUMN_STRING },
	[VACUUM_EVENTS] = { "events", .type = COLUMN_NUMBER, .flags = COLUMN_RIGHT },
	[VACUUM_FROM] = { "from", .type = COLUMN_TIME },
	[VACUUM_TO] = { "to", .type = COLUMN_TIME },
	[VACUUM_BYTES] = { "bytes", .type = COLUMN_BYTES, .flags = COLUMN_RIGHT },
};

static const struct column_table table = { columns, VACUUM_COLUMN_COUNT, NULL, NULL, -1 };

struct vacuum {
	const struct config *config;
	const struct vacuum_options *options;
	char path[sizeof(((struct config *)0)->db)]; /* of the database; without links once find_database has run */
	struct retention_settings settings;
	struct output output;
	int64_t now;
	uid_t recorder;		     /* the recorder's user; if there is none, the caller */
	char db_directory[PATH_MAX]; /* unset for --dry-run */
	int lock_fd;
	struct db *db;
	uint64_t file, wal; /* bytes before the removal */
};

static void vacuum_close(struct vacuum *vacuum)
{
	db_close(vacuum->db);
	cleanup_close(&vacuum->lock_fd);
}

/* Takes the bounds of --time and --size; without either, those of the configuration. */
static int choose_bounds(struct vacuum *vacuum)
{
	const struct vacuum_options *options = vacuum->options;
	struct filter_now now;
	int64_t since;

	filter_now(&now);
	vacuum->now = now.now_unix_nano;
	if (!options->time[0] && !options->size) {
		vacuum->settings = (struct retention_settings){ vacuum->config->retention_age_ns,
								vacuum->config->retention_size,
								kind_storages };
		return 0;
	}
	vacuum->settings = (struct retention_settings){ .size = options->size, .storages = kind_storages };
	if (!options->time[0])
		return 0;
	if (time_words_parse(options->time, now.now_unix_nano, now.boot_unix_nano, &since) < 0) {
		log_error("--time=%s is not a time: it must be an age (30d) or a point in time (2025-11-22 16:00,"
			  " yesterday); nothing was removed",
			  options->time);
		return EXIT_USAGE;
	}
	if (since > vacuum->now) {
		log_error("--time=%s is in the future, which would remove everything; nothing was removed", options->time);
		return EXIT_USAGE;
	}
	vacuum->settings.age_ns = since == vacuum->now ? 1 : (uint64_t)(vacuum->now - since);
	return 0;
}

/* Root must not write to files that another user may change, so it becomes the recorder's user. */
static int leave_root(struct vacuum *vacuum)
{
	const char *user = vacuum->config->user;
	uid_t uid = 0;
	gid_t gid = 0;
	int r = privileges_find_user(user, &uid, &gid);

	vacuum->recorder = r ? geteuid() : uid;
	if (geteuid() != 0)
		return 0;
	if (!r && uid == 0)
		r = -EPERM;
	if (!r)
		r = privileges_drop(uid, gid, false);
	if (!r)
		return 0;
	log_error("cannot become user \"%s\", the owner of the database: %s; nothing was removed", user, error_text(r));
	return EXIT_DENIED;
}

static int find_database(struct vacuum *vacuum)
{
	char real[PATH_MAX], copy[PATH_MAX];
	int r = db_file_resolve(vacuum->path, real);

	if (r)
		return history_not_opened(vacuum->path, r);
	(void)snprintf(vacuum->path, sizeof(vacuum->path), "%s", real);
	(void)strcpy(copy, real);
	(void)snprintf(vacuum->db_directory, sizeof(vacuum->db_directory), "%s", dirname(copy));
	return 0;
}

/* Refuses a database where others could put files beside it. */
static int check_place(const struct vacuum *vacuum)
{
	struct db_place_refusal refusal;
	int r = db_place_check(vacuum->db_directory, vacuum->path, vacuum->recorder, &refusal);

	if (r < 0)
		return history_not_opened(vacuum->path, r);
	if (r == 0)
		return 0;
	log_error("\"%s\" %s: a file put beside a database can make SQLite remove other files; nothing was removed: %s",
		  refusal.path, refusal.reason, refusal.advice);
	return EXIT_STORE;
}

/* A recorder caches row ids, which a second writer would make invalid. */
static int lock_database(struct vacuum *vacuum)
{
	const char *path = vacuum->path;
	pid_t holder = 0;
	char who[WRITER_LOCK_HOLDER_SIZE];

	vacuum->lock_fd = writer_lock_database(path, &holder);
	if (vacuum->lock_fd >= 0)
		return 0;
	writer_lock_format_holder(holder, who);
	if (vacuum->lock_fd == -ERROR_LOCK_FOREIGN)
		log_error("\"%s.lock\" belongs to another user, who could lock out every recorder; nothing was removed:"
			  " remove it",
			  path);
	else if (vacuum->lock_fd == -EWOULDBLOCK)
		log_error("a recorder%s writes to \"%s\"; nothing was removed: it applies retention_age and retention_size"
			  " of its configuration itself; set them there and restart it, or stop it first",
			  who, path);
	else
		log_error("cannot write to \"%s\": %s; nothing was removed: run this as root or as user \"%s\", or add"
			  " --dry-run",
			  path, error_text(vacuum->lock_fd), vacuum->config->user);
	return EXIT_DENIED;
}

static int open_for_writing(struct vacuum *vacuum)
{
	int exit_code = leave_root(vacuum), r;

	if (!exit_code)
		exit_code = find_database(vacuum);
	if (!exit_code)
		exit_code = check_place(vacuum);
	/* Opened for reading first: a lock file is only created beside a database of cri-ebpf. */
	if (!exit_code)
		exit_code = history_open(vacuum->path, &vacuum->db);
	if (exit_code)
		return exit_code;
	db_close(TAKE_PTR(vacuum->db));
	exit_code = lock_database(vacuum);

	const struct sandbox_paths paths = { .write_directory = vacuum->db_directory };

	if (!exit_code)
		exit_code = confine_to_writing(&paths, "nothing is removed");
	/* Checked again: a directory above may have been replaced before the sandbox was entered. */
	if (!exit_code)
		exit_code = check_place(vacuum);
	if (exit_code)
		return exit_code;
	r = db_open_write(vacuum->path, &vacuum->db);
	if (!r)
		return 0;
	log_error("cannot open \"%s\" for writing: %s; nothing was removed", vacuum->path, error_text(r));
	return r == -EACCES || r == -EROFS ? EXIT_DENIED : EXIT_STORE;
}

static int open_for_reading(struct vacuum *vacuum)
{
	int exit_code = confine_to_reading(vacuum->path);

	if (!exit_code)
		exit_code = history_open(vacuum->path, &vacuum->db);
	if (!exit_code)
		confine_to_open_files();
	return exit_code;
}

/* Names are not removed without the indexes. */
static int build_indexes(struct db *db)
{
	const struct schema_index *missing = NULL;
	int r = schema_index_find_missing(db, &missing);

	while (!r && missing) {
		r = schema_index_build(db, missing, NULL, NULL);
		if (!r)
			r = schema_index_find_missing(db, &missing);
	}
	return r;
}

static int remove_rows(struct vacuum *vacuum)
{
	int r = build_indexes(vacuum->db);

	if (r)
		return r;

	while ((r = retention_step(vacuum->db, &vacuum->settings, vacuum->now)) > 0)
		;
	/* Releases the pages that retention_step keeps for new rows. */
	if (!r)
		r = db_exec(vacuum->db, "PRAGMA incremental_vacuum");
	return r;
}

static int remove_all(struct vacuum *vacuum)
{
	bool clean = false;
	int r = clean_stop_take(vacuum->db, &clean);

	if (!r)
		r = remove_rows(vacuum);
	if (!r && clean)
		r = clean_stop_write(vacuum->db);
	return r ? r : db_exec(vacuum->db, "PRAGMA wal_checkpoint(TRUNCATE)");
}

static int apply_bounds(struct vacuum *vacuum, struct retention_plan *ret)
{
	struct retention_plan after;
	int r;

	if (vacuum->options->dry_run)
		return retention_plan(vacuum->db, &vacuum->settings, vacuum->now, ret);
	r = retention_plan_all(vacuum->db, ret);
	if (!r)
		r = remove_all(vacuum);
	if (!r)
		r = retention_plan_all(vacuum->db, &after);
	if (!r)
		retention_plan_subtract(ret, &after);
	return r;
}

static void print_plan(struct print *print, const struct retention_plan *plan)
{
	for (unsigned int type = 1; type < TYPE_COUNT; type++) {
		const struct retention_range *range = &plan->types[type];
		const struct value row[VACUUM_COLUMN_COUNT] = {
			[VACUUM_TYPE] = value_text(event_type_name(type)),
			[VACUUM_EVENTS] = value_int(range->events),
			[VACUUM_FROM] = value_int(range->from),
			[VACUUM_TO] = value_int(range->to),
			[VACUUM_BYTES] = value_int((int64_t)((double)range->events * plan->event_bytes)),
		};

		if (range->events > 0)
			(void)print_row(print, row, NULL);
	}
}

static void report_sizes(const struct vacuum *vacuum, const struct retention_plan *plan)
{
	const char *path = vacuum->path;
	char before[16], after[16], removed[16];
	uint64_t file, wal;

	db_file_sizes(vacuum->db, &file, &wal);
	text_format_size(before, sizeof(before), vacuum->file + vacuum->wal);
	text_format_size(after, sizeof(after), file + wal);
	text_format_size(removed, sizeof(removed), (uint64_t)((double)plan->events * plan->event_bytes));
	if (vacuum->options->dry_run)
		log_info("would remove %" PRId64 " events, about %s of the %s of \"%s\"; nothing was changed",
			 plan->events, removed, before, path);
	else
		log_info("removed %" PRId64 " events from \"%s\", which took %s and now takes %s", plan->events, path,
			 before, after);
}

static int print_result(struct vacuum *vacuum, const struct retention_plan *plan)
{
	CLEANUP(print_cleanup) struct print *print = NULL;
	struct output *output = &vacuum->output;
	const struct print_target target = { output->out, output->color, false, output->width, "" };
	char message[4096] = "";
	int r;

	if (print_open(&vacuum->options->print, &table, &target, &print, message, sizeof(message)) < 0) {
		log_error("--fields: %s", message);
		return EXIT_USAGE;
	}
	print_plan(print, plan);
	r = output_close(output, print_finish(print));
	if (r < 0 && r != -EPIPE)
		return output_failed(r);
	report_sizes(vacuum, plan);
	return EXIT_FOUND;
}

/* Beside a recorder as well: it only reads. */
static int check_database(struct vacuum *vacuum)
{
	const struct vacuum_options *options = vacuum->options;
	int exit_code;

	if (options->time[0] || options->size || options->dry_run) {
		log_error("--check removes nothing: it goes with none of --time, --size and --dry-run");
		return EXIT_USAGE;
	}
	exit_code = open_for_reading(vacuum);
	return exit_code ? exit_code : vacuum_check(vacuum->db, vacuum->path, &options->print, &vacuum->output);
}

/* A wrong field is reported before anything is removed. */
static int check_fields(const struct vacuum *vacuum)
{
	const struct print_options *options = &vacuum->options->print;
	struct column_list list;
	char message[1024];

	if (!options->fields[0] || column_list_parse(&table, options->fields, print_is_text(options), &list, message,
						     sizeof(message)) == 0)
		return 0;
	log_error("--fields: %s", message);
	return EXIT_USAGE;
}

static int run(const struct command_call *call)
{
	CLEANUP(vacuum_close) struct vacuum vacuum = { .config = &call->common.config, .options = call->settings,
						       .lock_fd = -1 };
	struct retention_plan plan;
	int r;

	(void)snprintf(vacuum.path, sizeof(vacuum.path), "%s", vacuum.config->db);
	if (vacuum.options->check) {
		output_open(&call->common, false, &vacuum.output);
		return check_database(&vacuum);
	}
	r = check_fields(&vacuum);
	if (!r)
		r = choose_bounds(&vacuum);
	if (r)
		return r;
	(void)umask(027); /* the group may read the files created beside the database, like those of the recorder */
	output_open(&call->common, false, &vacuum.output);
	r = vacuum.options->dry_run ? open_for_reading(&vacuum) : open_for_writing(&vacuum);
	if (r)
		return r;
	db_file_sizes(vacuum.db, &vacuum.file, &vacuum.wal);
	r = apply_bounds(&vacuum, &plan);
	return r < 0 ? history_failed(vacuum.path, vacuum.db, r) : print_result(&vacuum, &plan);
}

static const struct command_group groups[] = {
	{ "What to remove", vacuum_rows, 0, 0, NULL },
	{ "How to show it", print_rows, offsetof(struct vacuum_options, print), 0, NULL },
	{ 0 },
};

const struct command cmd_vacuum = {
	.name = "vacuum",
	.help = "remove old events, as the recorder does by itself",
	.example = "cri-ebpf vacuum --time=30d --size=500M --dry-run",
	.synopsis = "cri-ebpf vacuum [--time=TIME] [--size=SIZE] [--dry-run | --check] [OPTION...]",
	.description = "Removes events by age and by size, and returns their space to the file system; without --time and\n"
		"--size, by retention_age and retention_size of the configuration. By size, plain exits and forks are\n"
		"removed first, then pressure reports, OOM kills and container instances last. A running recorder does\n"
		"all this by itself, so this is refused while one runs. Needs root or the recorder's user; --dry-run\n"
		"only needs to read.\n"
		"\n"
		"With --check nothing is removed: the whole database is read, also beside a recorder, and each damage\n"
		"is a row; exit status 4 when there is any. The recorder itself checks only the rows, and only after it\n"
		"was killed.",
	.groups = groups,
	.settings_size = sizeof(struct vacuum_options),
	.run = run,
};
