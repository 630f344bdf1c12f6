/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/cli/help_table.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/cli/command.h"

#define VERBS_MAX 63 /* bits below the highest, so that all of them are a number less than a power of two */

/* An option, or several verbs' that are the same. */
struct help_row {
	char *text;	/* as option_print_row wrote it */
	uint64_t verbs; /* a bit for each */
};

struct help_table {
	const struct command *commands;
	const struct command_usage *usages[VERBS_MAX];
	size_t verb; /* whose help is being asked for; at the end how many there are */
	struct help_row *rows;
	size_t count;
	int error; /* of the sink, which cannot return one */
};

static void table_done(struct help_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->rows[i].text);
	free(table->rows);
}

static struct help_row *find_row(const struct help_table *table, const char *text)
{
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->rows[i].text, text) == 0)
			return &table->rows[i];
	return NULL;
}

/* Takes text. NULL: no memory. */
static struct help_row *add_row(struct help_table *table, char *text)
{
	struct help_row *rows = realloc(table->rows, (table->count + 1) * sizeof(*rows));

	if (!rows) {
		free(text);
		return NULL;
	}
	table->rows = rows;
	rows[table->count] = (struct help_row){ text, 0 };
	return &rows[table->count++];
}

static char *format_row(const struct option_group *group, const struct option_row *row)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	option_print_row(out, group, row);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static int note_option(struct help_table *table, const struct option_group *group, const struct option_row *row)
{
	AUTO_FREE char *text = format_row(group, row);
	struct help_row *noted;

	if (!text)
		return -ENOMEM;
	noted = find_row(table, text);
	if (!noted)
		noted = add_row(table, TAKE_PTR(text));
	if (!noted)
		return -ENOMEM;
	noted->verbs |= UINT64_C(1) << table->verb;
	return 0;
}

static void note_help(void *context, const char *verb, const struct command_usage *usage,
		      const struct option_group *groups)
{
	struct help_table *table = context;

	(void)verb;
	table->usages[table->verb] = usage;
	for (const struct option_group *group = groups; group->rows; group++)
		for (const struct option_row *row = group->rows; row->name && !table->error; row++)
			table->error = note_option(table, group, row);
}

static int collect(struct help_table *table, const struct command_context *context)
{
	static char help_flag[] = "--help";
	char name[32];
	char *words[] = { name, help_flag, NULL };

	command_redirect_help(note_help, table);
	for (table->verb = 0; context->commands[table->verb].name && !table->error; table->verb++) {
		const struct command *command = &context->commands[table->verb];

		if (table->verb == VERBS_MAX) {
			table->error = -E2BIG;
			break;
		}
		(void)snprintf(name, sizeof(name), "%s", command->name);
		(void)command->run(context, 2, words);
	}
	command_redirect_help(NULL, NULL);
	return table->error;
}

/* A tab and the names of the verbs whose bit is set. */
static void print_verbs(FILE *out, const struct command *commands, uint64_t verbs)
{
	char before = '\t';

	for (size_t i = 0; commands[i].name; i++)
		if (verbs & (UINT64_C(1) << i)) {
			(void)fprintf(out, "%c%s", before, commands[i].name);
			before = ',';
		}
}

/* The same, "*" for all. */
static void print_takers(FILE *out, const struct help_table *table, uint64_t verbs)
{
	if (verbs == (UINT64_C(1) << table->verb) - 1)
		option_print_field(out, "*");
	else
		print_verbs(out, table->commands, verbs);
}

static void print_words(FILE *out, const struct help_table *table, size_t verb)
{
	const char *const *words = table->usages[verb] ? table->usages[verb]->words : NULL;

	if (table->commands[verb].run == cmd_help)
		print_verbs(out, table->commands, UINT64_MAX);
	else if (!words)
		option_print_field(out, NULL);
	for (const char *const *word = words; word && *word; word++)
		(void)fprintf(out, "%c%s", word == words ? '\t' : ',', *word);
}

static void print_words_part(FILE *out, const struct help_table *table)
{
	(void)fputs("program\tcri-ebpf\tevents\n", out);
	for (size_t i = 0; table->commands[i].name; i++) {
		(void)fprintf(out, "verb\t%s", table->commands[i].name);
		print_words(out, table, i);
		option_print_field(out, table->commands[i].help);
		(void)fputc('\n', out);
	}
	for (size_t i = 0; i < table->count; i++) {
		(void)fputs("option", out);
		print_takers(out, table, table->rows[i].verbs);
		(void)fputs(table->rows[i].text, out);
	}
}

static void print_usages(FILE *out, const struct help_table *table)
{
	for (size_t i = 0; table->commands[i].name; i++) {
		const struct command_usage *usage = table->usages[i];

		if (!usage)
			continue;
		(void)fprintf(out, "usage\t%s", table->commands[i].name);
		option_print_field(out, usage->synopsis);
		option_print_field(out, usage->example);
		option_print_field(out, usage->description);
		(void)fputc('\n', out);
	}
}

static void print_keys(FILE *out)
{
	static struct config defaults;
	const struct option_group group = { "Configuration", config_keys, &defaults };

	config_set_defaults(&defaults);
	for (const struct option_row *row = config_keys; row->name; row++) {
		(void)fprintf(out, "key\t%s", row->name);
		option_print_row(out, &group, row);
	}
}

int help_table_print(const struct command_context *context, enum help_table_part part, FILE *out)
{
	CLEANUP(table_done) struct help_table table = { .commands = context->commands };
	int r = collect(&table, context);

	if (r < 0)
		return r;
	print_words_part(out, &table);
	if (part == HELP_TABLE_ALL) {
		print_usages(out, &table);
		print_keys(out);
	}
	return 0;
}
