/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading events. A long answer is read in pages, each a short transaction: an open read keeps the
 * recorder from shortening its log. A page covers a bounded number of rows looked at, whether they match
 * or not.
 */
#ifndef CRI_CONSUMER_QUERY_QUERY_H
#define CRI_CONSUMER_QUERY_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "consumer/query/filter.h"
#include "consumer/query/value.h"

struct db;
struct query;
struct sql;

/* Called per row with the values of event_columns, valid during the call. 0: go on; 1: enough; negative
 * errno: stop. */
typedef int query_row(void *context, const struct value *row);

/*
 * Events that match, with after < id <= up_to (INT64_MAX: no bound), in order of arrival or newest first.
 * The filter must outlive the query. Free with query_close.
 */
int query_open(struct db *db, const struct filter *filter, int64_t after, int64_t up_to, bool newest_first,
	       struct query **ret);
void query_close(struct query *query);
void query_cleanup(struct query **query);

/* Reads one page. 1: there may be more; 0: that was all, or the callback had enough; negative errno. */
int query_page(struct query *query, query_row *each, void *context);

/*
 * Restricts a query opened newest first to the n newest matching events, and turns it round unless
 * newest_first: the pages that follow give them in that order. 0 or negative errno.
 */
int query_last(struct query *query, uint64_t n, bool newest_first);

/* The events of this id, or of this incident (all its kills, in order). 0 or negative errno; a missing one
 * is no failure: each is just not called. */
int query_event(struct db *db, int64_t id, query_row *each, void *context);
int query_incident(struct db *db, int64_t incident, query_row *each, void *context);

/*
 * For other questions: the SELECT of all event columns up to " WHERE 1", to which conditions and an order are
 * added; index: " INDEXED BY ..." or "". The caller frees it (sql_free) after query_run.
 */
struct sql *query_build(const char *index);
int query_run(struct db *db, struct sql *sql, query_row *each, void *context);

/* 1 and the lowest id (last: the highest) above low and up to high; 0: there is none; or negative errno. */
int query_nearest_id(struct db *db, int64_t low, int64_t high, bool last, int64_t *ret);

/* Highest id stored, 0 when there is none. */
int query_last_id(struct db *db, int64_t *ret);

/* Whether a gap overlaps the filter's times and boot. */
int query_has_gap(struct db *db, const struct filter *filter, bool *ret);

/* A single number of a statement without values; *ret stays when there is no row or it is NULL. */
int query_number(struct db *db, const char *text, int64_t *ret);

#endif
