/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading events. A long answer is read in pages, each a short transaction: while a transaction reads, the WAL cannot be
 * truncated. A page reads a bounded number of rows, whether they match or not.
 */
#ifndef CRI_CONSUMER_QUERY_QUERY_H
#define CRI_CONSUMER_QUERY_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "consumer/query/access_path.h"
#include "consumer/query/filter.h"
#include "consumer/query/value.h"

struct db;
struct query;
struct sql;

/* Called per row with the values of event_kind.h, valid during the call. Returns 0: go on; 1: enough; negative errno:
 * stop with it. */
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
 * Restricts a query that was opened newest first to its n newest matching events. The pages that follow give them newest
 * first, or else in the order of arrival. 0 or negative errno.
 */
int query_last(struct query *query, uint64_t n, bool newest_first);

/* The event of this id, or all kills of this incident in order. 0, also when there is none, or negative errno. */
int query_event(struct db *db, int64_t id, query_row *each, void *context);
int query_incident(struct db *db, int64_t incident, query_row *each, void *context);

/*
 * For other selections: the SELECT of all event columns up to " WHERE 1" and the condition of the access path; the caller
 * adds conditions and an order, and frees it (sql_free) after query_run, which returns 0 or negative errno.
 */
struct sql *query_build(enum access_path path);
int query_run(struct db *db, struct sql *sql, query_row *each, void *context);

/* 1 and the lowest id (last: the highest) above low and up to high; 0: there is none; or negative errno. */
int query_nearest_id(struct db *db, int64_t low, int64_t high, bool last, int64_t *ret);

/* Highest id stored, 0 when there is none. */
int query_last_id(struct db *db, int64_t *ret);

/* Whether a gap overlaps the filter's times and boot. */
int query_has_gap(struct db *db, const struct filter *filter, bool *ret);

#endif
