/* SPDX-License-Identifier: BSD-2-Clause */
/* One value of a result row, and rows of them. Nothing is copied: text lives as long as its source. */
#ifndef CRI_CONSUMER_QUERY_VALUE_H
#define CRI_CONSUMER_QUERY_VALUE_H

#include <stddef.h>
#include <stdint.h>

struct db_stmt;

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
