/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/recorder_fault.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "common/cleanup.h"

static int open_beside(const char *db_path, int flags)
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
	char room[TROUBLE_MAX] = "";

	if (fd < 0)
		return;
	if (text)
		(void)snprintf(room, sizeof(room), "%s", text);
	/* Always all of it, so that nothing of an earlier one is left and the room stays taken. */
	(void)!pwrite(fd, room, sizeof(room), 0);
}

int recorder_fault_open(const char *db_path)
{
	int fd = open_beside(db_path, O_RDWR | O_CREAT);

	recorder_fault_write(fd, NULL);
	return fd;
}

bool recorder_fault_read(const char *db_path, char out[TROUBLE_MAX])
{
	AUTO_CLOSE int fd = open_beside(db_path, O_RDONLY);
	ssize_t length = fd < 0 ? -1 : pread(fd, out, TROUBLE_MAX - 1, 0);

	if (length <= 0)
		return false;
	out[length] = '\0';
	return out[0] != '\0';
}
