/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/print/json_row.h"

#include <inttypes.h>
#include <string.h>

#include "consumer/text/time_words.h"

static void write_real(struct json *json, const char *name, double real)
{
	char text[40];

	column_real(text, sizeof(text), real);
	if (!text[0]) {
		json_null(json, name);
		return;
	}
	json_raw(json, name, text, strlen(text));
}

static void write_number(struct json *json, const char *name, const struct column *column,
			 const struct value *value)
{
	if (value->kind == VALUE_REAL || column->type == COLUMN_REAL)
		write_real(json, name, value->real);
	else
		json_int(json, name, value->number);
}

static void write_value(struct json *json, const char *name, const struct column *column, const struct value *value)
{
	char text[40];

	if (value->kind == VALUE_NULL) {
		json_null(json, name);
		return;
	}
	if (value->kind == VALUE_TEXT) {
		json_string(json, name, value->text, value->length);
		return;
	}
	switch (column->type) {
	case COLUMN_BOOL:
		json_bool(json, name, value->number != 0);
		return;
	case COLUMN_TIME:
		time_format_rfc3339(text, sizeof(text), value->number);
		break;
	case COLUMN_DECIMAL:
		(void)snprintf(text, sizeof(text), "%" PRId64, value->number);
		break;
	case COLUMN_UNSIGNED:
		(void)snprintf(text, sizeof(text), "%" PRIu64, (uint64_t)value->number);
		break;
	default:
		write_number(json, name, column, value);
		return;
	}
	json_text(json, name, text);
}

/* Length of "pod" in "pod.uid", 0 for a plain name. */
static size_t object_length(const struct column *column)
{
	const char *name = column->name;
	const char *dot = column->flags & COLUMN_PLAIN ? NULL : strchr(name, '.');

	return dot ? (size_t)(dot - name) : 0;
}

static bool is_shown(const struct column_table *table, const struct column_list *list, unsigned int index,
		     const struct value *row)
{
	const struct column *column = &table->columns[index];

	return column->name && (list || column_applies(table, column, row));
}

/* Writes the object that begins at place `at` of the list; returns the place after it. */
static size_t write_object(struct json *json, const struct column_table *table, const unsigned int *order,
			   size_t count, size_t at, const struct value *row)
{
	const char *first = table->columns[order[at]].name;
	size_t length = object_length(&table->columns[order[at]]);
	size_t end = at;
	bool filled = false;
	char object[64];

	while (end < count && table->columns[order[end]].name && object_length(&table->columns[order[end]]) == length &&
	       strncmp(table->columns[order[end]].name, first, length) == 0) {
		filled |= row[order[end]].kind != VALUE_NULL;
		end++;
	}
	(void)snprintf(object, sizeof(object), "%.*s", (int)length, first);
	if (!filled) {
		json_null(json, object);
		return end;
	}
	json_object(json, object);
	for (size_t i = at; i < end; i++) {
		const struct column *column = &table->columns[order[i]];

		write_value(json, column->name + length + 1, column, &row[order[i]]);
	}
	json_close(json, '}');
	return end;
}

void json_row_members(struct json *json, const struct column_table *table, const struct column_list *list,
			const struct value *row)
{
	unsigned int order[COLUMN_LIST_MAX];
	size_t count = 0;

	for (size_t i = 0; i < (list ? list->count : table->count) && count < COLUMN_LIST_MAX; i++) {
		unsigned int index = list ? list->index[i] : (unsigned int)i;

		if (is_shown(table, list, index, row))
			order[count++] = index;
	}
	for (size_t at = 0; at < count;) {
		const struct column *column = &table->columns[order[at]];

		if (object_length(column)) {
			at = write_object(json, table, order, count, at, row);
		} else {
			write_value(json, column->name, column, &row[order[at]]);
			at++;
		}
	}
}

void json_row_write(FILE *out, bool pretty, const struct column_table *table, const struct column_list *list,
		    const struct value *row)
{
	struct json json = { .out = out, .pretty = pretty };

	json_object(&json, NULL);
	json_row_members(&json, table, list, row);
	json_close(&json, '}');
}
