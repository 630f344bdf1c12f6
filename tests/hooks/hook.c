/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a test build does at the places that consumer/test_hook.h names, by the environment:
 *   CRI_TEST_DIE=POINT[:N]   dies as of kill -9 at the N-th time it comes by POINT (default: the first)
 *   CRI_TEST_TRY=WHAT        tries what an intruder would: intruder.c
 *   CRI_TEST_NO_SANDBOX=1    no sandbox is entered, so that valgrind can look at it
 */
#include "consumer/test_hook.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a shell says of a kill -9. The sandbox lets no signal out; this call leaves as suddenly. */
#define STATUS_KILLED 137

#include "tests/hooks/intruder.h"

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
