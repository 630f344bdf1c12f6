/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/text/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/time_namespace.h"
#include "consumer/test_hook.h"

#define OFFSET_TOLERANCE_NS 50000

static int64_t namespace_offset;

void clock_start(void)
{
	namespace_offset = time_namespace_offset();
}

static int64_t read_clock(clockid_t id)
{
	struct timespec now;

	(void)clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000000LL + now.tv_nsec;
}

uint64_t clock_boot_ns(void)
{
	return (uint64_t)(read_clock(CLOCK_BOOTTIME) - namespace_offset);
}

uint64_t clock_monotonic_ns(void)
{
	return (uint64_t)read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME) + test_clock_shift();
}

int64_t clock_offset(int64_t previous)
{
	int64_t offset = clock_wall_ns() - (int64_t)clock_boot_ns();
	int64_t moved = offset - previous;

	return previous != 0 && moved < OFFSET_TOLERANCE_NS && moved > -OFFSET_TOLERANCE_NS ? previous : offset;
}

int64_t clock_to_wall(uint64_t boot_ns, int64_t offset)
{
	int64_t wall;

	if (boot_ns > INT64_MAX || __builtin_add_overflow((int64_t)boot_ns, offset, &wall) || wall < 0)
		return 0;
	return wall;
}

int clock_boot_id(char ret[CLOCK_BOOT_ID_SIZE])
{
	AUTO_CLOSE int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	char text[CLOCK_BOOT_ID_SIZE] = { 0 };

	if (fd < 0)
		return -errno;

	ssize_t length = read(fd, text, sizeof(text) - 1);

	if (length < 0)
		return -errno;
	text[strcspn(text, "\n")] = '\0';
	if (strlen(text) < 32)
		return -EBADMSG;
	(void)memcpy(ret, text, sizeof(text));
	return 0;
}
