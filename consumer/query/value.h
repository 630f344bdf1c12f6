/* SPDX-License-Identifier: BSD-2-Clause */
/* One value of a result row, and what the values of a column mean. Text is not copied: it belongs to its source. */
#ifndef CRI_CONSUMER_QUERY_VALUE_H
#define CRI_CONSUMER_QUERY_VALUE_H

#include <stddef.h>
#include <stdint.h>

struct db_stmt;

/* What the values of a column mean; a value may be NULL in any of them. */
enum column_type {
	COLUMN_STRING,
	COLUMN_NUMBER,
	COLUMN_BYTES,	 /* text shows it with a unit */
	COLUMN_DURATION, /* nanoseconds; text shows it with a unit */
	COLUMN_REAL,
	COLUMN_BOOL,
	COLUMN_DECIMAL,	 /* signed 64 bits, a string in JSON */
	COLUMN_UNSIGNED, /* unsigned 64 bits, a string in JSON */
	COLUMN_TIME,	 /* nanoseconds since 1970, UTC */
	COLUMN_ANY,	 /* number or text, as each value is */
};

enum value_kind { VALUE_NULL, VALUE_INT, VALUE_REAL, VALUE_TEXT };

struct value {
	enum value_kind kind;
	int64_t number;	  /* VALUE_INT; of a VALUE_REAL cut to an integer */
	double real;	  /* VALUE_REAL and VALUE_INT */
	const char *text; /* VALUE_TEXT: NUL-terminated, may hold any byte before */
	size_t length;
};

static inline struct value value_null(void)
{
	return (struct value){ .kind = VALUE_NULL };
}

static inline struct value value_int(int64_t number)
{
	return (struct value){ .kind = VALUE_INT, .number = number, .real = (double)number };
}

/* NULL text is VALUE_NULL. */
struct value value_text(const char *text);

/* The columns 0 to count-1 of the current row; valid until the statement's next step or reset. */
void value_row(struct db_stmt *stmt, struct value *row, size_t count);

#endif
