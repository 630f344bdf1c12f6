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
	OPTION_HELP,     /* no member; makes option_parse() return 1 */
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
	bool tells_default; /* help shows the value that the target has as the default */
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

/* True when argv[1..] contains --help or -h before "--". Help must be printed even if another argument is wrong. */
bool option_asks_for_help(int argc, char **argv);

/*
 * Parses argv[1..]. groups end with rows NULL. Options and operands may be mixed; "--" ends the options. Forms:
 * "--name=value", "--name value", "-nvalue", "-n value", "-fn value"; names cannot be abbreviated. Moves the operands
 * to argv[1..*ret_operands]. 0; 1: help was requested; -EINVAL: message has the reason and the wrong word. After a
 * result other than 0 targets may be partly set.
 */
int option_parse(int argc, char **argv, const struct option_group *groups, int *ret_operands, char *message, size_t message_size);

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
