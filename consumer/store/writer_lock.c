/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/writer_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "consumer/text/error.h"

/* A line of /proc/locks: "1: FLOCK  ADVISORY  WRITE 4242 00:1b:5 0 EOF", proc(5). A shared lock (READ) keeps others out
 * too. */
static pid_t find_holder(int fd)
{
	AUTO_FCLOSE FILE *file = fopen("/proc/locks", "re");
	unsigned int major_number, minor_number;
	unsigned long inode;
	char line[256];
	struct stat st;
	int pid;

	if (!file || fstat(fd, &st) != 0)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s FLOCK %*s %*s %d %x:%x:%lu", &pid, &major_number, &minor_number, &inode) == 4 &&
		    inode == st.st_ino && major_number == major(st.st_dev) && minor_number == minor(st.st_dev))
			return pid;
	return 0;
}

/* Retries because `status` takes the lock, shared, for a moment to test it; a recorder keeps it. */
static int lock(int fd, pid_t *ret_holder)
{
	const struct timespec moment = { .tv_nsec = 20000000 };
	int error = 0;

	*ret_holder = 0;
	for (int attempt = 0; attempt < 5; attempt++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		error = errno;
		if (error != EWOULDBLOCK)
			break;
		(void)nanosleep(&moment, NULL);
	}

	if (error == EWOULDBLOCK)
		*ret_holder = find_holder(fd);
	return -error;
}

int writer_lock_directory(const char *directory, pid_t *ret_holder)
{
	AUTO_CLOSE int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : lock(fd, ret_holder);

	return r ? r : TAKE_FD(fd);
}

/* Every process that can open the file can lock it, hence 0600. An earlier version created it readable for the group. */
static int restrict_mode(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_uid != geteuid())
		return -ERROR_LOCK_FOREIGN;
	if ((st.st_mode & 07777) == 0600)
		return 0;
	return fchmod(fd, 0600) != 0 ? -errno : 0;
}

int writer_lock_database(const char *db_path, pid_t *ret_holder)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s.lock", db_path);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;

	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : restrict_mode(fd);

	if (!r)
		r = lock(fd, ret_holder);

	return r ? r : TAKE_FD(fd);
}

void writer_lock_format_holder(pid_t holder, char out[WRITER_LOCK_HOLDER_SIZE])
{
	out[0] = '\0';
	if (holder > 0)
		(void)snprintf(out, WRITER_LOCK_HOLDER_SIZE, ", pid %d,", (int)holder);
}
