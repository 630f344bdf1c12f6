/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Named points where a test build (make DEFINES=-DCRI_TEST_HOOKS) lets a test intervene: end the process there, or try
 * what an intruder would. The functions are in tests/hooks/; in other builds they compile to nothing.
 */
#ifndef CRI_CONSUMER_TEST_HOOK_H
#define CRI_CONSUMER_TEST_HOOK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef CRI_TEST_HOOKS
/* point: its name, as the test gives it in the environment. */
void test_hook(const char *point);
/* True when the program runs under a tool that needs system calls outside the sandbox. */
bool test_without_sandbox(void);
/* The number that a test has set in the environment variable `name`; else `otherwise`. */
uint64_t test_number(const char *name, uint64_t otherwise);
/* Nanoseconds that a test adds to the wall clock. */
int64_t test_clock_shift(void);
#else
static inline void test_hook(const char *point)
{
	(void)point;
}

/* The run-time libraries of the sanitizers need other system calls. */
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
