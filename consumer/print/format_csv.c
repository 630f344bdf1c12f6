/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * csv: RFC 4180 with a header line. Spreadsheets run a cell that begins like a formula, whether it is quoted or not; an
 * apostrophe in front makes it text. A text that begins with an apostrophe gets one as well, so that taking one away gives
 * every text back.
 */
#include <string.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "consumer/print/format.h"

static bool begins_like_formula(const char *text)
{
	/* The last four are the full-width forms of the four in front of them. TAB and CR are escaped already. */
	static const char *const starts[] = { "'",	      "=",	      "+",	      "-",	     "@",
					      "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0" };

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (text_starts_with(text, starts[i]))
			return true;
	return false;
}

/* Quoted when it must be; control characters are escaped before, so a field is one line. */
static void write_field(FILE *out, const char *text, size_t length, bool is_text)
{
	char small[1024];
	AUTO_FREE char *large = NULL;
	const char *escaped = format_escape(text, length, small, sizeof(small), &large);
	const char *mark = is_text && begins_like_formula(escaped) ? "'" : "";

	if (!strpbrk(escaped, ",;\" ")) {
		(void)fprintf(out, "%s%s", mark, escaped);
		return;
	}
	(void)fprintf(out, "\"%s", mark);
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
		write_field(print->buffer, column->name, strlen(column->name), true);
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
		write_field(print->buffer, text, length, row[index].kind == VALUE_TEXT);
	}
	(void)fputs("\r\n", print->buffer);
	return 0;
}

/* The header comes also when there is no row. */
static int flush(struct print *print, bool last)
{
	(void)last;
	write_header(print);
	return 0;
}

const struct format format_csv = { .row = write_row, .flush = flush };
