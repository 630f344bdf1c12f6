/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the values of a row look: one table per kind of answer names its columns for every output format. The index of a
 * column is that of its value in the row.
 */
#ifndef CRI_CONSUMER_PRINT_COLUMN_H
#define CRI_CONSUMER_PRINT_COLUMN_H

#include <stdbool.h>
#include <stddef.h>

#include "consumer/query/value.h"

enum column_flags {
	COLUMN_RIGHT = 1 << 0,	/* aligned right in text */
	COLUMN_TRUNC = 1 << 1,	/* may be cut on a narrow terminal */
	COLUMN_REPEAT = 1 << 2, /* has the name of an earlier column: only in JSON without -F, for the order of members */
	COLUMN_PLAIN = 1 << 3,	/* a dot in the name does not make it the member of an object */
};

/* The options of text for people. */
struct column_style {
	bool utc;
	bool no_trunc;
	const char *boot_id; /* of the running kernel, "" when not known */
};

/* Writes a cell. row: the values of the whole table. out is NUL-terminated and safe for a terminal; "" becomes "-". */
typedef void column_text(const struct column_style *style, const struct value *row, char *out, size_t size);

struct column {
	const char *name;   /* in JSON, csv, export and -F; "pod.uid": member of an object. NULL: text only */
	const char *header; /* in text; NULL: the name in upper case. NULL like the name: never shown */
	enum column_type type;
	unsigned int types; /* bit per event type that has it; 0: all */
	unsigned int flags; /* enum column_flags */
	int width;	    /* in lines printed one by one */
	column_text *text;  /* NULL: by type */
};

#define COLUMN_TEXT_MAX 8192 /* bytes of a cell: a path of 1024 bytes, each escaped, and words around it */
#define COLUMN_LIST_MAX 96

struct column_table {
	const struct column *columns;
	size_t count;
	const char *view_short; /* comma-separated headers or names; NULL: all columns */
	const char *view_wide;
	int type_column; /* index of the value with the event type's number, -1: there is none */
};

/* Indexes into a table, in the order they are wanted. */
struct column_list {
	size_t count;
	unsigned int index[COLUMN_LIST_MAX];
};

/*
 * Columns named by a comma-separated list of names, in any case; "pod" stands for all members of the object.
 * text: headers are accepted too, before names. NULL words: all. 0, or -EINVAL with the reason in message.
 */
int column_list_parse(const struct column_table *table, const char *words, bool text, struct column_list *ret,
		      char *message, size_t message_size);

/* Every column with a name, in order, without the repeated ones. */
void column_list_all(const struct column_table *table, struct column_list *ret);

/* False: events of this row's type have no such column. */
bool column_applies(const struct column_table *table, const struct column *column, const struct value *row);

/* The cell of a column in text; "-" for NULL. */
void column_format(const struct column_style *style, const struct column *column, const struct value *row,
		   const struct value *value, char *out, size_t size);

/* The value for a program, before any quoting or escaping; "" for NULL. Text may hold any byte: *ret points to it or
 * to out. Returns its length. */
size_t column_plain(const struct column *column, const struct value *value, char *out, size_t size, const char **ret);

/* The name; without a name the id, a long hexadecimal one cut to its first characters; "" without both. */
void column_name_or_id(const struct column_style *style, const struct value *name, const struct value *id, char *out,
		       size_t size);

/* Text made safe for a terminal, "" for what is no text. */
void column_escape(const struct value *value, char *out, size_t size);
/* Bytes with a unit; `unknown` for what is no number. */
void column_bytes(const struct value *value, const char *unknown, char *out, size_t size);

/* The shortest form that reads back the same; "" for what is no number. out >= 32 bytes. */
void column_real(char *out, size_t size, double real);

/* The header, or the upper-case name. */
void column_header(const struct column *column, char *out, size_t size);

#endif
