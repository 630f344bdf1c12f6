/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SQL text with its values: text from outside is only ever a bound parameter. Failures are remembered and
 * come out at sql_prepare, so that a statement can be put together without a check per piece.
 */
#ifndef CRI_CONSUMER_QUERY_SQL_H
#define CRI_CONSUMER_QUERY_SQL_H

#include <stddef.h>
#include <stdint.h>

struct db;
struct db_stmt;
struct sql;

/* NULL: no memory; every function takes that too. */
struct sql *sql_new(void);
void sql_free(struct sql *sql);
void sql_cleanup(struct sql **sql);

/* Trusted text. */
void sql_add(struct sql *sql, const char *text);
void sql_addf(struct sql *sql, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A "?" with its value; text is copied. */
void sql_add_text(struct sql *sql, const char *text, size_t length);
void sql_add_int(struct sql *sql, int64_t number);

/* The text so far, for tests; "" after a failure. */
const char *sql_string(const struct sql *sql);

/* Prepares and binds. The sql must outlive the statement's use. 0, or a negative errno. */
int sql_prepare(struct sql *sql, struct db *db, struct db_stmt **ret);

/* For CLEANUP on a statement. */
void sql_finish(struct db_stmt **stmt);

#endif
