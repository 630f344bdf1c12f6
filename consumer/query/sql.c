/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/sql.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consumer/query/access_path.h"
#include "consumer/store/db.h"

#define SQL_VALUES_MAX 512 /* enough for all filters with all lists full */

struct sql_value {
	char *text; /* NULL: the value is the number */
	size_t length;
	int64_t number;
};

struct sql {
	char *text;
	size_t length, room;
	struct sql_value values[SQL_VALUES_MAX];
	size_t count;
	int error;
};

struct sql *sql_new(void)
{
	return calloc(1, sizeof(struct sql));
}

void sql_free(struct sql *sql)
{
	if (!sql)
		return;
	for (size_t i = 0; i < sql->count; i++)
		free(sql->values[i].text);
	free(sql->text);
	free(sql);
}

void sql_cleanup(struct sql **sql)
{
	sql_free(*sql);
}

static int reserve(struct sql *sql, size_t more)
{
	size_t room = sql->room ? sql->room : 1024;
	char *text;

	while (room < sql->length + more + 1)
		room *= 2;
	if (room == sql->room)
		return 0;
	text = realloc(sql->text, room);
	if (!text) {
		sql->error = -ENOMEM;
		return -ENOMEM;
	}
	sql->text = text;
	sql->room = room;
	return 0;
}

void sql_add(struct sql *sql, const char *text)
{
	size_t length = strlen(text);

	if (!sql || sql->error || reserve(sql, length) < 0)
		return;
	(void)memcpy(sql->text + sql->length, text, length + 1);
	sql->length += length;
}

void sql_addf(struct sql *sql, const char *format, ...)
{
	char text[1024];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (sql && (length < 0 || (size_t)length >= sizeof(text)))
		sql->error = -E2BIG;
	else
		sql_add(sql, text);
}

static struct sql_value *add_value(struct sql *sql)
{
	if (!sql || sql->error)
		return NULL;
	if (sql->count == SQL_VALUES_MAX) {
		sql->error = -E2BIG;
		return NULL;
	}
	sql_add(sql, "?");
	return &sql->values[sql->count++];
}

void sql_add_text(struct sql *sql, const char *text, size_t length)
{
	struct sql_value *value = add_value(sql);

	if (!value)
		return;
	value->text = malloc(length + 1);
	if (!value->text) {
		sql->error = -ENOMEM;
		return;
	}
	(void)memcpy(value->text, text, length);
	value->text[length] = '\0';
	value->length = length;
}

void sql_add_int(struct sql *sql, int64_t number)
{
	struct sql_value *value = add_value(sql);

	if (value)
		value->number = number;
}

const char *sql_string(const struct sql *sql)
{
	return sql && !sql->error && sql->text ? sql->text : "";
}

int sql_prepare(struct sql *sql, struct db *db, struct db_stmt **ret)
{
	struct db_stmt *stmt;
	int r;

	if (!sql)
		return -ENOMEM;
	if (sql->error)
		return sql->error;
	r = access_path_prepare(db, sql_string(sql), &stmt);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sql->count; i++) {
		const struct sql_value *value = &sql->values[i];

		if (value->text)
			db_bind_text(stmt, (int)i + 1, value->text, value->length);
		else
			db_bind_int(stmt, (int)i + 1, value->number);
	}
	*ret = stmt;
	return 0;
}
