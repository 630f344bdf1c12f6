/* SPDX-License-Identifier: BSD-2-Clause */
/* export: a line NAME=value for each value that is known, an empty line after each row. */
#include <ctype.h>

#include "common/cleanup.h"
#include "consumer/print/format.h"

static void write_name(FILE *out, const char *name)
{
	for (; *name; name++)
		(void)fputc(isalnum((unsigned char)*name) ? toupper((unsigned char)*name) : '_', out);
}

static int write_row(struct print *print, const struct value *row, const char *color)
{
	(void)color;
	for (size_t i = 0; i < print->list.count; i++) {
		const struct column *column = &print->table->columns[print->list.index[i]];
		char small[64], room[1024];
		AUTO_FREE char *large = NULL;
		const char *text;
		size_t length = column_plain(column, &row[print->list.index[i]], small, sizeof(small), &text);

		if (!length)
			continue;
		write_name(print->buffer, column->name);
		(void)fprintf(print->buffer, "=%s\n", format_escape(text, length, room, sizeof(room), &large));
	}
	(void)fputc('\n', print->buffer);
	return 0;
}

const struct format format_export = { .row = write_row };
