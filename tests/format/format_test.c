/* SPDX-License-Identifier: BSD-2-Clause */
/* test: the names of the columns, a line per row. With its row of FORMATS this is all that an output format needs. */
#include "consumer/print/format.h"

static int write_row(struct print *print, const struct value *row, const char *color)
{
	(void)row;
	(void)color;
	for (size_t i = 0; i < print->list.count; i++)
		(void)fprintf(print->buffer, "%s%s", i ? " " : "", print->table->columns[print->list.index[i]].name);
	(void)fputc('\n', print->buffer);
	return 0;
}

const struct format format_test = { .row = write_row };
