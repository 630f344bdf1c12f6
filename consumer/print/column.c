/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/print/column.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "consumer/text/time_words.h"

typedef int compare_words(const char *a, const char *b, size_t length);

static bool word_is(const char *word, size_t length, const char *name, compare_words *compare)
{
	return name && strlen(name) == length && compare(word, name, length) == 0;
}

static bool word_is_object(const char *word, size_t length, const struct column *column)
{
	const char *name = column->flags & COLUMN_PLAIN ? NULL : column->name;

	return name && strlen(name) > length && name[length] == '.' && strncasecmp(word, name, length) == 0;
}

static int list_add(struct column_list *list, size_t index)
{
	if (list->count == COLUMN_LIST_MAX)
		return -E2BIG;
	list->index[list->count++] = (unsigned int)index;
	return 0;
}

/* The index of the column with this header (text only), else with this name; -ENOENT when there is none. */
static int find_column(const struct column_table *table, const char *word, size_t length, bool text,
		       compare_words *compare)
{
	for (size_t i = 0; text && i < table->count; i++)
		if (word_is(word, length, table->columns[i].header, compare))
			return (int)i;
	for (size_t i = 0; i < table->count; i++)
		if (word_is(word, length, table->columns[i].name, compare))
			return (int)i;
	return -ENOENT;
}

/* Adds the columns one word names; -ENOENT when there is none. An exact match wins over another case, and a single
 * column over an object's members. */
static int list_add_word(const struct column_table *table, const char *word, size_t length, bool text,
			 struct column_list *list)
{
	int r = find_column(table, word, length, text, strncmp);

	if (r < 0)
		r = find_column(table, word, length, text, strncasecmp);
	if (r >= 0)
		return list_add(list, (size_t)r);
	for (size_t i = 0; i < table->count; i++)
		if (word_is_object(word, length, &table->columns[i])) {
			r = list_add(list, i);
			if (r < 0)
				return r;
		}
	return r;
}

static void list_names(const struct column_table *table, bool text, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < table->count && used < size; i++) {
		const struct column *column = &table->columns[i];
		const char *name = column->name || !text ? column->name : column->header;

		if (!name || (column->flags & COLUMN_REPEAT))
			continue;
		used += (size_t)snprintf(out + used, size - used, "%s%s", used ? "," : "", name);
	}
}

int column_list_parse(const struct column_table *table, const char *words, bool text, struct column_list *ret,
		      char *message, size_t message_size)
{
	struct column_list list = { 0 };
	const char *at = words;

	if (!words) {
		column_list_all(table, ret);
		return 0;
	}

	for (;;) {
		size_t length = strcspn(at, ",");
		int r = length ? list_add_word(table, at, length, text, &list) : -ENOENT;

		if (r == -E2BIG) {
			(void)snprintf(message, message_size, "more than %d fields", COLUMN_LIST_MAX);
			return -EINVAL;
		}
		if (r < 0) {
			char names[2048] = "";

			list_names(table, text, names, sizeof(names));
			(void)snprintf(message, message_size, "no field \"%.*s\"; there are %s", (int)length, at,
				       names);
			return -EINVAL;
		}
		if (!at[length])
			break;
		at += length + 1;
	}
	*ret = list;
	return 0;
}

void column_list_all(const struct column_table *table, struct column_list *ret)
{
	ret->count = 0;
	for (size_t i = 0; i < table->count; i++)
		if (table->columns[i].name && !(table->columns[i].flags & COLUMN_REPEAT))
			(void)list_add(ret, i);
}

bool column_applies(const struct column_table *table, const struct column *column, const struct value *row)
{
	const struct value *type;

	if (!column->types || table->type_column < 0)
		return true;
	type = &row[table->type_column];
	if (type->kind != VALUE_INT || type->number < 0 || type->number > 31)
		return false;
	return (column->types >> type->number) & 1;
}

