/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Places where a test build (make DEFINES=-DCRI_TEST_HOOKS) lets a test step in: to die there, or to try what an
 * intruder would. What steps in is in tests/hooks/; the programs that are installed hold no trace of it.
 */
#ifndef CRI_CONSUMER_TEST_HOOK_H
#define CRI_CONSUMER_TEST_HOOK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef CRI_TEST_HOOKS
/* point: the name of the place, as the test gives it. */
void test_hook(const char *point);
/* Whether this program is looked at with tools that no sandbox lets live. */
bool test_without_sandbox(void);
/* A number that a test sets in the environment; else `otherwise`. */
uint64_t test_number(const char *name, uint64_t otherwise);
/* What a test adds to the wall clock, in nanoseconds. */
int64_t test_clock_shift(void);
#else
static inline void test_hook(const char *point)
{
	(void)point;
}

/* The sanitizers' run time asks for calls of its own. */
static inline bool test_without_sandbox(void)
{
#ifdef CRI_SANITIZED
	return true;
#else
	return false;
#endif
}

static inline uint64_t test_number(const char *name, uint64_t otherwise)
{
	(void)name;
	return otherwise;
}

static inline int64_t test_clock_shift(void)
{
	return 0;
}
#endif

#endif
