/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/print/format.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/text.h"

#define NAME(word, format)    word,
#define ADDRESS(word, format) &(format),

const char *const format_names[] = { FORMATS(NAME) NULL };
static const struct format *const formats[] = { FORMATS(ADDRESS) };

const struct format *format_at(uint64_t index)
{
	return formats[index < ARRAY_SIZE(formats) ? index : 0];
}

uint64_t format_index(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (strcmp(format_names[i], name) == 0)
			return i;
	return 0;
}

const char *format_escape(const char *text, size_t length, char *small, size_t size, char **large)
{
	size_t need = text_escape(small, size, text, length);

	if (need < size)
		return small;
	*large = malloc(need + 1);
	if (!*large)
		return small;
	(void)text_escape(*large, need + 1, text, length);
	return *large;
}
