/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/db_stmt.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/store/db_internal.h"
#include "consumer/text/clock.h"

struct db_stmt {
	struct db *db;
	sqlite3_stmt *handle;
	struct db_stmt *next;
	struct db_stmt **link; /* what points at this one */
	int bind_code;	       /* of the first value since the last step that could not be bound */
};

/* True when only blanks and comments follow. */
static bool is_last(struct db *db, const char *tail)
{
	sqlite3_stmt *next = NULL;
	bool last = sqlite3_prepare_v2(db->handle, tail, -1, &next, NULL) == SQLITE_OK && !next;

	(void)sqlite3_finalize(next);
	return last;
}

int db_prepare(struct db *db, const char *sql, struct db_stmt **ret)
{
	struct db_stmt *stmt = calloc(1, sizeof(*stmt));
	const char *tail = NULL;

	if (!stmt)
		return -ENOMEM;

	int r = db_result(db, sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt->handle, &tail));

	if (!r && !stmt->handle)
		r = db_set_error(db, -EINVAL, "no statement");
	else if (!r && *tail && !is_last(db, tail))
		r = db_set_error(db, -EINVAL, "more than one statement");
	if (r) {
		const char *message = db->error_message;

		/* Finalizing what was never stepped leaves SQLite's own message alone. */
		(void)sqlite3_finalize(stmt->handle);
		free(stmt);
		return db_set_error(db, r, message);
	}

	stmt->db = db;
	stmt->next = db->statements;
	stmt->link = &db->statements;
	if (stmt->next)
		stmt->next->link = &stmt->next;
	db->statements = stmt;
	*ret = stmt;
	return 0;
}

void db_finish(struct db_stmt *stmt)
{
	if (!stmt)
		return;
	(void)sqlite3_finalize(stmt->handle);
	*stmt->link = stmt->next;
	if (stmt->next)
		stmt->next->link = stmt->link;
	free(stmt);
}

int db_prepare_all(struct db *db, const char *const *sql, size_t count, struct db_stmt **ret)
{
	int r = 0;

	for (size_t i = 0; !r && i < count; i++)
		r = db_prepare(db, sql[i], &ret[i]);
	return r;
}

void db_finish_all(struct db_stmt **stmts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		db_finish(stmts[i]);
		stmts[i] = NULL;
	}
}

static void note_bind(struct db_stmt *stmt, int code)
{
	if (stmt->bind_code == SQLITE_OK)
		stmt->bind_code = code;
}

void db_bind_int(struct db_stmt *stmt, int position, int64_t value)
{
	note_bind(stmt, sqlite3_bind_int64(stmt->handle, position, value));
}

void db_bind_text(struct db_stmt *stmt, int position, const char *text, size_t length)
{
	note_bind(stmt, sqlite3_bind_text64(stmt->handle, position, text, length, SQLITE_STATIC, SQLITE_UTF8));
}

void db_bind_null(struct db_stmt *stmt, int position)
{
	note_bind(stmt, sqlite3_bind_null(stmt->handle, position));
}

void db_bind_string(struct db_stmt *stmt, int position, const char *text)
{
	if (text && *text)
		db_bind_text(stmt, position, text, strlen(text));
	else
		db_bind_null(stmt, position);
}

void db_bind_nonzero(struct db_stmt *stmt, int position, int64_t value)
{
	if (value)
		db_bind_int(stmt, position, value);
	else
		db_bind_null(stmt, position);
}

void db_bind_u64(struct db_stmt *stmt, int position, uint64_t value)
{
	if (value <= INT64_MAX)
		db_bind_int(stmt, position, (int64_t)value);
	else
		db_bind_null(stmt, position);
}

int db_parameter_index(struct db_stmt *stmt, const char *name)
{
	return sqlite3_bind_parameter_index(stmt->handle, name);
}

int db_step(struct db_stmt *stmt)
{
	struct db *db = stmt->db;

	if (db->limit_ns && !sqlite3_stmt_busy(stmt->handle))
		db->deadline_ns = clock_monotonic_ns() + db->limit_ns;

	int code = stmt->bind_code;

	stmt->bind_code = SQLITE_OK;
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt->handle);

	if (code == SQLITE_ROW)
		return 1;

	int r = db_result(db, code);

	(void)sqlite3_reset(stmt->handle);
	return r;
}

void db_reset(struct db_stmt *stmt)
{
	(void)sqlite3_reset(stmt->handle);
}

int db_run(struct db_stmt *stmt)
{
	int r = db_step(stmt);

	if (r > 0) {
		db_reset(stmt);
		return db_set_error(stmt->db, -EINVAL, "a row where none was expected");
	}
	return r;
}

int db_step_number(struct db_stmt *stmt, int64_t otherwise, int64_t *ret)
{
	int r = db_step(stmt);

	if (r < 0)
		return r;
	*ret = r > 0 && !db_is_null(stmt, 0) ? db_int(stmt, 0) : otherwise;
	db_reset(stmt);
	return 0;
}

int db_exec_format(struct db *db, const char *format, ...)
{
	AUTO_FREE char *sql = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&sql, format, args);
	va_end(args);
	return n < 0 ? -ENOMEM : db_exec(db, sql);
}

static int __attribute__((format(printf, 3, 0)))
prepare_format(struct db *db, struct db_stmt **ret, const char *format, va_list args)
{
	char *sql = NULL;
	int r = vasprintf(&sql, format, args) < 0 ? -ENOMEM : db_prepare(db, sql, ret);

	free(sql);
	return r;
}

int db_prepare_format(struct db *db, struct db_stmt **ret, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = prepare_format(db, ret, format, args);
	va_end(args);
	return r;
}

int db_number(struct db *db, int64_t otherwise, int64_t *ret, const char *format, ...)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	va_list args;
	int r;

	va_start(args, format);
	r = prepare_format(db, &stmt, format, args);
	va_end(args);
	return r ? r : db_step_number(stmt, otherwise, ret);
}

int db_columns(struct db_stmt *stmt)
{
	return sqlite3_column_count(stmt->handle);
}

const char *db_column_name(struct db_stmt *stmt, int column)
{
	return sqlite3_column_name(stmt->handle, column);
}

bool db_is_null(struct db_stmt *stmt, int column)
{
	return sqlite3_column_type(stmt->handle, column) == SQLITE_NULL;
}

bool db_is_number(struct db_stmt *stmt, int column)
{
	int type = sqlite3_column_type(stmt->handle, column);

	return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

int64_t db_int(struct db_stmt *stmt, int column)
{
	return sqlite3_column_int64(stmt->handle, column);
}

double db_double(struct db_stmt *stmt, int column)
{
	return sqlite3_column_double(stmt->handle, column);
}

const char *db_text(struct db_stmt *stmt, int column, size_t *ret_length)
{
	const char *text = (const char *)sqlite3_column_text(stmt->handle, column);

	if (text && ret_length)
		*ret_length = (size_t)sqlite3_column_bytes(stmt->handle, column);
	return text;
}
