/* SPDX-License-Identifier: BSD-2-Clause */
/* csv: RFC 4180 with a header line. */
#include <string.h>

#include "common/cleanup.h"
#include "consumer/print/format.h"

/* Quoted when it must be; control characters are escaped before, so a field is one line. */
static void write_field(FILE *out, const char *text, size_t length)
{
	char small[1024];
	AUTO_FREE char *large = NULL;
	const char *escaped = format_escape(text, length, small, sizeof(small), &large);

	if (!strpbrk(escaped, ",\" ")) {
		(void)fputs(escaped, out);
		return;
	}
	(void)fputc('"', out);
	for (const char *at = escaped; *at; at++) {
		if (*at == '"')
			(void)fputc('"', out);
		(void)fputc(*at, out);
	}
	(void)fputc('"', out);
}

static void write_header(struct print *print)
{
	if (print->has_header || print->options.no_legend)
		return;
	print->has_header = true;
	for (size_t i = 0; i < print->list.count; i++) {
		const struct column *column = &print->table->columns[print->list.index[i]];

		(void)fputs(i ? "," : "", print->buffer);
		write_field(print->buffer, column->name, strlen(column->name));
	}
	(void)fputs("\r\n", print->buffer);
}

static int write_row(struct print *print, const struct value *row, const char *color)
{
	(void)color;
	write_header(print);
	for (size_t i = 0; i < print->list.count; i++) {
		char small[64];
		const char *text;
		unsigned int index = print->list.index[i];
		size_t length = column_plain(&print->table->columns[index], &row[index], small, sizeof(small), &text);

		(void)fputs(i ? "," : "", print->buffer);
		write_field(print->buffer, text, length);
	}
	(void)fputs("\r\n", print->buffer);
	return 0;
}

const struct format format_csv = { .row = write_row };
