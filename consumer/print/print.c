/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/print/print.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "consumer/print/format.h"

const struct option_row print_rows[] = {
	{ "output", 'o', OPTION_CHOICE, offsetof(struct print_options, format), .choices = format_names,
	  .argument = "FORMAT" },
	{ "json", 0, OPTION_FLAG, offsetof(struct print_options, json), .help = "one JSON object per line (-o json)" },
	{ "fields", 'F', OPTION_STRING, offsetof(struct print_options, fields),
	  .size = sizeof(((struct print_options *)0)->fields), .argument = "NAME,...",
	  .help = "only these fields, in this order" },
	{ "no-legend", 0, OPTION_FLAG, offsetof(struct print_options, no_legend), .help = "no header line" },
	{ "no-trunc", 'l', OPTION_FLAG, offsetof(struct print_options, no_trunc), .help = "cut neither ids nor lines" },
	{ "utc", 0, OPTION_FLAG, offsetof(struct print_options, utc), .help = "times in UTC, not the local zone" },
	{ .name = NULL },
};

static const struct format *format_of(const struct print_options *options)
{
	return options->json ? &format_json : format_at(options->format);
}

unsigned int print_kind_of(const struct print_options *options)
{
	return format_of(options)->kind;
}

bool print_is_text(const struct print_options *options)
{
	return print_kind_of(options) & PRINT_TEXT;
}

uint64_t print_count(const struct print *print)
{
	return print->count;
}

static int choose_columns(struct print *print, char *message, size_t size)
{
	bool text = print->format->kind & PRINT_TEXT;
	const struct column_table *table = print->table;

	print->chosen = print->options.fields[0];
	if (print->chosen)
		return column_list_parse(table, print->options.fields, text, &print->list, message, size);
	if (text)
		return column_list_parse(table, print->format->kind & PRINT_WIDE ? table->view_wide : table->view_short,
					 true, &print->list, message, size);
	column_list_all(table, &print->list);
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
	print->format = format_of(options);
	print->options = *options;
	print->table = table;
	print->target = *target;
	print->style = (struct column_style){ options->utc, options->no_trunc, target->boot_id ? target->boot_id : "" };
	print->buffer = open_memstream(&print->text, &print->length);
	if (!print->buffer)
		return -ENOMEM;
	r = choose_columns(print, message, message_size);
	if (r == 0 && print->format->open)
		r = print->format->open(print);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(print);
	return 0;
}

void print_close(struct print *print)
{
	if (!print)
		return;
	if (print->format->close)
		print->format->close(print);
	if (print->buffer)
		(void)fclose(print->buffer);
	free(print->text);
	free(print);
}

void print_cleanup(struct print **print)
{
	print_close(*print);
}

int print_row(struct print *print, const struct value *row, const char *color)
{
	int r = print->format->row(print, row, color);

	if (r < 0)
		print->error = r;
	print->count++;
	return print->error;
}

static int flush(struct print *print, bool last)
{
	int r = print->format->flush ? print->format->flush(print, last) : 0;

	if (r < 0)
		print->error = r;
	errno = 0;
	if (fflush(print->buffer) != 0)
		return -ENOMEM;
	if (print->length)
		(void)fwrite(print->text, 1, print->length, print->target.out);
	(void)fseeko(print->buffer, 0, SEEK_SET);
	/* The stream's error flag stays set, but errno has the reason only the first time. */
	if ((fflush(print->target.out) != 0 || ferror(print->target.out)) && !print->error)
		print->error = errno ? -errno : -EIO;
	return print->error;
}

int print_flush(struct print *print)
{
	return flush(print, false);
}

int print_finish(struct print *print)
{
	return flush(print, true);
}
