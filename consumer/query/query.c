/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/query.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/query/event_kind.h"
#include "consumer/query/sql.h"
#include "consumer/store/db.h"
#include "consumer/store/event_join.h"
#include "consumer/text/event_type.h"

#define PAGE_ROWS  10000   /* read per page: well below the two seconds that a transaction may take */
#define PAGE_MAX   1000000 /* ids per page when hardly any of them match */
#define PLACES_MAX 2000	   /* cgroups listed by number; with more, the cgroup of each row is checked instead */

struct query_point {
	int64_t time, id;
};

struct query {
	struct db *db;
	const struct filter *filter;
	enum access_path path; /* by time: in the order (time, id); else in the order of ids */
	bool newest_first;
	bool nothing;		      /* no event can match */
	int64_t after, up_to;	      /* the caller's: after < id <= up_to */
	struct query_point low, high; /* not read yet: above low, up to and including high */
	int64_t *places;
	size_t place_count;
	int64_t page_ids;	      /* of the next page, unless by time */
	uint64_t page_rows;	      /* read on this page */
	struct query_point last_seen; /* of the row given to the callback last */
	query_row *each;	      /* the caller's callback, during a page */
	void *context;
	int answer; /* of the callback */
};

int query_last_id(struct db *db, int64_t *ret)
{
	return db_number(db, 0, ret, "SELECT max(id) FROM event");
}

int query_nearest_id(struct db *db, int64_t low, int64_t high, bool last, int64_t *ret)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r;

	sql_addf(sql, "SELECT id FROM event WHERE id > %" PRId64 " AND id <= %" PRId64 " ORDER BY id %s LIMIT 1", low,
		 high, last ? "DESC" : "ASC");
	r = sql_prepare(sql, db, &stmt);
	if (r == 0)
		r = db_step(stmt);
	if (r > 0)
		*ret = db_int(stmt, 0);
	return r;
}

/* ------------------------------------------------------------------ the access path */

/* Lists the cgroups that match the filter, by number. -E2BIG: there are more than PLACES_MAX. */
static int find_places(struct query *query)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	AUTO_FREE int64_t *places = calloc(PLACES_MAX, sizeof(*places));
	size_t count = 0;
	int r;

	sql_add(sql, "SELECT g.cgroup FROM cgroup g" CGROUP_JOIN " WHERE 1");
	filter_add_place(query->filter, sql);
	r = places ? sql_prepare(sql, query->db, &stmt) : -ENOMEM;
	if (r < 0)
		return r;
	while ((r = db_step(stmt)) > 0) {
		if (count == PLACES_MAX)
			return -E2BIG;
		places[count++] = db_int(stmt, 0);
	}
	if (r < 0)
		return r;
	query->places = TAKE_PTR(places);
	query->place_count = count;
	return 0;
}

/* Only ids from first to last can match; first > last: none can. */
static void narrow_to_ids(struct query *query, int64_t first, int64_t last)
{
	query->nothing = first > last;
	if (first > query->low.id)
		query->low.id = first - 1;
	if (last < query->high.id)
		query->high.id = last;
}

/* Narrows the ids to the range in which the listed cgroups have events: most containers run only for a short time. */
static int narrow_to_places(struct query *query)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int64_t first = INT64_MAX, last = INT64_MIN;
	int r = access_path_prepare(query->db,
				    "SELECT (SELECT min(id) FROM event" INDEX_CGROUP " WHERE cgroup = ?1),"
				    " (SELECT max(id) FROM event" INDEX_CGROUP " WHERE cgroup = ?1)",
				    &stmt);

	for (size_t i = 0; r >= 0 && i < query->place_count; i++) {
		db_bind_int(stmt, 1, query->places[i]);
		r = db_step(stmt);
		if (r > 0 && !db_is_null(stmt, 0)) {
			first = db_int(stmt, 0) < first ? db_int(stmt, 0) : first;
			last = db_int(stmt, 1) > last ? db_int(stmt, 1) : last;
		}
		db_reset(stmt);
	}
	if (r < 0)
		return r;
	narrow_to_ids(query, first, last);
	return 0;
}

static int narrow_to_database(struct query *query)
{
	int64_t first, last;
	int r = db_number(query->db, 1, &first, "SELECT min(id) FROM event");

	if (r == 0)
		r = query_last_id(query->db, &last);
	if (r < 0)
		return r;
	narrow_to_ids(query, first, last);
	return 0;
}

static int choose_path(struct query *query)
{
	const struct filter *filter = query->filter;
	int r;

	query->low = (struct query_point){ filter->since, INT64_MIN };
	query->high = (struct query_point){ filter->until, INT64_MAX };
	query->path = ACCESS_BY_TIME;
	if (query->after > 0) {
		query->path = ACCESS_BY_ID; /* --follow: only what is new */
	} else if (filter_has_place(filter)) {
		r = find_places(query);
		if (r < 0 && r != -E2BIG)
			return r;
		if (r == 0)
			query->path = ACCESS_BY_CGROUP;
	} else if (filter->types && !((filter->types >> TYPE_PROCESS_EXIT) & 1)) {
		query->path = ACCESS_BY_TYPE;
	}
	if (query->path == ACCESS_BY_TIME)
		return 0;

	query->low = (struct query_point){ .id = query->after };
	query->high = (struct query_point){ .id = query->up_to };
	return query->path == ACCESS_BY_CGROUP ? narrow_to_places(query) : narrow_to_database(query);
}

