/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/print/print.h"

#include <ctype.h>
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "consumer/print/print_json.h"

#define TABLE_ROWS 5000 /* a longer table is printed in pieces, so that memory stays bounded */
#define BOLD	   "\033[1m"
#define RESET	   "\033[0m"

static const char *const format_names[] = { "short", "wide", "json", "json-pretty", "csv", "export", NULL };

const struct option_row print_rows[] = {
	{ "output", 'o', OPTION_CHOICE, offsetof(struct print_options, format), .choices = format_names,
	  .argument = "FORMAT", .help = "short, wide, json, json-pretty, csv or export" },
	{ "json", 0, OPTION_FLAG, offsetof(struct print_options, json), .help = "one JSON object per line (-o json)" },
	{ "fields", 'F', OPTION_STRING, offsetof(struct print_options, fields),
	  .size = sizeof(((struct print_options *)0)->fields), .argument = "NAME,...",
	  .help = "only these fields, in this order" },
	{ "no-legend", 0, OPTION_FLAG, offsetof(struct print_options, no_legend), .help = "no header line" },
	{ "no-trunc", 'l', OPTION_FLAG, offsetof(struct print_options, no_trunc), .help = "cut neither ids nor lines" },
	{ "utc", 0, OPTION_FLAG, offsetof(struct print_options, utc), .help = "times in UTC, not the local zone" },
	{ .name = NULL },
};

struct print {
	struct print_options options;
	enum print_format format;
	const struct column_table *table;
	struct print_target target;
	struct column_style style;
	struct column_list list;
	bool chosen; /* by -F */
	bool has_header;
	uint64_t count;
	FILE *buffer; /* over text: what is ready to be written */
	char *text;
	size_t length;
	struct libscols_table *lines; /* PRINT_SHORT and PRINT_WIDE unless streaming */
	size_t line_count;
	int error;
};

typedef void row_printer(struct print *print, const struct value *row, const char *color);

enum print_format print_format_of(const struct print_options *options)
{
	return options->json ? PRINT_JSON : (enum print_format)options->format;
}

bool print_is_text(const struct print_options *options)
{
	enum print_format format = print_format_of(options);

	return format == PRINT_SHORT || format == PRINT_WIDE;
}

uint64_t print_count(const struct print *print)
{
	return print->count;
}

/* ------------------------------------------------------------------ text */

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

static void text_cell(const struct print *print, size_t n, const struct value *row, char *out, size_t size)
{
	unsigned int index = print->list.index[n];

	column_format(&print->style, &print->table->columns[index], row, &row[index], out, size);
}

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

static void stream_header(struct print *print)
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

static void print_row_stream(struct print *print, const struct value *row, const char *color)
{
	char cell[COLUMN_TEXT_MAX];

	stream_header(print);
	if (color && print->target.color)
		(void)fputs(color, print->buffer);
	for (size_t i = 0; i < print->list.count; i++) {
		bool is_last = i + 1 == print->list.count;

		text_cell(print, i, row, cell, sizeof(cell));
		if (is_last && color && print->target.color)
			(void)strncat(cell, RESET, sizeof(cell) - strlen(cell) - 1);
		write_padded(print->buffer, &print->table->columns[print->list.index[i]], cell, is_last);
	}
}