static void format_number(const struct column_style *style, const struct column *column, const struct value *value,
			  char *out, size_t size)
{
	switch (column->type) {
	case COLUMN_BYTES:
		text_format_size(out, size, (uint64_t)value->number);
		break;
	case COLUMN_DURATION:
		text_format_duration(out, size, (uint64_t)value->number);
		break;
	case COLUMN_BOOL:
		(void)snprintf(out, size, "%s", value->number ? "yes" : "no");
		break;
	case COLUMN_UNSIGNED:
		(void)snprintf(out, size, "%" PRIu64, (uint64_t)value->number);
		break;
	case COLUMN_TIME:
		time_format_local(out, size, value->number, style->utc);
		break;
	default:
		if (value->kind == VALUE_REAL)
			(void)snprintf(out, size, "%.4g", value->real);
		else
			(void)snprintf(out, size, "%" PRId64, value->number);
	}
}

void column_format(const struct column_style *style, const struct column *column, const struct value *row,
		   const struct value *value, char *out, size_t size)
{
	if (column->text)
		column->text(style, row, out, size);
	else if (value->kind == VALUE_NULL)
		(void)snprintf(out, size, "-");
	else if (value->kind == VALUE_TEXT)
		(void)text_escape(out, size, value->text, value->length);
	else
		format_number(style, column, value, out, size);
	if (!out[0])
		(void)snprintf(out, size, "-");
}

size_t column_plain(const struct column *column, const struct value *value, char *out, size_t size, const char **ret)
{
	*ret = out;
	out[0] = '\0';
	if (value->kind == VALUE_NULL)
		return 0;
	if (value->kind == VALUE_TEXT) {
		*ret = value->text;
		return value->length;
	}
	if (column->type == COLUMN_TIME)
		time_format_rfc3339(out, size, value->number);
	else if (column->type == COLUMN_BOOL)
		(void)snprintf(out, size, "%s", value->number ? "true" : "false");
	else if (column->type == COLUMN_UNSIGNED)
		(void)snprintf(out, size, "%" PRIu64, (uint64_t)value->number);
	else if (value->kind == VALUE_INT && column->type != COLUMN_REAL)
		(void)snprintf(out, size, "%" PRId64, value->number);
	else
		column_real(out, size, value->real);
	return strlen(out);
}

#define SHORT_ID 12 /* characters of a 64-digit id that runtimes show as well */

static void escape_start(const struct value *value, size_t length, char *out, size_t size)
{
	out[0] = '\0';
	if (value->kind == VALUE_TEXT)
		(void)text_escape(out, size, value->text, length);
}

void column_name_or_id(const struct column_style *style, const struct value *name, const struct value *id, char *out,
		       size_t size)
{
	bool cut = !style->no_trunc && id->kind == VALUE_TEXT && id->length >= 32 &&
		   strspn(id->text, "0123456789abcdef-") == id->length;

	escape_start(name, name->length, out, size);
	if (!out[0])
		escape_start(id, cut ? SHORT_ID : id->length, out, size);
}

void column_escape(const struct value *value, char *out, size_t size)
{
	escape_start(value, value->length, out, size);
}

void column_bytes(const struct value *value, const char *unknown, char *out, size_t size)
{
	if (value->kind == VALUE_INT)
		text_format_size(out, size, (uint64_t)value->number);
	else
		(void)snprintf(out, size, "%s", unknown);
}

void column_real(char *out, size_t size, double real)
{
	out[0] = '\0';
	if (!isfinite(real))
		return;
	(void)snprintf(out, size, "%.15g", real);
	if (strtod(out, NULL) != real)
		(void)snprintf(out, size, "%.17g", real);
}

void column_header(const struct column *column, char *out, size_t size)
{
	const char *text = column->header ? column->header : column->name;
	size_t i;

	(void)text_escape(out, size, text, strlen(text)); /* a query names its columns as it likes */
	if (column->header)
		return;
	for (i = 0; out[i]; i++)
		out[i] = (char)toupper((unsigned char)out[i]);
}
