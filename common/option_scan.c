/* SPDX-License-Identifier: BSD-2-Clause */
/* From argv to options with their values, in one pass. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/option.h"
#include "common/text.h"

#define WORD_SHOWN 64 /* longest part of a wrong word that a message shows */

struct scanner {
	int argc, next; /* next: index of the word to be read next */
	char **argv;
	const struct option_group *groups;
	struct option_words *words;
	int error; /* of the first wrong word; message then has the reason */
	char *message;
	size_t message_size;
};

/* Keeps the first reason only. */
static void __attribute__((format(printf, 2, 3))) fail(struct scanner *scanner, const char *format, ...)
{
	va_list arguments;

	if (scanner->error)
		return;
	scanner->error = -EINVAL;
	va_start(arguments, format);
	(void)vsnprintf(scanner->message, scanner->message_size, format, arguments);
	va_end(arguments);
}

static bool is_flag_of(const struct option_row *row, const char *word, size_t length)
{
	if (strlen(row->name) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((row->name[i] == '_' ? '-' : row->name[i]) != word[i])
			return false;

	return true;
}

/* By its name, or by its letter when name is NULL. row NULL: there is none. */
static struct option_use find(const struct option_group *groups, const char *name, size_t length, char letter)
{
	for (; groups->rows; groups++)
		for (const struct option_row *row = groups->rows; row->name; row++)
			if (name ? is_flag_of(row, name, length) : row->letter == letter)
				return (struct option_use){ .row = row, .target = groups->target, .by_letter = !name };

	return (struct option_use){ .row = NULL };
}

/* "-n" or "--lines", as argv has it. */
static void format_name(char *out, size_t size, const struct option_use *use)
{
	if (use->by_letter)
		(void)snprintf(out, size, "-%c", use->row->letter);
	else
		option_format_flag(out, size, use->row);
}

static void fail_unknown_long(struct scanner *scanner, const char *name, size_t length)
{
	char shown[WORD_SHOWN], word[WORD_SHOWN], flag[WORD_SHOWN];
	const struct option_row *nearest = NULL, *row;
	size_t distance = OPTION_NEAREST_DISTANCE;

	text_escape(shown, sizeof(shown), name, length);
	(void)snprintf(word, sizeof(word), "%.*s", (int)(length < WORD_SHOWN ? length : WORD_SHOWN), name);
	for (const struct option_group *group = scanner->groups; group->rows; group++) {
		row = option_nearest_below(group->rows, word, &distance);
		if (row)
			nearest = row;
	}
	if (!nearest) {
		fail(scanner, "unknown option \"--%s\"", shown);
		return;
	}
	option_format_flag(flag, sizeof(flag), nearest);
	fail(scanner, "unknown option \"--%s\"; did you mean \"%s\"?", shown, flag);
}

static void fail_unknown_letter(struct scanner *scanner, const char *word, char letter)
{
	char shown[WORD_SHOWN], shown_letter[8];

	text_escape(shown, sizeof(shown), word, strlen(word));
	text_escape(shown_letter, sizeof(shown_letter), &letter, 1);
	if (strlen(word) == 2)
		fail(scanner, "unknown option \"%s\"", shown);
	else
		fail(scanner, "unknown option \"-%s\" in \"%s\"", shown_letter, shown);
}

static void fail_no_value(struct scanner *scanner, const struct option_use *use, const char *next)
{
	const char *argument = use->row->argument;
	char name[WORD_SHOWN], flag[WORD_SHOWN], shown[WORD_SHOWN];

	format_name(name, sizeof(name), use);
	if (!next) {
		fail(scanner, "option \"%s\" needs a value%s%s", name, argument ? ": " : "", argument ? argument : "");
		return;
	}
	(void)text_escape(shown, sizeof(shown), next, strlen(next));
	option_format_flag(flag, sizeof(flag), use->row);
	fail(scanner, "option \"%s\" needs a value: %s; \"%s\" is an option (as a value: %s=%s)", name,
	     argument ? argument : "VALUE", shown, flag, shown);
}

/* "-f", "--follow", "--lines=3"; not "-2h" and not "-verbose", which may be meant as values. */
static bool is_option(const struct option_group *groups, const char *word)
{
	if (word[0] != '-' || !word[1])
		return false;
	if (word[1] == '-')
		return find(groups, word + 2, strcspn(word + 2, "="), 0).row != NULL;
	return !word[2] && find(groups, NULL, 0, word[1]).row != NULL;
}

/* The value of an option that has none in its own word. NULL: the reason is in the message. */
static const char *take_value(struct scanner *scanner, const struct option_use *use)
{
	const char *next = scanner->next < scanner->argc ? scanner->argv[scanner->next] : NULL;

	if (use->row->implied && !(next && use->row->is_value(next)))
		return use->row->implied;
	if (!next || is_option(scanner->groups, next)) {
		fail_no_value(scanner, use, next);
		return NULL;
	}
	scanner->next++;
	return next;
}

/* value NULL: its word has none. */
static void note_use(struct scanner *scanner, struct option_use use, const char *value)
{
	if (use.row->type == OPTION_HELP && !value) {
		scanner->words->help = true;
		return;
	}
	if (!value && option_takes_value(use.row)) {
		value = take_value(scanner, &use);
		if (!value)
			return;
	}
	use.value = value;
	scanner->words->uses[scanner->words->count++] = use;
}

/* "--name", "--name=value", "--name value" */
static void scan_long(struct scanner *scanner, const char *word)
{
	size_t length = strcspn(word + 2, "=");
	struct option_use use = find(scanner->groups, word + 2, length, 0);

	if (use.row)
		note_use(scanner, use, word[2 + length] ? word + 2 + length + 1 : NULL);
	else
		fail_unknown_long(scanner, word + 2, length);
}

/* "-f", "-n10", "-n 10", "-fn10" */
static void scan_letters(struct scanner *scanner, const char *word)
{
	for (size_t i = 1; word[i]; i++) {
		struct option_use use = find(scanner->groups, NULL, 0, word[i]);

		if (!use.row) {
			fail_unknown_letter(scanner, word, word[i]);
			return;
		}
		if (option_takes_value(use.row)) {
			note_use(scanner, use, word[i + 1] ? &word[i + 1] : NULL);
			return;
		}
		note_use(scanner, use, NULL);
	}
}

/* An option takes at least one character of argv. */
static size_t most_uses(int argc, char **argv)
{
	size_t most = 1;

	for (int i = 1; i < argc; i++)
		most += strlen(argv[i]);
	return most;
}

int option_scan(int argc, char **argv, const struct option_group *groups, struct option_words *ret, char *message,
		size_t message_size)
{
	struct scanner scanner = { .argc = argc, .next = 1, .argv = argv, .groups = groups, .words = ret,
				   .message = message, .message_size = message_size };
	bool only_operands = false;

	*ret = (struct option_words){ .uses = calloc(most_uses(argc, argv), sizeof(*ret->uses)) };
	if (!ret->uses) {
		fail(&scanner, "out of memory");
		return scanner.error;
	}
	while (scanner.next < argc) {
		char *word = argv[scanner.next++];

		if (only_operands || word[0] != '-' || !word[1])
			argv[1 + ret->operands++] = word;
		else if (strcmp(word, "--") == 0)
			only_operands = true;
		else if (word[1] == '-')
			scan_long(&scanner, word);
		else
			scan_letters(&scanner, word);
	}
	return scanner.error;
}

void option_words_done(struct option_words *words)
{
	free(words->uses);
	*words = (struct option_words){ .uses = NULL };
}

const struct option_use *option_words_find(const struct option_words *words, const struct option_row *row)
{
	for (size_t i = words->count; i > 0; i--)
		if (words->uses[i - 1].row == row)
			return &words->uses[i - 1];
	return NULL;
}

static int apply(const struct option_use *use, char *message, size_t message_size)
{
	char allowed[256], name[WORD_SHOWN], shown[WORD_SHOWN];

	if (option_set(use->row, use->target, use->value, allowed, sizeof(allowed)) >= 0)
		return 0;
	format_name(name, sizeof(name), use);
	if (!option_takes_value(use->row)) {
		(void)snprintf(message, message_size, "option \"%s\" takes no value", name);
		return -EINVAL;
	}
	text_escape(shown, sizeof(shown), use->value, strlen(use->value));
	(void)snprintf(message, message_size, "option \"%s\" = \"%s\": must be %s", name, shown, allowed);
	return -EINVAL;
}

int option_apply(const struct option_words *words, char *message, size_t message_size)
{
	for (size_t i = 0; i < words->count; i++)
		if (apply(&words->uses[i], message, message_size) < 0)
			return -EINVAL;
	return 0;
}
