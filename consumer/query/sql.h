/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SQL text that is put together piece by piece, with the values of its parameters. Text from the user or the database is
 * only ever a parameter. The first failure is kept and returned by sql_prepare: pieces need no check.
 */
#ifndef CRI_CONSUMER_QUERY_SQL_H
#define CRI_CONSUMER_QUERY_SQL_H

#include <stddef.h>
#include <stdint.h>

struct db;
struct db_stmt;
struct sql;

/* NULL: no memory; every function accepts NULL. */
struct sql *sql_new(void);
void sql_free(struct sql *sql);
void sql_cleanup(struct sql **sql);

/* Text of the program. */
void sql_add(struct sql *sql, const char *text);
void sql_addf(struct sql *sql, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A parameter; text is copied. */
void sql_add_text(struct sql *sql, const char *text, size_t length);
void sql_add_int(struct sql *sql, int64_t number);

/* The text so far, for tests; "" after a failure. */
const char *sql_string(const struct sql *sql);

/* Prepares the statement and binds the values, which the sql owns: it must outlive the statement. 0 or negative errno. */
int sql_prepare(struct sql *sql, struct db *db, struct db_stmt **ret);

#endif
