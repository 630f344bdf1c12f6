/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/text.h"

#include <string.h>

bool text_starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool text_ends_with(const char *s, const char *suffix)
{
	size_t length = strlen(s), end = strlen(suffix);

	return length >= end && memcmp(s + length - end, suffix, end) == 0;
}
