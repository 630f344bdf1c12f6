/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers for unit tests on top of cmocka: checks that print the row of a table they failed in, and files to read and
 * write. Include it instead of cmocka.h.
 */
#ifndef CRI_TESTS_HARNESS_H
#define CRI_TESTS_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"

/* row: text that identifies the row, usually its input. A failed check also prints the expression and its values. */
#define row_check(row, condition)                                      \
	do {                                                           \
		if (!(condition))                                      \
			fail_msg("row \"%s\": %s", (row), #condition); \
	} while (0)

#define row_equal(row, got, want)  row_equal_(row, (long long)(got), (long long)(want), #got, __FILE__, __LINE__)
#define row_string(row, got, want) row_string_(row, got, want, #got, __FILE__, __LINE__)

static inline void row_equal_(const char *row, long long got, long long want, const char *expression, const char *file,
			      int line)
{
	if (got == want)
		return;

	print_error("row \"%s\": %s is %lld, must be %lld\n", row, expression, got, want);
	_fail(file, line);
}

/* Either string may be NULL. */
static inline void row_string_(const char *row, const char *got, const char *want, const char *expression,
			       const char *file, int line)
{
	if (got == want || (got && want && strcmp(got, want) == 0))
		return;

	print_error("row \"%s\": %s is \"%s\", must be \"%s\"\n", row, expression, got ? got : "(null)",
		    want ? want : "(null)");
	_fail(file, line);
}

/* Opens a data file of the tests in $CRI_TEST_DATA, by default tests/unit. Fails the test when it cannot. */
static inline FILE *harness_open_data(const char *name)
{
	const char *dir = getenv("CRI_TEST_DATA");
	char path[4096];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", dir ? dir : "tests/unit", name);
	file = fopen(path, "re");
	if (!file)
		fail_msg("cannot open %s: set CRI_TEST_DATA to the folder of the test data", path);

	return file;
}

/* Makes an empty directory below $TMPDIR or /tmp and stores its path; size is at least 64. */
static inline void harness_make_dir(char *path, size_t size)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(path, size, "%s/cri-ebpf-test-XXXXXX", tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	if (!mkdtemp(path))
		fail_msg("cannot make %s", path);
}

/* Writes length bytes to the file dir/name, replacing its content, and stores its path. */
static inline void harness_write_file(char *path, size_t size, const char *dir, const char *name, const void *bytes,
				      size_t length)
{
	AUTO_FCLOSE FILE *file = NULL;

	(void)snprintf(path, size, "%s/%s", dir, name);
	file = fopen(path, "we");
	if (!file || fwrite(bytes, 1, length, file) != length || fflush(file) != 0)
		fail_msg("cannot write %s", path);
}

#endif
