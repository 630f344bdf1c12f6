/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options as rows: one row binds a name to a struct member and its type, so defaults, parsing, help and
 * completion cannot drift. Used for flags of both programs and for keys of the configuration file.
 */
#ifndef CRI_COMMON_OPTION_H
#define CRI_COMMON_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_type {
	OPTION_FLAG,     /* bool member; no value on the command line: sets true */
	OPTION_BOOL,     /* bool member; yes or no */
	OPTION_NUMBER,   /* uint64_t member; min..max */
	OPTION_SIZE,     /* uint64_t member, bytes */
	OPTION_DURATION, /* uint64_t member, nanoseconds */
	OPTION_STRING,   /* char array member of `size` bytes */
	OPTION_CHOICE,   /* unsigned or enum member of `size` bytes (0: uint64_t): index into choices */
	OPTION_LIST,     /* struct option_list member: may be given again and again */
	OPTION_HELP,     /* prints the help and ends */
};

/* Values of a repeated option, in order; pointers into argv. */
#define OPTION_LIST_MAX 32
struct option_list {
	size_t count;
	const char *values[OPTION_LIST_MAX];
};

struct option_row {
	const char *name;  /* "since" for --since; underscores of a key become dashes. NULL ends a table */
	char letter;       /* 0: none */
	enum option_type type;
	size_t offset;     /* of the member in the target struct */
	size_t size;       /* OPTION_STRING, OPTION_CHOICE: of the member */
	uint64_t min, max; /* OPTION_NUMBER, _SIZE, _DURATION; max 0: no bound. min of a STRING: characters */
	const char *const *choices; /* NULL-terminated. OPTION_CHOICE: all there are; OPTION_LIST: to be completed */
	const char *argument; /* name of the value in help, "TIME"; FILE and DIR are completed, "[BOOT]" may be left out */
	const char *help;  /* one line; NULL with OPTION_CHOICE: the choices */
	const char *allowed; /* what a value may be, where type and bounds do not tell all; else NULL */
	bool tells_default; /* help ends with the value that the target has */
};

/* Rows and the struct their offsets mean. */
struct option_group {
	const char *title; /* heading in help */
	const struct option_row *rows;
	void *target;
};

/*
 * Sets one row's member from text. 0, or -EINVAL/-ERANGE and in message what is allowed ("yes or no",
 * "a size from 64K to 1G"), without the name of the row. The member is untouched on failure.
 */
int option_set(const struct option_row *row, void *target, const char *value, char *message, size_t message_size);

/* The row whose name is at most two edits away from name, '-' and '_' being the same; NULL: none is. */
const struct option_row *option_nearest(const struct option_row *rows, const char *name);

/* True when the words ask for help, wherever: it must come even when something else is wrong. */
bool option_asks_for_help(int argc, char **argv);

/*
 * Parses argv[1..]; groups end with rows NULL. Options and operands may be mixed; "--" ends options.
 * Operands are moved behind each other at the front of argv[1..] and counted in *ret_operands.
 * Returns 0; -EINVAL with the reason in message, naming the wrong word; 1 when help was asked for.
 * Long names may not be abbreviated. "--name=value" and "--name value", "-nvalue" and "-n value".
 */
int option_parse(int argc, char **argv, const struct option_group *groups, int *ret_operands, char *message, size_t message_size);

/* The flag as it is typed, "--ring-buffer-size". */
void option_format_flag(char *out, size_t size, const struct option_row *row);

/* Whether a value must or may follow. */
bool option_takes_value(const struct option_row *row);

/* What is allowed, as in the message of option_set. */
void option_describe(const struct option_row *row, char *out, size_t size);

/* The member's value as it would be typed, "30d"; "" for types without one. */
void option_format_value(const struct option_row *row, const void *target, char *out, size_t size);

/* Aligned help for the groups. */
void option_print_help(FILE *out, const struct option_group *groups);

/*
 * The same for programs that make completion and manual pages. A row is one line of fields after tabs: flags
 * ("-S,--since"); what completes its value: "-" none is needed, "=" not known, FILE, DIR, or words between commas;
 * help; argument; what is allowed; default; the group's title. A field is never empty: "-" is none.
 */
void option_print_row(FILE *out, const struct option_group *group, const struct option_row *row);
/* A tab and the text on one line. */
void option_print_field(FILE *out, const char *text);

#endif
