/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/recorder_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "consumer/store/db.h"

#define RECORDER_COMM "cri-ebpf"
#define PATIENCE      3 /* intervals without a word before it counts as silent */

/* False only for what is known: a process of another user may hide its name. */
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

/* A shared lock is got only when no recorder has the file; closing it gives it back at once. */
static enum lock try_lock(const char *path)
{
	AUTO_CLOSE int fd = path ? open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;

	if (fd < 0)
		return LOCK_UNKNOWN;
	if (flock(fd, LOCK_SH | LOCK_NB) == 0)
		return LOCK_FREE;
	return errno == EWOULDBLOCK ? LOCK_HELD : LOCK_UNKNOWN;
}

static enum recorder_presence judge(const struct recorder_state *beat, bool said_running, int64_t now, const char *lock_path)
{
	enum lock lock;

	if (!said_running)
		return RECORDER_STOPPED;
	lock = try_lock(lock_path);
	/* Who holds the lock lives, even where its pid means nothing to us. */
	if (lock == LOCK_FREE || (lock == LOCK_UNKNOWN && is_gone(beat->pid)))
		return RECORDER_GONE;
	return beat->time < now - PATIENCE * beat->interval_ns ? RECORDER_SILENT : RECORDER_RUNNING;
}

int recorder_state_read(struct db *db, int64_t now, int64_t interval_ns, const char *lock_path, struct recorder_state *ret)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	struct recorder_state beat = { .interval_ns = interval_ns };
	int64_t own;
	int r = db_prepare(db,
			   "SELECT json_extract(value, '$.recorder.running'), json_extract(value, '$.recorder.pid'),"
			   " json_extract(value, '$.recorder.heartbeat_unix_nano'),"
			   " json_extract(value, '$.recorder.metrics_interval_ns'),"
			   " json_extract(value, '$.loader.loaded')"
			   " FROM status WHERE key = 'recorder' AND json_valid(value)",
			   &stmt);

	if (r == 0)
		r = db_step(stmt);
	if (r < 0)
		return r;
	if (r > 0) {
		/* Numbers, or the digits of one in a string; NULL reads as 0. */
		beat.pid = db_int(stmt, 1);
		beat.time = db_int(stmt, 2);
		own = db_int(stmt, 3);
		if (own > 0 && own < INT64_MAX / PATIENCE / 2)
			beat.interval_ns = own;
		beat.loaded = db_int(stmt, 4) != 0;
		beat.state = judge(&beat, db_int(stmt, 0) != 0, now, lock_path);
		db_reset(stmt);
	}
	*ret = beat;
	return 0;
}
