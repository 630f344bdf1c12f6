/* SPDX-License-Identifier: BSD-2-Clause */
/* The recorder: opens what needs privileges, gives them up, enters the sandbox and records. */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/cgroup_mount.h"
#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/time_namespace.h"
#include "consumer/cli/command.h"
#include "consumer/container/cgroup_fs.h"
#include "consumer/container/names/name_source.h"
#include "consumer/container/sweep.h"
#include "consumer/record/kind.h"
#include "consumer/record/loop.h"
#include "consumer/record/notify.h"
#include "consumer/record/pins.h"
#include "consumer/record/pipeline.h"
#include "consumer/record/watch.h"
#include "consumer/sandbox/confine.h"
#include "consumer/sandbox/privileges.h"
#include "consumer/sandbox/sandbox.h"
#include "consumer/store/db.h"
#include "consumer/store/db_files.h"
#include "consumer/store/db_origin.h"
#include "consumer/store/recorder_state.h"
#include "consumer/store/writer_lock.h"
#include "consumer/test_hook.h"
#include "consumer/text/clock.h"
#include "consumer/text/error.h"

struct record_options {
	bool once;
};

static const struct option_row record_rows[] = {
	{ .name = "once", .type = OPTION_FLAG, .offset = offsetof(struct record_options, once),
	  .help = "store what is in the ring, then end" },
	{ .name = NULL },
};

/* What is open while recording; descriptors that are not open are -1. */
struct record {
	const struct config *config;
	bool once;
	char db[PATH_MAX]; /* resolved, without links */
	char db_directory[PATH_MAX];
	int db_lock_fd, signal_fd, epoll_fd, notify_fd, fault_fd;
	struct pins pins;
	struct watch *watch;
	struct cgroup_fs *fs;
	struct pipeline *pipeline;
	struct sweep *sweep;
	char boot_id[CLOCK_BOOT_ID_SIZE];
	bool keeps_bpf; /* CAP_BPF is kept, because this kernel requires it for reading maps */
};

static void record_close(struct record *record)
{
	pipeline_close(record->pipeline);
	sweep_close(record->sweep);
	cgroup_fs_close(record->fs);
	cleanup_close(&record->fault_fd);
	cleanup_close(&record->notify_fd);
	cleanup_close(&record->epoll_fd);
	cleanup_close(&record->signal_fd);
	cleanup_close(&record->db_lock_fd);
	watch_close(record->watch);
	pins_close(&record->pins);
}

/* The kernel's records carry its own boot time. */
static int check_clock(struct record *record)
{
	(void)record;
	if (time_namespace_offset() == 0)
		return 0;
	log_error("this process is in a time namespace with an offset of boot time (/proc/self/timens_offsets): every"
		  " recorded time would be wrong by it; nothing is recorded: start the recorder in the host's time"
		  " namespace");
	return EXIT_DENIED;
}

static int open_pins(struct record *record)
{
	int r = pins_open(record->config->pin_dir, record->once, &record->pins);

	if (!r && watch_open(record->pins.lock_fd, record->pins.pinned_maps, &record->watch) != 0) {
		log_error("out of memory; nothing is recorded");
		return EXIT_DENIED;
	}
	return r;
}

static int open_sources(struct record *record)
{
	struct cgroup_mount mount;
	const char *source = "";
	int r = clock_boot_id(record->boot_id);

	if (r) {
		log_error("cannot read the boot id: %s; nothing is recorded", error_text(r));
		return EXIT_DENIED;
	}
	r = cgroup_mount_find(&mount);
	if (!r)
		r = cgroup_fs_open(mount.path, mount.mode == INFO_CGROUP_V1, &record->fs);
	if (r)
		log_warning("cannot open the cgroup file system: %s; cgroups without a path in the kernel's map"
			    " are recorded without one",
			    error_text(r));
	r = name_source_open(&source);
	if (r)
		log_warning("cannot open the source of names \"%s\": %s; containers are recorded without names from it",
			    source, error_text(r));
	record->notify_fd = notify_open();
	record->signal_fd = loop_open_signals();
	if (record->signal_fd >= 0)
		record->epoll_fd = loop_open_epoll(record->pins.ring_fd, record->signal_fd);
	r = record->signal_fd < 0 ? record->signal_fd : record->epoll_fd;
	if (r < 0) {
		log_error("cannot wait for records and signals: %s; nothing is recorded", error_text(r));
		return EXIT_DENIED;
	}
	return 0;
}

