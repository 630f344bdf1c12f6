/* SPDX-License-Identifier: BSD-2-Clause */
/* The half of query.h that builds and runs one SELECT of all event columns. */
#include <string.h>

#include "common/cleanup.h"
#include "consumer/query/event_kind.h"
#include "consumer/query/query.h"
#include "consumer/query/sql.h"
#include "consumer/store/db.h"
#include "consumer/store/event_join.h"

/* The first column of a name has the values of all columns of this name: a row has that of its own kind. */
static void add_column(struct sql *sql, size_t index)
{
	const struct event_column *column = event_column(index);
	size_t same = 0;

	for (size_t i = index + 1; column->name && i < event_column_count(); i++) {
		const struct event_column *other = event_column(i);

		if (!other->name || strcmp(other->name, column->name) != 0)
			continue;
		if (same++ == 0)
			sql_addf(sql, "coalesce(%s", column->sql);
		sql_addf(sql, ", %s", other->sql);
	}
	sql_add(sql, same ? ")" : column->sql);
}

struct sql *query_build(enum access_path path)
{
	struct sql *sql = sql_new();

	sql_add(sql, "SELECT ");
	for (size_t i = 0; i < event_column_count(); i++) {
		sql_add(sql, i ? ", " : "");
		add_column(sql, i);
	}
	access_path_add_from(sql, path);
	sql_add(sql, EVENT_JOIN);
	for (size_t i = 0; event_kinds[i]; i++)
		sql_add(sql, event_kinds[i]->join);
	access_path_add_where(sql, path);
	return sql;
}

int query_run(struct db *db, struct sql *sql, query_row *each, void *context)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	struct value row[EVENT_COLUMNS_MAX];
	size_t count = event_column_count();
	int r = sql_prepare(sql, db, &stmt);

	while (r == 0 && (r = db_step(stmt)) > 0) {
		value_row(stmt, row, count);
		r = each(context, row);
	}
	return r < 0 ? r : 0;
}

int query_event(struct db *db, int64_t id, query_row *each, void *context)
{
	CLEANUP(sql_cleanup) struct sql *sql = query_build(ACCESS_ANY);

	sql_add(sql, " AND e.id = ");
	sql_add_int(sql, id);
	return query_run(db, sql, each, context);
}

int query_incident(struct db *db, int64_t incident, query_row *each, void *context)
{
	CLEANUP(sql_cleanup) struct sql *sql = query_build(ACCESS_ANY);

	sql_add(sql, " AND e.id IN (SELECT id FROM oom WHERE incident = ");
	sql_add_int(sql, incident);
	sql_add(sql, ") ORDER BY e.id");
	return query_run(db, sql, each, context);
}
