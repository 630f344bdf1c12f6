/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a test build does at the places that consumer/test_hook.h names, by the environment:
 *   CRI_TEST_DIE=POINT[:N]   dies as of kill -9 at the N-th time it comes by POINT (default: the first)
 *   CRI_TEST_TRY=WHAT        tries what an intruder would: intruder.c
 *   CRI_TEST_NO_SANDBOX=1    no sandbox is entered, so that valgrind can look at it
 *   CRI_TEST_LOG_WARN=BYTES  in place of the size from which the log is too large
 *   CRI_TEST_SHARE_DELAY=NS  in place of how long readers are kept from the second new index
 *   CRI_TEST_CLOCK=FILE      holds how many seconds the wall clock is wrong; read at every look at the clock
 */
#include "consumer/test_hook.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/hooks/intruder.h"

/* What a shell says of a kill -9. The sandbox lets no signal out; this call leaves as suddenly. */
#define STATUS_KILLED 137

static void die_at(const char *point)
{
	static unsigned long passed;
	const char *wanted = getenv("CRI_TEST_DIE");
	size_t length = strlen(point);

	if (!wanted || strncmp(wanted, point, length) != 0 || (wanted[length] != '\0' && wanted[length] != ':'))
		return;
	if (++passed >= (wanted[length] == ':' ? strtoul(wanted + length + 1, NULL, 10) : 1))
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
