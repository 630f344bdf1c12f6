/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/option.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/text.h"

/* Longest name for which an edit distance is computed; bytes of a wrong word in a message. */
#define NAME_MAX_COMPARED 48
#define WORD_SHOWN	  64

static char dashed(char c)
{
	return c == '_' ? '-' : c;
}

/* True when the first length bytes of word are the flag of the row, without the leading dashes. */
static bool is_flag_of(const struct option_row *row, const char *word, size_t length)
{
	if (strlen(row->name) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (dashed(row->name[i]) != word[i])
			return false;

	return true;
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

/* As option_nearest(), but only for rows nearer than *distance; lowers *distance. */
static const struct option_row *nearest_below(const struct option_row *rows, const char *name, size_t *distance)
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
	size_t distance = 3;

	return nearest_below(rows, name, &distance);
}

struct parser {
	int argc;
	char **argv;
	const struct option_group *groups;
	int next;     /* the next word of argv */
	int operands; /* found so far, moved to argv[1..operands] */
	char *message;
	size_t message_size;
};

struct found {
	const struct option_row *row;
	void *target;
};

static struct found find_long(const struct option_group *groups, const char *name, size_t length)
{
	for (; groups->rows; groups++)
		for (const struct option_row *row = groups->rows; row->name; row++)
			if (is_flag_of(row, name, length))
				return (struct found){ row, groups->target };

	return (struct found){ NULL, NULL };
}

static struct found find_letter(const struct option_group *groups, char letter)
{
	for (; groups->rows; groups++)
		for (const struct option_row *row = groups->rows; row->name; row++)
			if (row->letter && row->letter == letter)
				return (struct found){ row, groups->target };

	return (struct found){ NULL, NULL };
}

void option_format_flag(char *out, size_t size, const struct option_row *row)
{
	size_t i;

	(void)snprintf(out, size, "--%s", row->name);
	for (i = 0; out[i]; i++)
		out[i] = dashed(out[i]);
}

static int fail_unknown_long(const struct parser *parser, const char *name, size_t length)
{
	char shown[WORD_SHOWN], word[NAME_MAX_COMPARED + 2], flag[WORD_SHOWN];
	const struct option_row *nearest = NULL, *row;
	size_t distance = 3;

	text_escape(shown, sizeof(shown), name, length);
	(void)snprintf(word, sizeof(word), "%.*s", (int)(length < WORD_SHOWN ? length : WORD_SHOWN), name);
	for (const struct option_group *group = parser->groups; group->rows; group++) {
		row = nearest_below(group->rows, word, &distance);
		if (row)
			nearest = row;
	}

	if (nearest) {
		option_format_flag(flag, sizeof(flag), nearest);
		(void)snprintf(parser->message, parser->message_size, "unknown option \"--%s\"; did you mean \"%s\"?",
			       shown, flag);
	} else {
		(void)snprintf(parser->message, parser->message_size, "unknown option \"--%s\"", shown);
	}

	return -EINVAL;
}

static int fail_unknown_letter(const struct parser *parser, const char *word, char letter)
{
	char shown[WORD_SHOWN], shown_letter[8];

	text_escape(shown, sizeof(shown), word, strlen(word));
	text_escape(shown_letter, sizeof(shown_letter), &letter, 1);
	if (strlen(word) == 2)
		(void)snprintf(parser->message, parser->message_size, "unknown option \"%s\"", shown);
	else
		(void)snprintf(parser->message, parser->message_size, "unknown option \"-%s\" in \"%s\"", shown_letter,
			       shown);

	return -EINVAL;
}

/* Sets an option, or writes the error message. name: as it was typed, "--lines" or "-n". value NULL: none was given. */
static int apply(const struct parser *parser, struct found found, const char *name, const char *value)
{
	char allowed[256], shown[WORD_SHOWN];
	int r;

	r = option_set(found.row, found.target, value, allowed, sizeof(allowed));
	if (r >= 0)
		return 0;

	if (!option_takes_value(found.row)) {
		(void)snprintf(parser->message, parser->message_size, "option \"%s\" takes no value", name);
	} else if (!value) {
		(void)snprintf(parser->message, parser->message_size, "option \"%s\" needs a value%s%s", name,
			       found.row->argument ? ": " : "", found.row->argument ? found.row->argument : "");
	} else {
		text_escape(shown, sizeof(shown), value, strlen(value));
		(void)snprintf(parser->message, parser->message_size, "option \"%s\" = \"%s\": must be %s", name, shown,
			       allowed);
	}

	return -EINVAL;
}

/* The next word, also one that begins with a dash ("--since -2h"); NULL at the end. */
static const char *take_word(struct parser *parser)
{
	return parser->next < parser->argc ? parser->argv[parser->next++] : NULL;
}

/* Parses "--name", "--name=value" or "--name value". 1: help was requested. */
static int parse_long(struct parser *parser, const char *word)
{
	size_t length = strcspn(word + 2, "=");
	const char *value = word[2 + length] ? word + 2 + length + 1 : NULL;
	struct found found = find_long(parser->groups, word + 2, length);
	char name[WORD_SHOWN];

	if (!found.row)
		return fail_unknown_long(parser, word + 2, length);

	option_format_flag(name, sizeof(name), found.row);
	if (found.row->type == OPTION_HELP && !value)
		return 1;
	if (option_takes_value(found.row) && !value)
		value = take_word(parser);

	return apply(parser, found, name, value);
}

/* Parses "-f", "-n10", "-n 10" or "-fn10". 1: help was requested. */
static int parse_letters(struct parser *parser, const char *word)
{
	for (size_t i = 1; word[i]; i++) {
		struct found found = find_letter(parser->groups, word[i]);
		const char name[] = { '-', word[i], '\0' };
		int r;

		if (!found.row)
			return fail_unknown_letter(parser, word, word[i]);
		if (found.row->type == OPTION_HELP)
			return 1;
		if (option_takes_value(found.row))
			return apply(parser, found, name, word[i + 1] ? &word[i + 1] : take_word(parser));

		r = apply(parser, found, name, NULL);
		if (r < 0)
			return r;
	}

	return 0;
}

bool option_asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

int option_parse(int argc, char **argv, const struct option_group *groups, int *ret_operands, char *message,
		 size_t message_size)
{
	struct parser parser = { argc, argv, groups, 1, 0, message, message_size };
	bool only_operands = false;
	int r;

	while (parser.next < argc) {
		char *word = argv[parser.next++];

		if (only_operands || word[0] != '-' || !word[1]) {
			argv[1 + parser.operands++] = word;
			continue;
		}
		if (strcmp(word, "--") == 0) {
			only_operands = true;
			continue;
		}

		r = word[1] == '-' ? parse_long(&parser, word) : parse_letters(&parser, word);
		if (r != 0)
			return r;
	}

	*ret_operands = parser.operands;
	return 0;
}