static int open_lines(struct print *print)
{
	int flags = 0;

	print->lines = scols_new_table();
	if (!print->lines)
		return -ENOMEM;
	/* Our own escapes are complete; a second pass would escape their backslashes. */
	(void)scols_table_enable_noencoding(print->lines, 1);
	(void)scols_table_enable_noheadings(print->lines, print->options.no_legend);
	(void)scols_table_enable_colors(print->lines, print->target.color);
	(void)scols_table_set_termforce(print->lines,
					print->target.width ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	if (print->target.width)
		(void)scols_table_set_termwidth(print->lines, print->target.width);

	for (size_t i = 0; i < print->list.count; i++) {
		const struct column *column = &print->table->columns[print->list.index[i]];
		struct libscols_column *made;
		char header[64];

		flags = column->flags & COLUMN_RIGHT ? SCOLS_FL_RIGHT : 0;
		if ((column->flags & COLUMN_TRUNC) && print->target.width && !print->options.no_trunc)
			flags |= SCOLS_FL_TRUNC;
		column_header(column, header, sizeof(header));
		made = scols_table_new_column(print->lines, header, 0, flags);
		if (!made)
			return -ENOMEM;
		if (print->target.color)
			(void)scols_cell_set_color(scols_column_get_header(made), BOLD);
	}
	return 0;
}

static void print_row_lines(struct print *print, const struct value *row, const char *color)
{
	struct libscols_line *line = scols_table_new_line(print->lines, NULL);
	char cell[COLUMN_TEXT_MAX];

	if (!line) {
		print->error = -ENOMEM;
		return;
	}
	print->line_count++;
	for (size_t i = 0; i < print->list.count; i++) {
		text_cell(print, i, row, cell, sizeof(cell));
		/* In a locale without UTF-8 other bytes have no width, and libsmartcols never comes to their end. */
		if (MB_CUR_MAX == 1)
			escape_bytes(cell, sizeof(cell));
		if (scols_line_set_data(line, i, cell) != 0)
			print->error = -ENOMEM;
	}
	if (color && print->target.color)
		(void)scols_line_set_color(line, color);
}

/* Prints the lines gathered; the next piece has no header. */
static void flush_lines(struct print *print)
{
	if (!print->lines || !print->line_count)
		return;
	(void)scols_table_set_stream(print->lines, print->target.out);
	if (scols_print_table(print->lines) != 0 && !ferror(print->target.out))
		print->error = -ENOMEM;
	scols_table_remove_lines(print->lines);
	(void)scols_table_enable_noheadings(print->lines, 1);
	print->line_count = 0;
}

/* ------------------------------------------------------------------ formats for programs */

static void print_row_json(struct print *print, const struct value *row, const char *color)
{
	(void)color;
	print_json_row(print->buffer, print->format == PRINT_PRETTY, print->table, print->chosen ? &print->list : NULL,
		       row);
}

/* Escaped text of any length: in small when it fits, else allocated; *large frees it. */
static const char *escape_any(const char *text, size_t length, char *small, size_t size, char **large)
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

/* Quoted when it must be; control characters are escaped before, so a field is one line. */
static void write_csv_field(FILE *out, const char *text, size_t length)
{
	char small[1024];
	AUTO_FREE char *large = NULL;
	const char *escaped = escape_any(text, length, small, sizeof(small), &large);

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

static void csv_header(struct print *print)
{
	if (print->has_header || print->options.no_legend)
		return;
	print->has_header = true;
	for (size_t i = 0; i < print->list.count; i++) {
		const struct column *column = &print->table->columns[print->list.index[i]];
		(void)fputs(i ? "," : "", print->buffer);
		write_csv_field(print->buffer, column->name, strlen(column->name));
	}
	(void)fputs("\r\n", print->buffer);
}

static void print_row_csv(struct print *print, const struct value *row, const char *color)
{
	(void)color;
	csv_header(print);
	for (size_t i = 0; i < print->list.count; i++) {
		char small[64];
		const char *text;
		unsigned int index = print->list.index[i];
		size_t length = column_plain(&print->table->columns[index], &row[index], small, sizeof(small), &text);

		(void)fputs(i ? "," : "", print->buffer);
		write_csv_field(print->buffer, text, length);
	}
	(void)fputs("\r\n", print->buffer);
}

static void write_export_name(FILE *out, const char *name)
{
	for (; *name; name++)
		(void)fputc(isalnum((unsigned char)*name) ? toupper((unsigned char)*name) : '_', out);
}

static void print_row_export(struct print *print, const struct value *row, const char *color)
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
		write_export_name(print->buffer, column->name);
		(void)fprintf(print->buffer, "=%s\n", escape_any(text, length, room, sizeof(room), &large));
	}
	(void)fputc('\n', print->buffer);
}