static int read_a_map(const void *context)
{
	const struct record *record = context;
	struct map_counters counters;

	return record->pins.maps.counters(record->pins.maps.context, EV_PROCESS_EXIT, &counters);
}

/*
 * Root creates the database's directory and then becomes the configured user. Kernels before 5.19 that restrict bpf(2)
 * require CAP_BPF for reading a map: there it is kept, as the only capability, and the seccomp policy limits bpf(2).
 */
static int leave_root(struct record *record)
{
	const struct config *config = record->config;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int r = uid == 0 ? privileges_find_user(config->user, &uid, &gid) : 0;

	if (r == -ENOENT) {
		log_error("the user \"%s\" does not exist; nothing is recorded: create it with systemd-sysusers and"
			  " the line: u cri-ebpf - \"cri-ebpf recorder\" /nonexistent",
			  config->user);
		return EXIT_DENIED;
	}
	if (!r && uid == 0) {
		log_error("user = \"%s\" is root, but the recorder needs a user without privileges; nothing is recorded",
			  config->user);
		return EXIT_DENIED;
	}
	if (!r && geteuid() == 0)
		r = privileges_make_directory(record->db_directory, uid, gid);
	if (r) {
		log_error("cannot create \"%s\" for user \"%s\": %s; nothing is recorded", record->db_directory, config->user,
			  error_text(r));
		return EXIT_STORE;
	}

	record->keeps_bpf = privileges_try_without(uid, gid, read_a_map, record) == -EPERM;
	r = privileges_drop(uid, gid, record->keeps_bpf);
	if (r == -EPERM && record->keeps_bpf) {
		log_error("this kernel lets only CAP_BPF read maps (kernel.unprivileged_bpf_disabled, before 5.19): names"
			  " and counters could not be read and losses would go unnoticed; nothing is recorded. Start the"
			  " recorder with CAP_BPF as its only capability, or as root");
		return EXIT_DENIED;
	}
	if (r) {
		log_error("cannot give up privileges: %s; nothing is recorded", error_text(r));
		return EXIT_DENIED;
	}
	return 0;
}

static int set_db_directory(struct record *record, const char *db)
{
	char copy[PATH_MAX];

	if (strlen(db) >= sizeof(copy))
		return -ENAMETOOLONG;
	(void)strcpy(copy, db);
	(void)snprintf(record->db_directory, sizeof(record->db_directory), "%s", dirname(copy));
	return 0;
}

/* Resolves links, so that every path to the database leads to the same lock and sandbox directory. */
static int find_database(struct record *record)
{
	int r = db_file_resolve(record->config->db, record->db);

	if (!r)
		r = set_db_directory(record, record->db);
	if (!r)
		return 0;
	log_error("cannot find \"%s\": %s; nothing is recorded: its directory must exist and belong to the recorder's"
		  " user, and a link must lead to a database",
		  record->config->db, error_text(r));
	return EXIT_STORE;
}

/* Whether the error may pass while the events wait in the ring, so that another try makes sense. */
static bool is_temporary(int error)
{
	return error == -ENOSPC || error == -EROFS || error == -EBUSY || error == -EIO || error == -ENOMEM ||
	       error == -ERROR_DB_FILE_LIMIT;
}

