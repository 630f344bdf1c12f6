/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options are rows of tables. A row binds a name to a member of a struct and its type; parsing, defaults, help,
 * completion and manual pages all read the row. Used for the flags of both programs and the keys of the configuration
 * file.
 */
#ifndef CRI_COMMON_OPTION_H
#define CRI_COMMON_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_type {
	OPTION_FLAG,     /* bool member; has no value, sets true */
	OPTION_BOOL,     /* bool member; yes or no */
	OPTION_NUMBER,   /* uint64_t member; min..max */
	OPTION_SIZE,     /* uint64_t member, bytes */
	OPTION_DURATION, /* uint64_t member, nanoseconds */
	OPTION_STRING,   /* char array member of `size` bytes */
	OPTION_CHOICE,   /* unsigned or enum member of `size` bytes (0: uint64_t): index into choices */
	OPTION_LIST,     /* struct option_list member; repeatable */
	OPTION_HELP,     /* no member; option_scan() notes it in option_words.help */
};

/* Values of a repeatable option, in order; they point into argv. */
#define OPTION_LIST_MAX 32
struct option_list {
	size_t count;
	const char *values[OPTION_LIST_MAX];
};

struct option_row {
	const char *name;  /* "since" for --since; the underscores of a key become dashes in its flag. NULL ends a table */
	char letter;       /* 0: none */
	enum option_type type;
	size_t offset;     /* of the member in the target struct, bytes */
	size_t size;       /* OPTION_STRING, OPTION_CHOICE: of the member */
	uint64_t min, max; /* OPTION_NUMBER, _SIZE, _DURATION; max 0: no bound. OPTION_STRING: min is the least length */
	const char *const *choices; /* NULL-terminated. OPTION_CHOICE: the allowed values; OPTION_LIST: values for completion */
	const char *argument; /* name of the value in help, "TIME"; FILE and DIR are completed as paths; "[BOOT]" is optional */
	const char *help;  /* one line; NULL with OPTION_CHOICE: help lists the choices */
	const char *allowed; /* description of the allowed values where type and bounds are not enough; else NULL */
	bool shows_default; /* help shows the value that the target has as the default */
	/* An optional value: the value when none is given, and whether the next word is one. Both or neither. */
	const char *implied;
	bool (*is_value)(const char *word);
	unsigned int part; /* a bit that the table defines, for users that take only a part of its rows */
};

/* A table of rows and the struct that their offsets refer to. */
struct option_group {
	const char *title; /* heading in help */
	const struct option_row *rows;
	void *target;
};

/*
 * Sets the member of a row from text; value NULL: none was given. 0; -EINVAL or -ERANGE: message describes the allowed
 * values ("yes or no", "a size from 64K to 1G"), and the member is unchanged.
 */
int option_set(const struct option_row *row, void *target, const char *value, char *message, size_t message_size);

/* The row whose name is nearest to name, at most two edits away, NULL when there is none. '-' equals '_'. */
const struct option_row *option_nearest(const struct option_row *rows, const char *name);

/* The same for several tables: only a row that is nearer than *distance, which is lowered to the row's. */
#define OPTION_NEAREST_DISTANCE 3 /* where the distance begins */
const struct option_row *option_nearest_below(const struct option_row *rows, const char *name, size_t *distance);

/* An option in argv. */
struct option_use {
	const struct option_row *row;
	void *target;
	const char *value; /* in argv, or the row's implied value; NULL: none */
	bool by_letter;	   /* "-n", not "--lines" */
};

struct option_words {
	struct option_use *uses; /* in the order of argv */
	size_t count;
	int operands; /* now in argv[1..operands] */
	bool help;    /* an OPTION_HELP was among the options */
};

/*
 * Takes argv[1..] apart and sets no target yet, so that what the options override can be read first. groups end with
 * rows NULL. Options and operands may be mixed; "--" ends options. Long names may not be abbreviated. "--name=value"
 * and "--name value", "-nvalue" and "-n value"; a word that is an option is no value of the option before it.
 *
 * 0; or -EINVAL and in message the first wrong word and why. *ret has what was understood in either case, so that help
 * can be given where something else is wrong; free it with option_words_done.
 */
int option_scan(int argc, char **argv, const struct option_group *groups, struct option_words *ret, char *message,
		size_t message_size);
void option_words_done(struct option_words *words);
/* The last use of this row; NULL: the option is not in argv. */
const struct option_use *option_words_find(const struct option_words *words, const struct option_row *row);
/* Sets the targets. 0, or -EINVAL and in message the option, its value and what is allowed. */
int option_apply(const struct option_words *words, char *message, size_t message_size);

/* Writes the flag as it is typed, "--ring-buffer-size". */
void option_format_flag(char *out, size_t size, const struct option_row *row);

/* False for options without a value. */
bool option_takes_value(const struct option_row *row);

/* Writes the description of the allowed values, as in the message of option_set(). */
void option_describe(const struct option_row *row, char *out, size_t size);

/* Writes the value of the member as it would be typed, "30d"; "" for types without a value. */
void option_format_value(const struct option_row *row, const void *target, char *out, size_t size);

/* Prints the help of all groups. */
void option_print_help(FILE *out, const struct option_group *groups);

/*
 * Prints a row as input for the generators of completion and manual pages: one line of fields, each after a tab. Flags
 * ("-S,--since"); completion of the value ("-": no value, "=": unknown, FILE, DIR, or words separated by commas);
 * help; argument; allowed values; default; the group's title. An empty field is "-".
 */
void option_print_row(FILE *out, const struct option_group *group, const struct option_row *row);
/* Prints a tab and the text, "-" when it is empty, with tabs and newlines replaced by spaces. */
void option_print_field(FILE *out, const char *text);

#endif