int query_open(struct db *db, const struct filter *filter, int64_t after, int64_t up_to, bool newest_first,
	       struct query **ret)
{
	CLEANUP(query_cleanup) struct query *query = calloc(1, sizeof(*query));
	int r;

	if (!query)
		return -ENOMEM;
	query->db = db;
	query->filter = filter;
	query->after = after;
	query->up_to = up_to;
	query->newest_first = newest_first;
	query->page_ids = PAGE_ROWS;
	r = choose_path(query);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(query);
	return 0;
}

void query_close(struct query *query)
{
	if (!query)
		return;
	free(query->places);
	free(query);
}

void query_cleanup(struct query **query)
{
	query_close(*query);
}

/* ------------------------------------------------------------------ pages */

static bool is_before(const struct query *query, struct query_point a, struct query_point b)
{
	if (query->path == ACCESS_BY_TIME && a.time != b.time)
		return a.time < b.time;
	return a.id < b.id;
}

/* (time, id) above low and up to high. SQLite searches the index by the plain comparisons of the time. */
static void add_time_range(struct sql *sql, struct query_point low, struct query_point high)
{
	sql_add(sql, " AND e.time >= ");
	sql_add_int(sql, low.time);
	sql_add(sql, " AND e.time <= ");
	sql_add_int(sql, high.time);
	sql_add(sql, " AND (e.time, e.id) > (");
	sql_add_int(sql, low.time);
	sql_add(sql, ", ");
	sql_add_int(sql, low.id);
	sql_add(sql, ") AND (e.time, e.id) <= (");
	sql_add_int(sql, high.time);
	sql_add(sql, ", ");
	sql_add_int(sql, high.id);
	sql_add(sql, ")");
}

/* The end of a page by time: PAGE_ROWS entries of the index further. */
static int time_page_end(struct query *query, struct query_point *end)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	const char *direction = query->newest_first ? "DESC" : "ASC";
	int r;

	sql_add(sql, "SELECT e.time, e.id FROM event e" INDEX_TIME " WHERE 1");
	add_time_range(sql, query->low, query->high);
	sql_addf(sql, " ORDER BY e.time %s, e.id %s LIMIT 1 OFFSET %d", direction, direction, PAGE_ROWS);
	r = sql_prepare(sql, query->db, &stmt);
	if (r < 0)
		return r;
	r = db_step(stmt);
	if (r < 0)
		return r;
	if (r > 0)
		*end = (struct query_point){ db_int(stmt, 0), db_int(stmt, 1) };
	else
		*end = query->newest_first ? query->low : query->high;
	return 0;
}

/* Skips ids that no event has: a row far from all others must not cost a page for each PAGE_MAX of them. 1; 0: no event
 * is left; or negative errno. */
static int skip_ids(struct query *query)
{
	int64_t id;
	int r = query_nearest_id(query->db, query->low.id, query->high.id, query->newest_first, &id);

	if (r > 0 && query->newest_first)
		query->high.id = id;
	else if (r > 0)
		query->low.id = id - 1;
	return r;
}

static int page_end(struct query *query, struct query_point *end)
{
	bool is_last;

	if (query->path == ACCESS_BY_TIME)
		return time_page_end(query, end);
	*end = query->newest_first ? query->low : query->high;
	is_last = query->high.id <= query->low.id ||
		  (uint64_t)query->high.id - (uint64_t)query->low.id <= (uint64_t)query->page_ids;
	if (!is_last)
		end->id = query->newest_first ? query->high.id - query->page_ids : query->low.id + query->page_ids;
	return 0;
}

/* Rows found through an index can be far apart: then the next page covers more ids. Without an index every id is read. */
static void adapt_page(struct query *query)
{
	if (query->path == ACCESS_BY_ID)
		return;
	if (query->page_rows < PAGE_ROWS / 4 && query->page_ids < PAGE_MAX)
		query->page_ids *= 4;
	else if (query->page_rows > 2 * PAGE_ROWS && query->page_ids > PAGE_ROWS)
		query->page_ids /= 4;
}

static void add_places(const struct query *query, struct sql *sql)
{
	if (query->path == ACCESS_BY_CGROUP) {
		sql_add(sql, " AND e.cgroup IN (");
		for (size_t i = 0; i < query->place_count; i++)
			sql_addf(sql, "%s%" PRId64, i ? "," : "", query->places[i]);
		sql_add(sql, ")");
	} else if (filter_has_place(query->filter)) {
		sql_add(sql, " AND +e.cgroup IN (SELECT g.cgroup FROM cgroup g" CGROUP_JOIN " WHERE 1");
		filter_add_place(query->filter, sql);
		sql_add(sql, ")");
	}
}

