/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a test build does at the points of consumer/test_hook.h, controlled by the environment:
 *   CRI_TEST_DIE=POINT[:N]   ends as by kill -9 when it reaches POINT for the N-th time (default: the first)
 *   CRI_TEST_TRY=WHAT        tries what an intruder would: intruder.c
 *   CRI_TEST_NO_SANDBOX=1    enters no sandbox, so that valgrind can run the program
 *   CRI_TEST_WAL_WARN=BYTES  the size of the WAL above which a warning is logged
 *   CRI_TEST_SHARE_DELAY=NS  the first delay before readers may open a new wal-index
 *   CRI_TEST_UPKEEP_DELAY=NS the time from the start to the first upkeep of the database
 *   CRI_TEST_STANDSTILL=NS   the time without an end of a process after which counters stand still
 *   CRI_TEST_CLOCK=FILE      holds seconds to add to the wall clock; read whenever the clock is read
 */
#include "consumer/test_hook.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/hooks/intruder.h"

/* The exit status that a shell gives for kill -9. The sandbox allows no kill(2); _exit(2) ends as abruptly. */
#define STATUS_KILLED 137

static void die_at(const char *point)
{
	static unsigned long reached;
	const char *wanted = getenv("CRI_TEST_DIE");
	size_t length = strlen(point);

	if (!wanted || strncmp(wanted, point, length) != 0 || (wanted[length] != '\0' && wanted[length] != ':'))
		return;
	if (++reached >= (wanted[length] == ':' ? strtoul(wanted + length + 1, NULL, 10) : 1))
		_exit(STATUS_KILLED);
}

void test_hook(const char *point)
{
	die_at(point);
	intrude_at(point);
}

bool test_without_sandbox(void)
{
	return getenv("CRI_TEST_NO_SANDBOX") != NULL;
}

uint64_t test_number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

int64_t test_clock_shift(void)
{
	const char *path = getenv("CRI_TEST_CLOCK");
	AUTO_CLOSE int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char text[32] = "";

	return fd < 0 || read(fd, text, sizeof(text) - 1) <= 0 ? 0 : strtoll(text, NULL, 10) * 1000000000LL;
}
