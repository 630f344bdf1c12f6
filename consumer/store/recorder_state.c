/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/recorder_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "consumer/store/db.h"
#include "consumer/text/clock.h"

#define RECORDER_COMM "cri-ebpf"
#define SILENT_INTERVALS 3 /* without a heartbeat */

const char *const recorder_count_names[COUNT_COUNT] = { "sent", "stored", "rejected", "unread", "lost", "filtered" };

/*
 * Returns true only when the process is known not to be a recorder: /proc may hide the name of another user's process.
 */
static bool is_gone(int64_t pid)
{
	char path[64], comm[32];
	ssize_t length;

	if (pid <= 0 || pid > INT32_MAX)
		return false;
	if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
		return true;
	(void)snprintf(path, sizeof(path), "/proc/%" PRId64 "/comm", pid);

	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	length = fd < 0 ? -1 : read(fd, comm, sizeof(comm) - 1);
	if (length <= 0)
		return false;
	comm[length] = '\0';
	comm[strcspn(comm, "\n")] = '\0';
	return strcmp(comm, RECORDER_COMM) != 0;
}

enum lock { LOCK_UNKNOWN, LOCK_HELD, LOCK_FREE };

/* A shared lock is granted only while no recorder holds its exclusive one. Closing the file releases it at once. */
static enum lock try_lock(const char *path)
{
	AUTO_CLOSE int fd = path ? open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;

	if (fd < 0)
		return LOCK_UNKNOWN;
	if (flock(fd, LOCK_SH | LOCK_NB) == 0)
		return LOCK_FREE;
	return errno == EWOULDBLOCK ? LOCK_HELD : LOCK_UNKNOWN;
}

bool recorder_holds_lock(const char *db_path)
{
	char path[PATH_MAX + sizeof(".lock")];

	(void)snprintf(path, sizeof(path), "%s.lock", db_path);
	return try_lock(path) == LOCK_HELD;
}

/* age: of the last heartbeat */
static enum recorder_presence find_presence(const struct recorder_state *state, bool was_running, int64_t age,
					    const char *lock_path)
{
	enum lock lock = try_lock(lock_path);

	if (!was_running)
		return lock == LOCK_HELD ? RECORDER_STARTING : RECORDER_STOPPED;
	/* A held lock proves that the recorder runs, even if its pid is of another pid namespace. */
	if (lock == LOCK_FREE || (lock == LOCK_UNKNOWN && is_gone(state->pid)))
		return RECORDER_GONE;
	return age > SILENT_INTERVALS * state->interval_ns ? RECORDER_SILENT : RECORDER_RUNNING;
}

/* beat_boot_ns, boot_id: of the heartbeat. */
static int64_t find_age(int64_t beat, int64_t beat_boot_ns, const char *boot_id, int64_t now)
{
	int64_t boot_now = (int64_t)clock_boot_ns(), age;
	char this_boot[CLOCK_BOOT_ID_SIZE];

	if (boot_id && beat_boot_ns > 0 && beat_boot_ns <= boot_now && clock_boot_id(this_boot) == 0 &&
	    strcmp(boot_id, this_boot) == 0)
		return boot_now - beat_boot_ns;
	/* Saturates: the database may hold any number. */
	return __builtin_sub_overflow(now, beat, &age) ? INT64_MAX : age;
}

int recorder_state_read(struct db *db, int64_t now, int64_t interval_ns, const char *lock_path, struct recorder_state *ret)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	struct recorder_state state = { .interval_ns = interval_ns };
	int64_t interval;
	int r = db_prepare(db,
			   "SELECT json_extract(value, '$.recorder.running'), json_extract(value, '$.recorder.pid'),"
			   " json_extract(value, '$.recorder.heartbeat_unix_nano'),"
			   " json_extract(value, '$.recorder.metrics_interval_ns'),"
			   " json_extract(value, '$.loader.loaded'), json_extract(value, '$.recorder.heartbeat_boot_ns'),"
			   " json_extract(value, '$.recorder.boot_id')"
			   " FROM status WHERE key = 'recorder' AND json_valid(value)",
			   &stmt);

	if (r == 0)
		r = db_step(stmt);
	if (r < 0)
		return r;
	if (r > 0) {
		/* Numbers, or the digits of one in a string; NULL reads as 0. */
		state.pid = db_int(stmt, 1);
		state.time = db_int(stmt, 2);
		interval = db_int(stmt, 3);
		if (interval > 0 && interval < INT64_MAX / SILENT_INTERVALS / 2)
			state.interval_ns = interval;
		state.loaded = db_int(stmt, 4) != 0;
		state.state = find_presence(&state, db_int(stmt, 0) != 0,
					    find_age(state.time, db_int(stmt, 5), db_text(stmt, 6, NULL), now), lock_path);
		db_reset(stmt);
	}
	*ret = state;
	return 0;
}

static int open_fault_file(const char *db_path, int flags)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s.trouble", db_path);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;

	int fd = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);

	return fd < 0 ? -errno : fd;
}

void recorder_fault_write(int fd, const char *text)
{
	char content[RECORDER_FAULT_MAX] = "", before[RECORDER_FAULT_MAX];

	if (fd < 0)
		return;
	if (text)
		(void)snprintf(content, sizeof(content), "%s", text);
	/* The time of the file is that of the fault. */
	if (pread(fd, before, sizeof(before), 0) == sizeof(before) && memcmp(before, content, sizeof(content)) == 0)
		return;
	/* The full size each time: it overwrites an earlier fault and keeps the disk space allocated. */
	(void)!pwrite(fd, content, sizeof(content), 0);
}

int recorder_fault_open(const char *db_path)
{
	int fd = open_fault_file(db_path, O_RDWR | O_CREAT);

	recorder_fault_write(fd, NULL);
	return fd;
}

bool recorder_fault_read(const char *db_path, char out[RECORDER_FAULT_MAX], int64_t *ret_since)
{
	AUTO_CLOSE int fd = open_fault_file(db_path, O_RDONLY);
	ssize_t length = fd < 0 ? -1 : pread(fd, out, RECORDER_FAULT_MAX - 1, 0);
	struct stat st;

	if (length <= 0 || fstat(fd, &st) != 0)
		return false;
	*ret_since = (int64_t)st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec;
	out[length] = '\0';
	return out[0] != '\0';
}