static row_printer *const printers[] = {
	[PRINT_SHORT] = print_row_lines, [PRINT_WIDE] = print_row_lines, [PRINT_JSON] = print_row_json,
	[PRINT_PRETTY] = print_row_json, [PRINT_CSV] = print_row_csv,	 [PRINT_EXPORT] = print_row_export,
};

/* ------------------------------------------------------------------ the printer */

static int choose_columns(struct print *print, char *message, size_t size)
{
	const char *view = print->format == PRINT_WIDE ? print->table->view_wide : print->table->view_short;

	print->chosen = print->options.fields[0];
	if (print->chosen)
		return column_list_parse(print->table, print->options.fields, print_is_text(&print->options),
					 &print->list, message, size);
	if (print_is_text(&print->options))
		return column_list_parse(print->table, view, true, &print->list, message, size);
	column_list_all(print->table, &print->list);
	return 0;
}

int print_open(const struct print_options *options, const struct column_table *table, const struct print_target *target,
	       struct print **ret, char *message, size_t message_size)
{
	CLEANUP(print_cleanup) struct print *print = calloc(1, sizeof(*print));
	int r;

	(void)snprintf(message, message_size, "out of memory");
	if (!print)
		return -ENOMEM;
	print->options = *options;
	print->format = print_format_of(options);
	print->table = table;
	print->target = *target;
	print->style = (struct column_style){ options->utc, options->no_trunc, target->boot_id ? target->boot_id : "" };
	print->buffer = open_memstream(&print->text, &print->length);
	if (!print->buffer)
		return -ENOMEM;
	r = choose_columns(print, message, message_size);
	if (r == 0 && print_is_text(options) && !target->stream)
		r = open_lines(print);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(print);
	return 0;
}

void print_close(struct print *print)
{
	if (!print)
		return;
	if (print->buffer)
		(void)fclose(print->buffer);
	free(print->text);
	scols_unref_table(print->lines);
	free(print);
}

void print_cleanup(struct print **print)
{
	print_close(*print);
}

int print_row(struct print *print, const struct value *row, const char *color)
{
	if (print_is_text(&print->options) && !print->lines)
		print_row_stream(print, row, color);
	else
		printers[print->format](print, row, color);
	print->count++;
	return print->error;
}

static int flush_buffer(struct print *print)
{
	errno = 0;
	if (fflush(print->buffer) != 0)
		return -ENOMEM;
	if (print->length)
		(void)fwrite(print->text, 1, print->length, print->target.out);
	(void)fseeko(print->buffer, 0, SEEK_SET);
	/* The stream remembers that it failed, but only the first time why. */
	if ((fflush(print->target.out) != 0 || ferror(print->target.out)) && !print->error)
		print->error = errno ? -errno : -EIO;
	return print->error;
}

int print_flush(struct print *print)
{
	if (print->line_count >= TABLE_ROWS)
		flush_lines(print);
	return flush_buffer(print);
}

int print_finish(struct print *print)
{
	flush_lines(print);
	return flush_buffer(print);
}

void print_card(FILE *out, const struct column_table *table, const struct column_style *style, const struct value *row)
{
	char text[COLUMN_TEXT_MAX];

	for (size_t i = 0; i < table->count; i++) {
		const struct column *column = &table->columns[i];
		bool is_json_only =
			column->name && (strcmp(column->name, "v") == 0 || strstr(column->name, "unix_nano"));

		if (!column->name || is_json_only || !column_applies(table, column, row))
			continue;
		column_format(style, column, row, &row[i], text, sizeof(text));
		(void)fprintf(out, "%22s: %s", column->name, text);
		if (column->type == COLUMN_BYTES && row[i].kind == VALUE_INT && row[i].number >= 1024)
			(void)fprintf(out, " (%lld)", (long long)row[i].number);
		(void)fputc('\n', out);
	}
}
