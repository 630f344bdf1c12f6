/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/print/card.h"

#include <string.h>

void card_print(FILE *out, const struct column_table *table, const struct column_style *style, const struct value *row)
{
	char text[COLUMN_TEXT_MAX];

	for (size_t i = 0; i < table->count; i++) {
		const struct column *column = &table->columns[i];
		bool is_json_only =
			column->name && (strcmp(column->name, "v") == 0 || strstr(column->name, "unix_nano"));

		if (!column->name || is_json_only || !column_applies(table, column, row))
			continue;
		column_format(style, column, row, &row[i], text, sizeof(text));
		(void)fprintf(out, "%22s: %s", column->name, text);
		if (column->type == COLUMN_BYTES && row[i].kind == VALUE_INT && row[i].number >= 1024)
			(void)fprintf(out, " (%lld)", (long long)row[i].number);
		(void)fputc('\n', out);
	}
}
