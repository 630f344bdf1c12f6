/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/value.h"

#include <math.h>
#include <string.h>

#include "consumer/store/db.h"

struct value value_text(const char *text)
{
	if (!text)
		return value_null();
	return (struct value){ .kind = VALUE_TEXT, .text = text, .length = strlen(text) };
}

static struct value value_number(struct db_stmt *stmt, int column)
{
	double real = db_double(stmt, column);
	int64_t number = db_int(stmt, column);

	/* Beyond 2^53 an integer may compare unequal to its own double, but is never fractional. */
	if (!isfinite(real) || (fabs(real) < 9007199254740992.0 && real != (double)number))
		return (struct value){ .kind = VALUE_REAL, .real = real, .number = number };
	return (struct value){ .kind = VALUE_INT, .real = real, .number = number };
}

void value_row(struct db_stmt *stmt, struct value *row, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int column = (int)i;

		if (db_is_null(stmt, column)) {
			row[i] = value_null();
		} else if (db_is_number(stmt, column)) {
			row[i] = value_number(stmt, column);
		} else {
			row[i] = (struct value){ .kind = VALUE_TEXT };
			row[i].text = db_text(stmt, column, &row[i].length);
			if (!row[i].text)
				row[i] = value_null();
		}
	}
}
