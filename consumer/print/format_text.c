/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * short and wide: a table whose columns are as wide as their widest cell, drawn by libsmartcols when its rows are
 * known. A stream is written line by line, with the widths of the column table.
 */
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "consumer/print/format.h"

#define TABLE_ROWS 5000 /* a longer table is drawn in pieces, so that memory stays bounded */
#define BOLD	   "\033[1m"
#define RESET	   "\033[0m"

struct table {
	struct libscols_table *lines;
	size_t count; /* of lines not yet drawn */
};

static void write_cell(const struct print *print, size_t n, const struct value *row, char *out, size_t size)
{
	unsigned int index = print->list.index[n];

	column_format(&print->style, &print->table->columns[index], row, &row[index], out, size);
}

/* ------------------------------------------------------------------ a stream */

/* Columns of a terminal; the text is already free of control characters. */
static int display_width(const char *text)
{
	wchar_t wide[COLUMN_TEXT_MAX];
	size_t length = mbstowcs(wide, text, COLUMN_TEXT_MAX);
	int width = length == (size_t)-1 ? -1 : wcswidth(wide, length);

	return width < 0 ? (int)strlen(text) : width;
}

static void write_padded(FILE *out, const struct column *column, const char *text, bool is_last)
{
	int pad = column->width - display_width(text);

	if (pad < 0)
		pad = 0;
	if (column->flags & COLUMN_RIGHT)
		(void)fprintf(out, "%*s%s", pad, "", text);
	else
		(void)fprintf(out, "%s%*s", text, is_last ? 0 : pad, "");
	(void)fputc(is_last ? '\n' : ' ', out);
}

static void write_header(struct print *print)
{
	char header[64];

	if (print->has_header || print->options.no_legend)
		return;
	print->has_header = true;
	for (size_t i = 0; i < print->list.count; i++) {
		const struct column *column = &print->table->columns[print->list.index[i]];

		column_header(column, header, sizeof(header));
		write_padded(print->buffer, column, header, i + 1 == print->list.count);
	}
}

static int write_line(struct print *print, const struct value *row, const char *color)
{
	char cell[COLUMN_TEXT_MAX];

	write_header(print);
	if (color && print->target.color)
		(void)fputs(color, print->buffer);
	for (size_t i = 0; i < print->list.count; i++) {
		bool is_last = i + 1 == print->list.count;

		write_cell(print, i, row, cell, sizeof(cell));
		if (is_last && color && print->target.color)
			(void)strncat(cell, RESET, sizeof(cell) - strlen(cell) - 1);
		write_padded(print->buffer, &print->table->columns[print->list.index[i]], cell, is_last);
	}
	return 0;
}

/* ------------------------------------------------------------------ a table */

static int add_column(const struct print *print, struct libscols_table *lines, const struct column *column)
{
	int flags = column->flags & COLUMN_RIGHT ? SCOLS_FL_RIGHT : 0;
	struct libscols_column *made;
	char header[64];

	if ((column->flags & COLUMN_TRUNC) && print->target.width && !print->options.no_trunc)
		flags |= SCOLS_FL_TRUNC;
	column_header(column, header, sizeof(header));
	made = scols_table_new_column(lines, header, 0, flags);
	if (!made)
		return -ENOMEM;
	if (print->target.color)
		(void)scols_cell_set_color(scols_column_get_header(made), BOLD);
	return 0;
}

static int open_table(struct print *print)
{
	struct table *table;
	int r = 0;

	if (print->target.stream)
		return 0;
	table = print->state = calloc(1, sizeof(*table));
	if (!table)
		return -ENOMEM;
	table->lines = scols_new_table();
	if (!table->lines)
		return -ENOMEM;
	/* Cells are escaped already; libsmartcols would escape their backslashes again. */
	(void)scols_table_enable_noencoding(table->lines, 1);
	(void)scols_table_enable_noheadings(table->lines, print->options.no_legend);
	(void)scols_table_enable_colors(table->lines, print->target.color);
	(void)scols_table_set_termforce(table->lines,
					print->target.width ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	if (print->target.width)
		(void)scols_table_set_termwidth(table->lines, print->target.width);
	(void)scols_table_set_stream(table->lines, print->buffer);
	for (size_t i = 0; r == 0 && i < print->list.count; i++)
		r = add_column(print, table->lines, &print->table->columns[print->list.index[i]]);
	return r;
}

/* Every byte that is not ASCII as an escape. */
static void escape_bytes(char *text, size_t size)
{
	char escaped[COLUMN_TEXT_MAX];
	size_t used = 0;

	for (const char *at = text; *at && used + sizeof("\\xff") <= sizeof(escaped); at++)
		used += (size_t)sprintf(escaped + used, (*at & 0x80) ? "\\x%02x" : "%c", (unsigned char)*at);
	escaped[used] = '\0';
	(void)snprintf(text, size, "%s", escaped);
}

static int add_line(struct print *print, const struct value *row, const char *color)
{
	struct table *table = print->state;
	struct libscols_line *line = scols_table_new_line(table->lines, NULL);
	char cell[COLUMN_TEXT_MAX];
	int r = 0;

	if (!line)
		return -ENOMEM;
	table->count++;
	for (size_t i = 0; i < print->list.count; i++) {
		write_cell(print, i, row, cell, sizeof(cell));
		/* Without UTF-8 such a byte has no width, on which libsmartcols loops for ever. */
		if (MB_CUR_MAX == 1)
			escape_bytes(cell, sizeof(cell));
		if (scols_line_set_data(line, i, cell) != 0)
			r = -ENOMEM;
	}
	if (color && print->target.color)
		(void)scols_line_set_color(line, color);
	return r;
}

/* The next piece has no header. */
static int draw(struct table *table)
{
	int r = scols_print_table(table->lines) == 0 ? 0 : -ENOMEM;

	scols_table_remove_lines(table->lines);
	(void)scols_table_enable_noheadings(table->lines, 1);
	table->count = 0;
	return r;
}

/* ------------------------------------------------------------------ the format */

static int write_row(struct print *print, const struct value *row, const char *color)
{
	return print->state ? add_line(print, row, color) : write_line(print, row, color);
}

static int flush(struct print *print, bool last)
{
	struct table *table = print->state;

	return table && table->count && (last || table->count >= TABLE_ROWS) ? draw(table) : 0;
}

static void close_table(struct print *print)
{
	struct table *table = print->state;

	if (table)
		scols_unref_table(table->lines);
	free(table);
}

const struct format format_short = { PRINT_TEXT, open_table, write_row, flush, close_table };
const struct format format_wide = { PRINT_TEXT | PRINT_WIDE, open_table, write_row, flush, close_table };
