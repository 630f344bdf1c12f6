/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers of all fuzz targets. A broken invariant aborts the program, also with NDEBUG. */
#ifndef CRI_TESTS_FUZZ_FUZZ_H
#define CRI_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer's entry; tests/fuzz/replay.c calls it for every file of the corpus. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_ASSERT(condition)                                                                        \
	do {                                                                                          \
		if (!(condition)) {                                                                   \
			(void)fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                      \
		}                                                                                     \
	} while (0)

/* No C0 and no DEL: no character moves the cursor or ends a line. */
static inline bool fuzz_is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;

	return true;
}

/* A copy of the input as text, so that the address sanitizer reports reads behind it. The caller frees it. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	FUZZ_ASSERT(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';

	return text;
}

#endif