static int explain_unusable(const struct record *record, int error, const char *reason)
{
	const char *advice = "its directory must exist and belong to the recorder's user";

	if (error == -ERROR_DB_NEWER)
		advice = "install that version, or name another file with --db";
	else if (error == -ERROR_DB_OWNER)
		advice = "give it to the recorder's user if it is the recorder's, or name another file with --db";
	else if (db_origin_is_refused(error) || error == -EISDIR || error == -ERROR_NOT_REGULAR)
		advice = "name another file with --db";
	log_error("cannot use \"%s\": %s; it is left as it is and nothing is recorded: %s", record->db, reason, advice);
	return EXIT_STORE;
}

/* Before a lock file is made: nothing is created beside a database of somebody else. */
static int check_database(struct record *record)
{
	char whose[DB_ORIGIN_TEXT_MAX], reason[DB_FILES_REASON_MAX];
	struct db_origin origin;
	int r = db_origin_read(record->db, &origin);

	if (r)
		return is_temporary(r) ? 0 : explain_unusable(record, r, db_files_reason(record->db, r, reason));
	r = db_origin_judge_write(&origin);
	if (!db_origin_is_refused(r))
		return 0;
	db_origin_format(&origin, whose);
	(void)snprintf(reason, sizeof(reason), "%s (%s)", error_text(r), whose);
	return explain_unusable(record, r, reason);
}

static int explain_db_holder(const char *db, pid_t holder)
{
	char who[WRITER_LOCK_HOLDER_SIZE];

	writer_lock_format_holder(holder, who);
	log_error("another recorder%s uses the database \"%s\": this one ends", who, db);
	return EXIT_DENIED;
}

static int lock_database(struct record *record)
{
	const char *db = record->db;
	pid_t holder = 0;

	record->db_lock_fd = writer_lock_database(db, &holder);
	if (record->db_lock_fd == -ERROR_LOCK_FOREIGN) {
		log_error("\"%s.lock\" belongs to another user, who could lock out every recorder; nothing is recorded:"
			  " remove it",
			  db);
		return EXIT_STORE;
	}
	if (record->db_lock_fd == -EWOULDBLOCK)
		return explain_db_holder(db, holder);
	if (record->db_lock_fd < 0) {
		log_error("cannot write to \"%s\": %s; nothing is recorded: it must exist, be writable and belong to the"
			  " recorder's user",
			  record->db_directory, error_text(record->db_lock_fd));
		return is_temporary(record->db_lock_fd) ? EXIT_UNHEALTHY : EXIT_STORE;
	}
	record->fault_fd = recorder_fault_open(db);
	if (record->fault_fd < 0)
		log_warning("cannot open \"%s.trouble\": %s; cri-ebpf status will not know when nothing can be stored", db,
			    error_text(record->fault_fd));
	return 0;
}

static int enter_sandbox(struct record *record)
{
	struct sandbox_paths paths = {
		.write_directory = record->db_directory,
		.read_directory = { record->fs ? cgroup_fs_root(record->fs) : NULL },
	};

	if (name_source_directories(&paths.read_directory[1], SANDBOX_READ_MAX - 1) > SANDBOX_READ_MAX - 1) {
		log_error("names are read from more directories than the sandbox can allow; nothing is recorded");
		return EXIT_DENIED;
	}
	if (test_without_sandbox()) {
		log_warning("this is a build for tests: there is no sandbox");
		return 0;
	}
	return confine_to_writing(&paths, "nothing is recorded");
}

/* A query run by root creates the WAL file as root and changes its owner a moment later: -EACCES until then. */
static int start_pipeline(struct pipeline *pipeline)
{
	const struct timespec moment = { .tv_nsec = 20000000 };
	int r = pipeline_start(pipeline);

	for (int attempt = 0; attempt < 10 && r == -EACCES; attempt++) {
		(void)nanosleep(&moment, NULL);
		r = pipeline_start(pipeline);
	}
	return r;
}

