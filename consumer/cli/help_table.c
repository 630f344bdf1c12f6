/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/cli/help_table.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/cli/command.h"

#define VERBS_MAX 63 /* one bit of a uint64_t each; the highest stays free, so that "all" can be computed */

/* An option and the verbs that have it in the same words. */
struct help_row {
	char *text;	/* as option_print_row wrote it */
	uint64_t verbs; /* a bit for each, by its place in the table of verbs */
};

struct help_table {
	const struct command *const *commands;
	size_t verb_count;
	struct help_row *rows;
	size_t count;
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

/* Takes ownership of text. NULL: no memory. */
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

static int note_option(struct help_table *table, size_t verb, const struct option_group *group,
		       const struct option_row *row)
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
	noted->verbs |= UINT64_C(1) << verb;
	return 0;
}

static int note_options(struct help_table *table, size_t verb)
{
	CLEANUP(command_options_done) struct command_options options;
	int r = command_options_of(table->commands[verb], &options);

	for (const struct option_group *group = options.groups; r == 0 && group->rows; group++)
		for (const struct option_row *row = group->rows; r == 0 && row->name; row++)
			r = note_option(table, verb, group, row);
	return r;
}

static int collect(struct help_table *table)
{
	for (size_t verb = 0; table->commands[verb]; verb++) {
		int r = verb < VERBS_MAX ? note_options(table, verb) : -E2BIG;

		if (r < 0)
			return r;
		table->verb_count++;
	}
	return 0;
}

/* A tab and the names of the verbs whose bit is set. */
static void print_verbs(FILE *out, const struct help_table *table, uint64_t verbs)
{
	char before = '\t';

	for (size_t i = 0; i < table->verb_count; i++)
		if (verbs & (UINT64_C(1) << i)) {
			(void)fprintf(out, "%c%s", before, table->commands[i]->name);
			before = ',';
		}
}

/* The same, "*" for all. */
static void print_takers(FILE *out, const struct help_table *table, uint64_t verbs)
{
	if (verbs == (UINT64_C(1) << table->verb_count) - 1)
		option_print_field(out, "*");
	else
		print_verbs(out, table, verbs);
}

static void print_words(FILE *out, const struct help_table *table, const struct command *command)
{
	const char *const *words = command->words;

	if (command->completes_verbs)
		print_verbs(out, table, UINT64_MAX);
	else if (!words)
		option_print_field(out, NULL);
	for (const char *const *word = words; word && *word; word++)
		(void)fprintf(out, "%c%s", word == words ? '\t' : ',', *word);
}

static void print_words_part(FILE *out, const struct help_table *table)
{
	(void)fputs("program\tcri-ebpf\tevents\n", out);
	for (size_t i = 0; i < table->verb_count; i++) {
		const struct command *command = table->commands[i];

		(void)fprintf(out, "verb\t%s", command->name);
		print_words(out, table, command);
		option_print_field(out, command->help);
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
	for (size_t i = 0; i < table->verb_count; i++) {
		const struct command *command = table->commands[i];

		(void)fprintf(out, "usage\t%s", command->name);
		option_print_field(out, command->synopsis);
		option_print_field(out, command->example);
		option_print_field(out, command->description);
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

int help_table_print(const struct command *const *commands, enum help_table_part part, FILE *out)
{
	CLEANUP(table_done) struct help_table table = { .commands = commands };
	int r = collect(&table);

	if (r < 0)
		return r;
	print_words_part(out, &table);
	if (part == HELP_TABLE_ALL) {
		print_usages(out, &table);
		print_keys(out);
	}
	return 0;
}
