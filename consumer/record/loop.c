/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/log_limit.h"
#include "consumer/container/sweep.h"
#include "consumer/record/fault.h"
#include "consumer/record/notify.h"
#include "consumer/record/pipeline.h"
#include "consumer/record/ring.h"
#include "consumer/record/schedule.h"
#include "consumer/record/state.h"
#include "consumer/record/upkeep.h"
#include "consumer/record/watch.h"
#include "consumer/store/db_origin.h"
#include "consumer/store/recorder_state.h"
#include "consumer/test_hook.h"
#include "consumer/text/clock.h"
#include "consumer/text/error.h"
#include "consumer/text/time_words.h"

#define BACKOFF_MIN_NS 100000000ULL
#define BACKOFF_MAX_NS 5000000000ULL
#define PIN_INTERVAL_NS 1000000000ULL
/* Between two checks of age and size when there is nothing to remove. */
#define RETENTION_INTERVAL_NS 10000000000ULL
#define RETENTION_LOG_INTERVAL_NS 3600000000000ULL
#define CUT_INTERVAL_NS 3600000000000ULL
/* Least time between two steps of upkeep. */
#define UPKEEP_PAUSE_NS 100000000ULL
/* After the wall clock jumped forward by more than CLOCK_LEAP_NS, nothing is deleted by age for CLOCK_DOUBT_NS: the time
 * may be wrong, and by a wrong time every event may be too old. */
#define CLOCK_LEAP_NS 3600000000000LL
#define CLOCK_DOUBT_NS 86400000000000ULL
/* After QUIET_TICKS waits without a record the waits are QUIET_FACTOR times as long; an OOM kill wakes the loop anyway. */
#define QUIET_TICKS 10
#define QUIET_FACTOR 3

/* The loop's state; times are boot times. */
struct loop {
	const struct recorder *recorder;
	int64_t started;
	uint64_t noticed_ns; /* when the first waiting record was seen; 0: none waits */
	bool tick;           /* the last wait timed out */
	unsigned int quiet;  /* consecutive waits that timed out with an empty ring */
	bool stop;
	int exit_code;       /* -1: go on */
	int failure;         /* of the last commit */
	uint64_t backoff_ns;
	uint64_t retry_ns, metrics_ns, pin_ns, retention_ns, watchdog_ns, upkeep_ns;
	uint64_t retention_log_ns;
	int64_t clock_offset;   /* wall time minus boot time, as last trusted */
	uint64_t doubt_ns;      /* when the wall clock jumped; 0: it is trusted */
	bool unpinned;
	bool silent; /* the last recorder state could not be written */
	bool cut_reported; /* that the walk did not see all cgroups */
	struct log_limit cut_limit;
	struct upkeep upkeep;
};

