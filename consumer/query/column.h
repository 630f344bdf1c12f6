/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Columns as rows: one table per kind of answer says where each value comes from, what it is called and
 * what it is in JSON. SELECT lists, text tables, JSON, csv and export are all made from it.
 */
#ifndef CRI_CONSUMER_QUERY_COLUMN_H
#define CRI_CONSUMER_QUERY_COLUMN_H

#include <stdbool.h>
#include <stddef.h>

#include "consumer/query/value.h"

enum column_type {
	COLUMN_STRING,
	COLUMN_NUMBER,
	COLUMN_BYTES,	 /* a number; for people with a unit */
	COLUMN_DURATION, /* a number of nanoseconds; for people with a unit */
	COLUMN_REAL,
	COLUMN_BOOL,
	COLUMN_DECIMAL,	 /* signed 64 bits, a string in JSON */
	COLUMN_UNSIGNED, /* unsigned 64 bits, a string in JSON */
	COLUMN_TIME,	 /* nanoseconds since 1970 */
	COLUMN_ANY,	 /* as the value says */
};

enum column_flags {
	COLUMN_RIGHT = 1 << 0,	/* aligned right in text */
	COLUMN_TRUNC = 1 << 1,	/* may be cut on a narrow terminal */
	COLUMN_REPEAT = 1 << 2, /* another place of an earlier column, for the order of the JSON members only */
	COLUMN_PLAIN = 1 << 3,	/* a dot in the name does not make it the member of an object */
};

/* What shapes text for people. */
struct column_style {
	bool utc;
	bool no_trunc;
	const char *boot_id; /* of the running kernel, "" when not known */
};

/* row: the values of the whole table. out is always NUL-terminated and already safe for a terminal. */
typedef void column_text(const struct column_style *style, const struct value *row, char *out, size_t size);

struct column {
	const char *name;   /* in JSON, csv, export and -F; "pod.uid": member of an object. NULL: text only */
	const char *header; /* in text; NULL: the name in upper case */
	const char *sql;    /* NULL: computed by `text`, or filled in by the verb */
	enum column_type type;
	unsigned int kinds; /* bit per event type that has it; 0: all */
	unsigned int flags; /* enum column_flags */
	int width;	    /* in lines printed one by one */
	column_text *text;  /* NULL: by type */
};

#define COLUMN_TEXT_MAX 8192 /* a path of 1024 bytes, each escaped */
#define COLUMN_LIST_MAX 96

struct column_table {
	const struct column *columns;
	size_t count;
	const char *view_short; /* comma-separated headers or names; NULL: all columns */
	const char *view_wide;
	int kind_column; /* index of the value with the event type's number, -1: there is none */
};

/* Indexes into a table, in the order they are wanted. */
struct column_list {
	size_t count;
	unsigned int index[COLUMN_LIST_MAX];
};

/*
 * Columns named by a comma-separated list of names, in any case; "pod" stands for all members of the object.
 * text: headers count too, before names. NULL words: all. 0, or -EINVAL with the reason in message.
 */
int column_list_parse(const struct column_table *table, const char *words, bool text, struct column_list *ret,
		      char *message, size_t message_size);

/* Every column with a name, in order, without the repeated ones. */
void column_list_all(const struct column_table *table, struct column_list *ret);

/* False: events of this row's type have no such column. */
bool column_applies(const struct column_table *table, const struct column *column, const struct value *row);

/* The value as a person reads it; "-" for NULL. */
void column_format(const struct column_style *style, const struct column *column, const struct value *row,
		   const struct value *value, char *out, size_t size);

/* The value as a program reads it, before any quoting or escaping; "" for NULL. Text may hold any byte:
 * *ret points to it or to out. */
size_t column_plain(const struct column *column, const struct value *value, char *out, size_t size, const char **ret);

/* For people: the name, without one the first characters of the id, "" without both. Names given as ids by a
 * runtime ("web-frontend") are not cut, only long hexadecimal ones. */
void column_name_or_id(const struct column_style *style, const struct value *name, const struct value *id, char *out,
		       size_t size);

/* The shortest form that reads back the same; "" for what is no number. out >= 32 bytes. */
void column_real(char *out, size_t size, double real);

/* The header, or the upper-case name. */
void column_header(const struct column *column, char *out, size_t size);

#endif
