/* SPDX-License-Identifier: BSD-2-Clause */
/* Printing option rows: help for people, and lines for the generators of completion and manual pages. */
#include <string.h>

#include "common/cleanup.h"
#include "common/option.h"

#define USAGE_MAX   128
#define DEFAULT_MAX 4096
#define HELP_MAX    512

/* "-S, --since TIME", "    --pod POD" */
static size_t format_usage(char *out, size_t size, const struct option_row *row)
{
	char flag[64];
	int length;

	option_format_flag(flag, sizeof(flag), row);
	length = snprintf(out, size, "%c%c%c %s%s%s", row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
			  row->letter ? ',' : ' ', flag, row->argument ? " " : "", row->argument ? row->argument : "");

	return length < 0 ? 0 : (size_t)length;
}

/* A choice without help of its own is described by its words. */
static void format_help(char *out, size_t size, const struct option_row *row)
{
	if (!row->help && row->type == OPTION_CHOICE)
		option_describe(row, out, size);
	else
		(void)snprintf(out, size, "%s", row->help ? row->help : "");
}

static void print_help_row(FILE *out, const struct option_group *group, const struct option_row *row, int width)
{
	char usage[USAGE_MAX], help[HELP_MAX], value[DEFAULT_MAX] = "";

	(void)format_usage(usage, sizeof(usage), row);
	format_help(help, sizeof(help), row);
	if (row->shows_default)
		option_format_value(row, group->target, value, sizeof(value));
	(void)fprintf(out, "  %-*s  %s%s%s%s\n", width, usage, help, value[0] ? " (default " : "",
		      value, value[0] ? ")" : "");
}

void option_print_help(FILE *out, const struct option_group *groups)
{
	char usage[USAGE_MAX];
	size_t width = 0, length;

	for (const struct option_group *group = groups; group->rows; group++)
		for (const struct option_row *row = group->rows; row->name; row++) {
			length = format_usage(usage, sizeof(usage), row);
			width = length > width ? length : width;
		}

	for (const struct option_group *group = groups; group->rows; group++) {
		if (group->title)
			(void)fprintf(out, "%s%s:\n", group == groups ? "" : "\n", group->title);
		for (const struct option_row *row = group->rows; row->name; row++)
			print_help_row(out, group, row, (int)width);
	}
}

void option_print_field(FILE *out, const char *text)
{
	(void)fputc('\t', out);
	if (!text || !text[0])
		text = "-";
	for (; *text; text++)
		(void)fputc(*text == '\t' || *text == '\n' ? ' ' : *text, out);
}

static void print_flags(FILE *out, const struct option_row *row)
{
	char flag[64];

	option_format_flag(flag, sizeof(flag), row);
	if (row->letter)
		(void)fprintf(out, "\t-%c,%s", row->letter, flag);
	else
		option_print_field(out, flag);
}

static void print_words(FILE *out, const char *const *words)
{
	for (const char *const *word = words; *word; word++)
		(void)fprintf(out, "%c%s", word == words ? '\t' : ',', *word);
}

/* What completes the value. */
static void print_completion(FILE *out, const struct option_row *row)
{
	static const char *const yes_no[] = { "yes", "no", NULL };
	const char *argument = row->argument ? row->argument : "";

	if (!option_takes_value(row) || argument[0] == '[')
		option_print_field(out, "-");
	else if (row->choices)
		print_words(out, row->choices);
	else if (row->type == OPTION_BOOL)
		print_words(out, yes_no);
	else if (strcmp(argument, "FILE") == 0 || strcmp(argument, "DIR") == 0)
		option_print_field(out, argument);
	else
		option_print_field(out, "=");
}

void option_print_row(FILE *out, const struct option_group *group, const struct option_row *row)
{
	char allowed[256], help[HELP_MAX], value[DEFAULT_MAX] = "";

	option_describe(row, allowed, sizeof(allowed));
	format_help(help, sizeof(help), row);
	if (row->shows_default)
		option_format_value(row, group->target, value, sizeof(value));
	print_flags(out, row);
	print_completion(out, row);
	option_print_field(out, help);
	option_print_field(out, row->argument);
	option_print_field(out, allowed);
	option_print_field(out, value);
	option_print_field(out, group->title);
	(void)fputc('\n', out);
}
