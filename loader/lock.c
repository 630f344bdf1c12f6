/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/pins.h"
#include "loader/pin.h"

#define LOCK     PIN_HERE "/" PIN_LOCK
/* Together 5 s: "check" holds the lock for a second or two, and must not make a "load" fail. */
#define ATTEMPTS 250
#define PAUSE_NS 20000000

/* The lock is a directory because on bpffs only directories can be opened. (A file with a pid would mean nothing in
 * another container.) */
static int open_lock(void)
{
	if (mkdir(LOCK, 0700) < 0 && errno != EEXIST)
		return -errno;

	int fd = open(LOCK, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Gives a lock made by root to the owner of the pin directory, so that a loader of that user can open it. */
static int share(int fd)
{
	struct stat st;

	if (geteuid() != 0)
		return 0;
	return stat(PIN_HERE, &st) < 0 || fchown(fd, st.st_uid, (gid_t)-1) < 0 ? -errno : 0;
}

/* 1 when the locked directory is still the one that has the name, 0 when its last holder removed it between our open
 * and flock: then the lock excludes no other loader. */
static int is_current(int fd)
{
	struct stat named, ours;

	if (fstat(fd, &ours) < 0)
		return -errno;
	return lstat(LOCK, &named) == 0 && named.st_ino == ours.st_ino && named.st_dev == ours.st_dev;
}

static int try_take(void)
{
	AUTO_CLOSE int fd = open_lock();
	int r;

	if (fd < 0)
		return fd == -ENOENT ? -EAGAIN : fd;
	r = share(fd);
	if (r < 0)
		return r;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	r = is_current(fd);
	if (r <= 0)
		return r < 0 ? r : -EAGAIN;
	return TAKE_FD(fd);
}

/* -EAGAIN: the lock was removed meanwhile. -EBUSY: another loader holds it. */
static int wait_and_take(void)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	int r = try_take();

	for (int i = 0; (r == -EAGAIN || r == -EBUSY) && i < ATTEMPTS; i++) {
		(void)nanosleep(&pause, NULL);
		r = try_take();
	}
	return r;
}

int lock_take(const char *shown)
{
	int r = wait_and_take();

	if (r == -EAGAIN || r == -EBUSY)
		log_error("another loader is running in \"%s\"; nothing was changed. Try again when it has finished", shown);
	else if (r < 0)
		log_error("cannot lock \"%s\": %s; nothing was changed", shown, strerror(-r));
	else
		(void)pin_remove_tries();
	return r;
}

void lock_release(int fd)
{
	if (fd < 0)
		return;
	(void)rmdir(LOCK);
	(void)close(fd);
}

void lock_cleanup(int *fd)
{
	lock_release(*fd);
}