static void add_id_range(struct sql *sql, const char *expression, int64_t low, int64_t high)
{
	sql_addf(sql, " AND %s > ", expression);
	sql_add_int(sql, low);
	sql_addf(sql, " AND %s <= ", expression);
	sql_add_int(sql, high);
}

static struct sql *build_page(const struct query *query, struct query_point low, struct query_point high)
{
	const char *direction = query->newest_first ? "DESC" : "ASC";
	struct sql *sql = query_build(query->path);

	if (query->path == ACCESS_BY_TIME) {
		add_time_range(sql, low, high);
		add_id_range(sql, "+e.id", query->after, query->up_to);
	} else {
		add_id_range(sql, "e.id", low.id, high.id);
		sql_add(sql, " AND +e.time >= ");
		sql_add_int(sql, query->filter->since);
		sql_add(sql, " AND +e.time <= ");
		sql_add_int(sql, query->filter->until);
	}
	add_places(query, sql);
	filter_add_event(query->filter, sql);
	if (query->path == ACCESS_BY_TIME)
		sql_addf(sql, " ORDER BY e.time %s, e.id %s", direction, direction);
	else
		sql_addf(sql, " ORDER BY e.id %s", direction);
	return sql;
}

static bool grep_matches(const struct filter *filter, const struct value *row)
{
	static const unsigned int searched[] = {
		FIELD_TYPE,    FIELD_COMM,     FIELD_CGROUP,	    FIELD_CONTAINER_ID,	   FIELD_CONTAINER_NAME,
		FIELD_POD_UID, FIELD_POD_NAME, FIELD_POD_NAMESPACE, FIELD_CONTAINER_IMAGE,
	};
	const char *texts[ARRAY_SIZE(searched) + 1];
	char sentence[FILTER_SENTENCE_MAX] = "";

	if (!filter->grep)
		return true;
	if (filter->describe)
		filter->describe(row, sentence, sizeof(sentence));
	for (size_t i = 0; i < ARRAY_SIZE(searched); i++)
		texts[i] = row[searched[i]].kind == VALUE_TEXT ? row[searched[i]].text : NULL;
	texts[ARRAY_SIZE(searched)] = filter->describe ? sentence : NULL;
	return filter_grep_matches(filter, texts, ARRAY_SIZE(texts));
}

static int page_row(void *context, const struct value *row)
{
	struct query *query = context;

	query->page_rows++;
	if (!grep_matches(query->filter, row))
		return 0;
	query->last_seen = (struct query_point){ row[FIELD_TIME].number, row[FIELD_ID].number };
	query->answer = query->each(query->context, row);
	return query->answer;
}

/* Reads the rows from low, or from end when newest first. 0 or negative errno. */
static int read_page(struct query *query, struct query_point end)
{
	CLEANUP(sql_cleanup) struct sql *sql = query->newest_first ? build_page(query, end, query->high)
								    : build_page(query, query->low, end);

	query->page_rows = 0;
	query->answer = 0;
	return query_run(query->db, sql, page_row, query);
}

int query_page(struct query *query, query_row *each, void *context)
{
	struct query_point end;
	int r;

	if (query->nothing || !is_before(query, query->low, query->high))
		return 0;
	r = query->path == ACCESS_BY_TIME ? 1 : skip_ids(query);
	if (r <= 0)
		return r;
	query->each = each;
	query->context = context;
	r = page_end(query, &end);
	if (r == 0)
		r = read_page(query, end);
	if (r < 0 || query->answer)
		return r;

	adapt_page(query);
	if (query->newest_first)
		query->high = end;
	else
		query->low = end;
	return is_before(query, query->low, query->high);
}

static int count_down(void *context, const struct value *row)
{
	uint64_t *left = context;

	(void)row;
	(*left)--;
	return *left == 0;
}

int query_last(struct query *query, uint64_t n, bool newest_first)
{
	struct query_point high = query->high;
	struct query_point low = query->low;
	uint64_t left = n;
	int r;

	if (n == 0) {
		query->nothing = true;
		return 0;
	}
	do {
		r = query_page(query, count_down, &left);
	} while (r > 0 && left > 0);
	if (r < 0)
		return r;

	query->low = low;
	query->high = high;
	query->newest_first = newest_first;
	if (left == 0) {
		/* Just below the n-th row from the end. */
		query->low = query->last_seen;
		query->low.id--;
	}
	return 0;
}

/* ------------------------------------------------------------------ gaps */

int query_has_gap(struct db *db, const struct filter *filter, bool *ret)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r;

	sql_add(sql, "SELECT 1 FROM gap a CROSS JOIN event e ON e.id = a.id WHERE coalesce(a.from_time, e.time) <= ");
	sql_add_int(sql, filter->until);
	sql_add(sql, " AND (a.to_time IS NULL OR a.to_time >= ");
	sql_add_int(sql, filter->since);
	sql_add(sql, ")");
	filter_add_boot(filter, sql, "e.boot");
	sql_add(sql, " LIMIT 1");
	r = sql_prepare(sql, db, &stmt);
	if (r < 0)
		return r;
	r = db_step(stmt);
	if (r < 0)
		return r;
	*ret = r > 0;
	return 0;
}
