/* SPDX-License-Identifier: BSD-2-Clause */
/* json: one object per line. json-pretty: the same with line breaks. */
#include "consumer/print/format.h"
#include "consumer/print/json_row.h"

static int write_row(struct print *print, const struct value *row, const char *color)
{
	(void)color;
	json_row_write(print->buffer, print->format->kind & PRINT_PRETTY, print->table,
		       print->chosen ? &print->list : NULL, row);
	return 0;
}

const struct format format_json = { .kind = PRINT_JSON, .row = write_row };
const struct format format_json_pretty = { .kind = PRINT_JSON | PRINT_PRETTY, .row = write_row };