int loop_open_signals(void)
{
	/* A closed terminal, and the limit of CPU time while it is soft, end the recorder as cleanly as a request does. */
	static const int ending[] = { SIGTERM, SIGINT, SIGHUP, SIGXCPU };
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		(void)sigaddset(&set, ending[i]);
	(void)signal(SIGPIPE, SIG_IGN); /* who reads the messages may have ended */
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -errno;

	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

/* Logs a failure once, until the error changes. */
static void note_failure(struct loop *loop, int error)
{
	const struct recorder *recorder = loop->recorder;
	char fault[RECORDER_FAULT_MAX];

	fault_format(error, pipeline_message(recorder->pipeline), fault, sizeof(fault));
	if (loop->failure != error)
		log_error("cannot store into \"%s\": %s; nothing is acknowledged, events wait in the ring (%llu of %llu"
			  " bytes) and what does not fit is counted as lost; trying again",
			  recorder->db_path, fault,
			  (unsigned long long)ring_unread(recorder->ring), (unsigned long long)ring_size(recorder->ring));
	loop->failure = error;
	recorder_fault_write(recorder->fault_fd, fault);
	loop->backoff_ns = loop->backoff_ns ? 2 * loop->backoff_ns : BACKOFF_MIN_NS;
	if (loop->backoff_ns > BACKOFF_MAX_NS)
		loop->backoff_ns = BACKOFF_MAX_NS;
	loop->retry_ns = clock_boot_ns() + loop->backoff_ns;
}

static void note_success(struct loop *loop)
{
	if (loop->failure) {
		log_info("stores into \"%s\" again", loop->recorder->db_path);
		recorder_fault_write(loop->recorder->fault_fd, NULL);
	}
	loop->failure = 0;
	loop->backoff_ns = loop->retry_ns = 0;
}

/* Handles the result of a call into the pipeline that stores. */
static void take_result(struct loop *loop, int r)
{
	if (r == -ERROR_RECORD_NEWER) {
		log_error("the next record in the ring is of a newer version than the %u this recorder reads: it and all"
			  " behind it stay in the ring for a newer recorder, and this one ends; install the cri-ebpf that"
			  " came with the cri-ebpf-loader which wrote it",
			  EV_ABI);
		loop->exit_code = EXIT_DENIED;
	} else if (r == -ERROR_DB_NEWER) {
		log_error("\"%s\" was replaced by a database of a newer version: nothing is acknowledged and this recorder"
			  " ends; install the newer cri-ebpf, or name another file with --db",
			  loop->recorder->db_path);
		loop->exit_code = EXIT_DENIED;
	} else if (r == -ERROR_DB_DIRECTORY) {
		log_error("the directory of \"%s\" was replaced by another one, which the sandbox of this recorder does not"
			  " admit: nothing more is acknowledged and it ends; the next recorder goes on there",
			  loop->recorder->db_path);
		loop->exit_code = EXIT_UNHEALTHY;
	} else if (db_origin_is_refused(r)) {
		log_error("\"%s\" was replaced: %s; it is left as it is, nothing is acknowledged and this recorder ends;"
			  " move it away, or name another file with --db",
			  loop->recorder->db_path, pipeline_message(loop->recorder->pipeline));
		loop->exit_code = EXIT_STORE;
	} else if (r) {
		note_failure(loop, r);
	} else {
		note_success(loop);
	}
}

static void commit_if_due(struct loop *loop, uint64_t now)
{
	const struct recorder *recorder = loop->recorder;
	enum batch_due due = pipeline_scan(recorder->pipeline);

	if (due == BATCH_NOTHING && !loop->failure) {
		loop->noticed_ns = 0;
		loop->quiet += loop->tick && loop->quiet < QUIET_TICKS;
		return;
	}
	loop->quiet = 0;
	if (loop->noticed_ns == 0)
		loop->noticed_ns = now;
	/* The kernel does not wake the loop for every record: after a timeout, records may have waited that long already. */
	if (due != BATCH_NOW && !loop->tick && now - loop->noticed_ns < recorder->flush_interval_ns)
		return;
	if (now < loop->retry_ns)
		return;
	loop->noticed_ns = 0;
	take_result(loop, pipeline_commit(recorder->pipeline));
}

/* The link count of the pin is readable even if the directory no longer is. */
static void look_at_pin(struct loop *loop)
{
	const struct recorder *recorder = loop->recorder;
	struct stat st;

	if (recorder->pin_fd >= 0 && fstat(recorder->pin_fd, &st) == 0 && st.st_nlink == 0)
		loop->unpinned = true;
}

static void look(struct loop *loop)
{
	look_at_pin(loop);
	watch_look(loop->recorder->watch, !loop->unpinned);
}

static void write_status(struct loop *loop, bool running)
{
	const struct recorder *recorder = loop->recorder;
	const struct recorder_status status = {
		.watch = recorder->watch,
		.boot_id = recorder->boot_id,
		.generation = recorder->generation,
		.unpinned = loop->unpinned,
		.running = running,
		.keeps_bpf = recorder->keeps_bpf,
		.started = loop->started,
		.metrics_interval_ns = recorder->metrics_interval_ns,
	};
	char fault[RECORDER_FAULT_MAX];
	int r = recorder_status_write(&status, recorder->pipeline, recorder->ring, recorder->maps);
	if (r && pipeline_report(recorder->pipeline, r) == 0)
		r = recorder_status_write(&status, recorder->pipeline, recorder->ring, recorder->maps);
	if (r)
		log_debug("cannot write the status: %s", error_text(r));
	/* While no record has to be stored, only this write shows that the database fails. */
	if (!loop->failure && (r != 0) != loop->silent) {
		fault_format(r, pipeline_message(recorder->pipeline), fault, sizeof(fault));
		recorder_fault_write(recorder->fault_fd, r ? fault : NULL);
	}
	loop->silent = r != 0;
}

static void keep_metrics(struct loop *loop, uint64_t now)
{
	if (now < loop->metrics_ns || now < loop->retry_ns)
		return;
	loop->metrics_ns = now + loop->recorder->metrics_interval_ns;
	look(loop);
	take_result(loop, pipeline_reconcile(loop->recorder->pipeline));
	write_status(loop, true);
}

static void check_pin(struct loop *loop, uint64_t now)
{
	if (now < loop->pin_ns)
		return;
	loop->pin_ns = now + PIN_INTERVAL_NS;
	look_at_pin(loop);
	if (!loop->unpinned || ring_unread(loop->recorder->ring) > 0)
		return;
	log_warning("the programs were unloaded and all they recorded is stored: this recorder ends; start another after"
		    " cri-ebpf-loader load");
	loop->exit_code = EXIT_UNHEALTHY;
}

/* Reports events removed for the sake of size, at most once an hour. */
static void report_retention(struct loop *loop, struct db *db, uint64_t now)
{
	struct retention_report report;
	char since[TIME_TEXT_MAX], oldest[TIME_TEXT_MAX];

	if (now < loop->retention_log_ns || retention_take_report(db, &report) != 0 || report.removed == 0)
		return;
	loop->retention_log_ns = now + RETENTION_LOG_INTERVAL_NS;
	time_format_rfc3339(since, sizeof(since), report.all_since ? report.all_since : clock_wall_ns());
	time_format_rfc3339(oldest, sizeof(oldest), report.oldest ? report.oldest : clock_wall_ns());
	log_info("removed %llu events to keep \"%s\" within retention_size: the history is complete since %s; OOM kills"
		 " and what else is kept longest reach back to %s",
		 (unsigned long long)report.removed, loop->recorder->db_path, since, oldest);
}

/* The wall time against which age is measured: that of the wall clock, unless it has just jumped forward. */
static int64_t retention_time(struct loop *loop, uint64_t now)
{
	int64_t wall = clock_wall_ns();
	int64_t leap = wall - (int64_t)now - loop->clock_offset;

	if (leap > CLOCK_LEAP_NS && loop->doubt_ns == 0) {
		loop->doubt_ns = now;
		log_warning("the clock went forward by %lld hours: nothing is deleted for being too old by the new time for"
			    " a day",
			    (long long)(leap / 3600000000000LL));
	}
	if (leap > CLOCK_LEAP_NS && now - loop->doubt_ns < CLOCK_DOUBT_NS)
		return (int64_t)now + loop->clock_offset;
	loop->doubt_ns = 0;
	loop->clock_offset = wall - (int64_t)now;
	return wall;
}

static void keep_retention(struct loop *loop, uint64_t now)
{
	const struct recorder *recorder = loop->recorder;
	struct db *db = pipeline_db(recorder->pipeline);

	if (now < loop->retention_ns || loop->failure || !db)
		return;

	int r = retention_step(db, &recorder->retention, retention_time(loop, now));

	if (r < 0) {
		log_debug("cannot delete what is too old: %s", error_text(r));
		(void)pipeline_report(recorder->pipeline, r);
	}
	watch_note_retention(recorder->watch, r < 0 ? pipeline_message(recorder->pipeline) : NULL);
	if (r <= 0)
		loop->retention_ns = now + RETENTION_INTERVAL_NS;
	if (r == 0)
		report_retention(loop, db, now);
}

/* Reports once as long as the condition lasts, and at most once an hour. */
static void report_cut(struct loop *loop, uint64_t now)
{
	size_t count;
	const char *path = sweep_cut(loop->recorder->sweep, &count);

	loop->cut_reported = loop->cut_reported && path;
	if (!path || loop->cut_reported || !log_allowed(&loop->cut_limit, now, CUT_INTERVAL_NS, 1))
		return;
	log_warning("below cgroup \"%s\" (and %zu more) there are more cgroups than the recorder scans, or deeper ones,"
		    " or some that it may not read: entries of removed cgroups there stay in the kernel's map of cgroups;"
		    " limit how many there may be with cgroup.max.descendants and cgroup.max.depth",
		    path[0] ? path : "/", count - 1);
	loop->cut_reported = true;
}

static void keep_map(struct loop *loop, uint64_t now)
{
	const struct recorder *recorder = loop->recorder;
	size_t removed;

	if (!recorder->sweep || loop->failure)
		return;
	removed = sweep_step(recorder->sweep, now, ring_producer(recorder->ring), ring_acked(recorder->ring));
	if (removed > 0)
		log_debug("forgot %zu cgroups that are gone", removed);
	report_cut(loop, now);
}

static void keep_watchdog(struct loop *loop, uint64_t now)
{
	if (loop->recorder->watchdog_ns == 0 || now < loop->watchdog_ns)
		return;
	loop->watchdog_ns = now + loop->recorder->watchdog_ns / 2;
	notify_send(loop->recorder->notify_fd, "WATCHDOG=1");
}

/* True when the loop has something more urgent to do than upkeep. */
static bool is_needed(void *context)
{
	struct loop *loop = context;
	struct pollfd signals = { .fd = loop->recorder->signal_fd, .events = POLLIN };

	keep_watchdog(loop, clock_boot_ns());
	return !pipeline_is_quiet(loop->recorder->pipeline) || poll(&signals, 1, 0) > 0;
}

static int run_upkeep(struct loop *loop, struct db *db, uint64_t now)
{
	const struct upkeep_target target = { db, pipeline_row_check(loop->recorder->pipeline), is_needed, loop };

	return upkeep_step(&loop->upkeep, &target, now);
}

static void keep_upkeep(struct loop *loop, uint64_t now)
{
	const struct recorder *recorder = loop->recorder;
	struct db *db = pipeline_db(recorder->pipeline);

	if (now < loop->upkeep_ns || loop->failure || !db)
		return;

	int r = pipeline_is_quiet(recorder->pipeline) ? run_upkeep(loop, db, now) : 0;
	uint64_t due = upkeep_due(&loop->upkeep, pipeline_row_check(recorder->pipeline));
	uint64_t pause = clock_boot_ns() + UPKEEP_PAUSE_NS;

	if (r)
		(void)pipeline_report(recorder->pipeline, r);
	loop->upkeep_ns = due > pause ? due : pause;
}

static int wait_ms(const struct loop *loop, uint64_t now)
{
	const struct recorder *recorder = loop->recorder;
	const struct schedule schedule = {
		.interval_ns = recorder->flush_interval_ns * (loop->quiet < QUIET_TICKS ? 1 : QUIET_FACTOR),
		.flush_ns = recorder->flush_interval_ns,
		.noticed_ns = loop->noticed_ns,
		.failing = loop->failure != 0,
		.retry_ns = loop->retry_ns,
		.open = pipeline_db(recorder->pipeline) != NULL,
		.care_ns = loop->retention_ns < loop->upkeep_ns ? loop->retention_ns : loop->upkeep_ns,
		.metrics_ns = loop->metrics_ns,
		.watchdog_ns = recorder->watchdog_ns ? loop->watchdog_ns : 0,
	};

	return schedule_wait_ms(&schedule, now);
}

static void wait_for_work(struct loop *loop)
{
	struct epoll_event events[2];
	int n = epoll_wait(loop->recorder->epoll_fd, events, (int)ARRAY_SIZE(events), wait_ms(loop, clock_boot_ns()));

	loop->tick = n == 0;
	for (int i = 0; i < n; i++)
		if (events[i].data.fd == loop->recorder->signal_fd)
			loop->stop = true;
}

static int watch(int epoll_fd, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0 ? -errno : 0;
}

/* Edge-triggered on the ring, which is readable as long as it holds a record that is not acknowledged. */
int loop_open_epoll(int ring_fd, int signal_fd)
{
	AUTO_CLOSE int fd = epoll_create1(EPOLL_CLOEXEC);
	int r = fd < 0 ? -errno : watch(fd, ring_fd, EPOLLIN | EPOLLET);

	if (!r)
		r = watch(fd, signal_fd, EPOLLIN);
	return r ? r : TAKE_FD(fd);
}

/* Stores everything that is in the ring now, and ends. */
static int finish(struct loop *loop)
{
	struct pipeline *pipeline = loop->recorder->pipeline;
	int r = pipeline_drain(pipeline);

	look(loop);
	if (!r)
		r = pipeline_reconcile(pipeline);
	if (!r) {
		write_status(loop, false);
		(void)pipeline_end(pipeline);
		return EXIT_FOUND;
	}
	take_result(loop, r);
	return loop->exit_code < 0 ? EXIT_STORE : loop->exit_code;
}

static void record(struct loop *loop)
{
	while (!loop->stop && loop->exit_code < 0) {
		uint64_t now = clock_boot_ns();

		commit_if_due(loop, now);
		loop->tick = false;
		if (loop->exit_code >= 0)
			break;
		keep_metrics(loop, now);
		check_pin(loop, now);
		keep_retention(loop, now);
		keep_map(loop, now);
		keep_watchdog(loop, now);
		keep_upkeep(loop, now);
		if (loop->exit_code < 0)
			wait_for_work(loop);
	}
}

int loop_run(const struct recorder *recorder)
{
	struct loop loop = {
		.recorder = recorder,
		.started = clock_wall_ns(),
		.clock_offset = clock_wall_ns() - (int64_t)clock_boot_ns(),
		.exit_code = -1,
		.upkeep_ns = clock_boot_ns() + test_number("CRI_TEST_UPKEEP_DELAY", 0),
		.tick = true, /* records that the ring holds at the start have waited long enough */
	};

	if (recorder->once)
		return finish(&loop);

	notify_send(recorder->notify_fd, "READY=1");
	record(&loop);
	notify_send(recorder->notify_fd, "STOPPING=1");
	if (loop.exit_code < 0)
		return finish(&loop);
	look(&loop);
	write_status(&loop, false);
	(void)pipeline_end(recorder->pipeline);
	return loop.exit_code;
}
