/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/event_counts.h"

#include "common/cleanup.h"
#include "consumer/query/access_path.h"
#include "consumer/query/sql.h"
#include "consumer/store/db.h"
#include "consumer/store/event_join.h"

#define PAGE_IDS 1000000 /* ids per transaction */

/* SELECT over the ids above low and up to high: counts per cgroup and type first, then joins the names. */
static void build_page(const struct filter *filter, int64_t low, int64_t high, struct sql *sql)
{
	bool place = filter_has_place(filter);

	sql_add(sql, "SELECT c.name, c.id, p.name, p.uid, p.namespace, t.name, n.type, n.events, n.failed, n.first, "
		     "n.last, g.path"
		     " FROM (SELECT e.cgroup AS cgroup, e.type AS type, count(*) AS events,"
		     " sum(e.type = 3 AND e.status & 65407 <> 0) AS failed, min(e.time) AS first, max(e.time) AS last"
		     " FROM event e");
	sql_add(sql, place ? INDEX_CGROUP " WHERE e.id > " : INDEX_NONE " WHERE e.id > ");
	sql_add_int(sql, low);
	sql_add(sql, " AND e.id <= ");
	sql_add_int(sql, high);
	sql_add(sql, " AND +e.time >= ");
	sql_add_int(sql, filter->since);
	sql_add(sql, " AND +e.time <= ");
	sql_add_int(sql, filter->until);
	if (place) {
		sql_add(sql, " AND e.cgroup IN (SELECT g.cgroup FROM cgroup g" CGROUP_JOIN " WHERE 1");
		filter_add_place(filter, sql);
		sql_add(sql, ")");
	}
	filter_add_event(filter, sql);
	sql_add(sql, " GROUP BY 1, 2) n LEFT JOIN type t ON t.type = n.type"
		     " LEFT JOIN cgroup g ON g.cgroup = n.cgroup" CGROUP_JOIN);
}

static int count_page(struct db *db, const struct filter *filter, int64_t low, int64_t high, query_row *each, void *context)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	struct value row[COUNT_COLUMNS];
	int r;

	build_page(filter, low, high, sql);
	r = sql_prepare(sql, db, &stmt);
	while (r >= 0 && (r = db_step(stmt)) > 0) {
		value_row(stmt, row, COUNT_COLUMNS);
		r = each(context, row);
	}
	return r;
}

/* Sets the range of ids (above low, up to high) of the events of the time range, so that a short time does not scan the
 * whole table. */
static int find_range(struct db *db, const struct filter *filter, int64_t *ret_low, int64_t *ret_high)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r;

	*ret_low = *ret_high = 0;
	if (filter->since == INT64_MIN && filter->until == INT64_MAX) {
		r = db_number(db, 0, ret_low, "SELECT min(id) - 1 FROM event");
		return r < 0 ? r : query_last_id(db, ret_high);
	}
	sql_add(sql, "SELECT min(id) - 1, max(id) FROM event" INDEX_TIME " WHERE time >= ");
	sql_add_int(sql, filter->since);
	sql_add(sql, " AND time <= ");
	sql_add_int(sql, filter->until);
	r = sql_prepare(sql, db, &stmt);
	if (r == 0)
		r = db_step(stmt);
	if (r > 0) {
		*ret_low = db_int(stmt, 0);
		*ret_high = db_int(stmt, 1);
		db_reset(stmt);
	}
	return r < 0 ? r : 0;
}

int event_counts_read(struct db *db, const struct filter *filter, query_row *each, void *context)
{
	int64_t low, high, next;
	int r = find_range(db, filter, &low, &high);

	while (r == 0 && (r = query_nearest_id(db, low, high, false, &next)) > 0) {
		low = (uint64_t)high - (uint64_t)next < PAGE_IDS ? high : next + PAGE_IDS - 1;
		r = count_page(db, filter, next - 1, low, each, context);
	}
	return r;
}
