/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/option.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/text.h"

#define NAME_MAX_COMPARED 48 /* longest name for which an edit distance is computed */

static char dashed(char c)
{
	return c == '_' ? '-' : c;
}

/* The Levenshtein distance, computed with one row of its table. A name that is too long is far away. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_COMPARED + 1], a_length = strlen(a), b_length = strlen(b);

	if (a_length > NAME_MAX_COMPARED || b_length > NAME_MAX_COMPARED)
		return NAME_MAX_COMPARED;

	for (size_t j = 0; j <= b_length; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t best = diagonal + (dashed(a[i - 1]) != dashed(b[j - 1]));

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}

	return row[b_length];
}

const struct option_row *option_nearest_below(const struct option_row *rows, const char *name, size_t *distance)
{
	const struct option_row *nearest = NULL;

	for (; rows->name; rows++) {
		size_t d = edit_distance(rows->name, name);

		/* Two edits turn any word of two letters into any other. */
		if (d < *distance && d < strlen(rows->name)) {
			*distance = d;
			nearest = rows;
		}
	}

	return nearest;
}

const struct option_row *option_nearest(const struct option_row *rows, const char *name)
{
	size_t distance = OPTION_NEAREST_DISTANCE;

	return option_nearest_below(rows, name, &distance);
}

void option_format_flag(char *out, size_t size, const struct option_row *row)
{
	size_t i;

	(void)snprintf(out, size, "--%s", row->name);
	for (i = 0; out[i]; i++)
		out[i] = dashed(out[i]);
}