static int open_pipeline(struct record *record)
{
	const struct config *config = record->config;
	const struct pipeline_settings settings = {
		.db_path = record->db,
		.boot_id = record->boot_id,
		.generation = record->pins.info.generation,
		.loaded_ns = record->pins.info.loaded_ns,
		.buffer_size = config->buffer_size,
		.durability_full = config->durability_full,
		.resolve = { config->containerd_namespaces, config->metadata_cache_size, config->metadata_cache_ttl_ns,
			     config->record_host },
		.outages = watch_outages(record->watch),
	};
	int r = pipeline_open(&settings, record->pins.ring, &record->pins.maps, record->fs, &record->pipeline);

	if (!r)
		r = start_pipeline(record->pipeline);
	if (r == 0 || (record->pipeline && is_temporary(r)))
		return 0;
	return explain_unusable(record, r, record->pipeline ? pipeline_message(record->pipeline) : error_text(r));
}

static int record_events(struct record *record)
{
	const struct config *config = record->config;
	const struct recorder recorder = {
		.pipeline = record->pipeline,
		.ring = record->pins.ring,
		.sweep = record->sweep,
		.maps = &record->pins.maps,
		.watch = record->watch,
		.boot_id = record->boot_id,
		.generation = record->pins.info.generation,
		.epoll_fd = record->epoll_fd,
		.pin_fd = record->pins.events_fd,
		.signal_fd = record->signal_fd,
		.notify_fd = record->notify_fd,
		.fault_fd = record->fault_fd,
		.db_path = record->db,
		.keeps_bpf = record->keeps_bpf,
		.once = record->once,
		.flush_interval_ns = config->flush_interval_ns,
		.metrics_interval_ns = config->metrics_interval_ns,
		.watchdog_ns = notify_watchdog_ns(),
		.retention = { config->retention_age_ns, config->retention_size, kind_storages },
	};

	return loop_run(&recorder);
}

/* Not inside a container's cgroup namespace, where the host's cgroups would look removed. */
static int open_sweep(struct record *record)
{
	if (!record->fs || cgroup_fs_exists(record->fs, "/", CGROUP_ROOT_ID) <= 0)
		return 0;
	if (sweep_open(&record->pins.maps, record->fs, &record->sweep) != 0)
		log_warning("out of memory: removed cgroups are not swept from the kernel's map, which may fill up");
	return 0;
}

static int run(const struct command_call *call)
{
	CLEANUP(record_close) struct record record = {
		.config = &call->common.config,
		.once = ((const struct record_options *)call->settings)->once,
		.db_lock_fd = -1, .signal_fd = -1, .epoll_fd = -1, .notify_fd = -1, .fault_fd = -1,
		.pins = PINS_CLOSED,
	};
	typedef int step(struct record *);
	step *const steps[] = { check_clock,    open_pins,     open_sources,  leave_root,    find_database,
				check_database, lock_database, enter_sandbox, open_pipeline, open_sweep };
	int r;

	if (set_db_directory(&record, record.config->db) != 0)
		return EXIT_USAGE;
	(void)umask(027); /* the group may read what is written, others may not */

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		r = steps[i](&record);
		if (r)
			return r;
	}
	return record_events(&record);
}

static const struct command_group groups[] = { { "Recording", record_rows, 0, 0, NULL }, { 0 } };

const struct command cmd_record = {
	.name = "record",
	.help = "record events into the database; the service runs this",
	.example = "cri-ebpf record --once",
	.synopsis = "cri-ebpf record [--once] [OPTION...]",
	.description = "Moves events from the kernel's ring buffer to the database until it is stopped. Needs what\n"
		       "cri-ebpf-loader load has pinned. Started as root it becomes the configured user first; it\n"
		       "keeps no capability and runs in a sandbox, which cannot be switched off.",
	.config_keys = true,
	.groups = groups,
	.settings_size = sizeof(struct record_options),
	.run = run,
};
