/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CRI_CONSUMER_PRINT_JSON_ROW_H
#define CRI_CONSUMER_PRINT_JSON_ROW_H

#include <stdbool.h>
#include <stdio.h>

#include "consumer/print/column.h"
#include "consumer/text/json.h"

/*
 * A row as one JSON object and a newline. list NULL: every column that applies to the row's type; else
 * exactly these, null where they do not apply. Members "a.b" that follow each other make an object "a",
 * which is null when all of them are. Text-only columns are left out.
 */
void json_row_write(FILE *out, bool pretty, const struct column_table *table, const struct column_list *list,
		    const struct value *row);

/* The same members inside an object that is already open. */
void json_row_members(struct json *json, const struct column_table *table, const struct column_list *list,
			const struct value *row);

#endif
