/* SPDX-License-Identifier: BSD-2-Clause */
/* Prepared statements: binding, stepping, reading columns, and the short forms for one number. Errors are those of db.h. */
#ifndef CRI_CONSUMER_STORE_DB_STMT_H
#define CRI_CONSUMER_STORE_DB_STMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct db_stmt;

/* The statement is valid until db_close or db_finish, whichever is first. */
int db_prepare(struct db *db, const char *sql, struct db_stmt **ret);
/* stmt may be NULL. */
void db_finish(struct db_stmt *stmt);

/* For CLEANUP(cleanup_stmt). */
static inline void cleanup_stmt(struct db_stmt **stmt)
{
	db_finish(*stmt);
}

/* Prepares `count` statements from the texts into ret, and finishes them; NULL is left alone. */
int db_prepare_all(struct db *db, const char *const *sql, size_t count, struct db_stmt **ret);
void db_finish_all(struct db_stmt **stmts, size_t count);

/*
 * Parameters from 1. Text is not copied: it must stay valid until the next step or reset. NULL text binds NULL. A value that
 * cannot be bound makes the next step fail.
 */
void db_bind_int(struct db_stmt *stmt, int position, int64_t value);
void db_bind_text(struct db_stmt *stmt, int position, const char *text, size_t length);
void db_bind_string(struct db_stmt *stmt, int position, const char *text); /* "" binds NULL */
void db_bind_null(struct db_stmt *stmt, int position);
void db_bind_nonzero(struct db_stmt *stmt, int position, int64_t value); /* 0 binds NULL */
/* NULL for a number above INT64_MAX, such as EV_UNKNOWN and EV_UNLIMITED. */
void db_bind_u64(struct db_stmt *stmt, int position, uint64_t value);
int db_parameter_index(struct db_stmt *stmt, const char *name); /* ":since"; 0 when there is none */

/* 1: a row; 0: done, and the statement is reset for its next use; negative: failed and reset. */
int db_step(struct db_stmt *stmt);
/* Ends a statement early, so that it can be bound and stepped again. */
void db_reset(struct db_stmt *stmt);
/* Steps once and expects no row. */
int db_run(struct db_stmt *stmt);
/* Steps once and resets: the first column of the row, or `otherwise` when it is NULL or there is no row. */
int db_step_number(struct db_stmt *stmt, int64_t otherwise, int64_t *ret);

/*
 * SQL made by printf(3) from numbers and from names of tables and columns, never from text of a user: run it, prepare
 * it, or read one number as db_step_number does.
 */
int __attribute__((format(printf, 2, 3))) db_exec_format(struct db *db, const char *format, ...);
int __attribute__((format(printf, 3, 4))) db_prepare_format(struct db *db, struct db_stmt **ret, const char *format, ...);
int __attribute__((format(printf, 4, 5)))
db_number(struct db *db, int64_t otherwise, int64_t *ret, const char *format, ...);

/* Columns from 0. Text may hold any bytes; valid until the next step, reset or finish. */
int db_columns(struct db_stmt *stmt);
const char *db_column_name(struct db_stmt *stmt, int column);
bool db_is_null(struct db_stmt *stmt, int column);
bool db_is_number(struct db_stmt *stmt, int column); /* stored as integer or real */
int64_t db_int(struct db_stmt *stmt, int column);
double db_double(struct db_stmt *stmt, int column);
const char *db_text(struct db_stmt *stmt, int column, size_t *ret_length); /* NULL for NULL */

#endif
