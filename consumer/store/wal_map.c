/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/wal_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>

/* 0, or -1 and errno. A file system that cannot promise room is used as it is. */
static int make_room(int fd, off_t offset, size_t length)
{
	int r;

	do {
		r = fallocate(fd, 0, offset, (off_t)length);
	} while (r != 0 && errno == EINTR);
	return r != 0 && (errno == EOPNOTSUPP || errno == ENOSYS) ? 0 : r;
}

void *wal_map(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
	bool written = (protection & PROT_WRITE) && (flags & MAP_SHARED) && fd >= 0;

	if (written && make_room(fd, offset, length) != 0)
		return MAP_FAILED;
	return mmap(at, length, protection, flags, fd, offset);
}
