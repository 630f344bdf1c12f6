/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/container_list.h"

#include <string.h>

#include "common/cleanup.h"
#include "consumer/query/access_path.h"
#include "consumer/query/container_sql.h"
#include "consumer/query/sql.h"
#include "consumer/store/db.h"
#include "consumer/text/event_type.h"

/* Of container c, its pod p, boot b and cgroup g; "this" has one row, the running boot. */
static const char *const expressions[CONTAINER_FIELDS] = {
	[CONTAINER_V] = "1",
	[CONTAINER_ID] = "c.id",
	[CONTAINER_NAME] = "c.name",
	[CONTAINER_RUNTIME] = "c.runtime",
	[CONTAINER_IMAGE] = "c.image",
	[CONTAINER_OWNER_UID] = "c.owner_uid",
	[CONTAINER_POD_UID] = "p.uid",
	[CONTAINER_POD_NAME] = "p.name",
	[CONTAINER_POD_NAMESPACE] = "p.namespace",
	[CONTAINER_POD_QOS] = "p.qos",
	[CONTAINER_OUTER_ID] = "c.outer_id",
	[CONTAINER_BOOT_ID] = "b.boot_id",
	[CONTAINER_CGROUP] = "g.path",
	[CONTAINER_STARTED] = "c.started",
	[CONTAINER_STOPPED] = "c.stopped",
	[CONTAINER_STATE] = "CASE WHEN c.stopped IS NOT NULL THEN 'gone'"
			    " WHEN b.boot_id = this.boot_id THEN 'running' ELSE 'lost' END",
	[CONTAINER_KILLS] = CONTAINER_OOM_KILLS,
	[CONTAINER_EXIT_CODE] = CONTAINER_INIT_EXIT("iif(e.status & 127, NULL, (e.status >> 8) & 255)"),
	[CONTAINER_SIGNAL] = CONTAINER_INIT_EXIT("e.status & 127"),
	[CONTAINER_OOM_KILLED] = CONTAINER_INIT_EXIT("e.flags & 1"),
	[CONTAINER_WAIT_STATUS] = CONTAINER_INIT_EXIT("e.status"),
};

static void build(const struct filter *filter, const struct container_list_options *options, struct sql *sql)
{
	sql_add(sql, "SELECT ");
	for (size_t i = 0; i < CONTAINER_FIELDS; i++)
		sql_addf(sql, "%s%s", i ? ", " : "", expressions[i]);
	sql_add(sql, " FROM (SELECT ");
	sql_add_text(sql, options->boot_id, strlen(options->boot_id));
	sql_add(sql,
		" AS boot_id) this, container c LEFT JOIN pod p ON p.pod = c.pod LEFT JOIN boot b ON b.boot = c.boot"
		" LEFT JOIN cgroup g ON g.cgroup = c.cgroup WHERE coalesce(c.started, 0) <= ");
	sql_add_int(sql, filter->until);
	sql_add(sql, " AND coalesce(c.stopped, 9223372036854775807) >= ");
	sql_add_int(sql, filter->since);
	if (!options->all && !filter->has_boot)
		sql_add(sql, " AND c.stopped IS NULL AND b.boot_id = this.boot_id");
	filter_add_boot(filter, sql, "c.boot");
	filter_add_place(filter, sql);
	if (filter_has_event(filter)) {
		sql_add(sql, " AND EXISTS (SELECT 1 FROM cgroup k JOIN event e ON e.cgroup = k.cgroup"
			     " WHERE k.container = c.container");
		filter_add_event(filter, sql);
		/* Exits are most events: other types have an index of their own, which SQLite may only use with this. */
		if (filter->types && !((filter->types >> TYPE_PROCESS_EXIT) & 1))
			sql_add(sql, CONDITION_TYPE);
		sql_add(sql, ")");
	}
}

static bool grep_matches(const struct filter *filter, const struct value *row)
{
	static const unsigned int searched[] = {
		CONTAINER_ID,	    CONTAINER_NAME,	     CONTAINER_IMAGE,  CONTAINER_POD_UID,
		CONTAINER_POD_NAME, CONTAINER_POD_NAMESPACE, CONTAINER_CGROUP, CONTAINER_STATE,
	};
	const char *texts[ARRAY_SIZE(searched)];

	for (size_t i = 0; i < ARRAY_SIZE(searched); i++)
		texts[i] = row[searched[i]].kind == VALUE_TEXT ? row[searched[i]].text : NULL;
	return filter_grep_matches(filter, texts, ARRAY_SIZE(texts));
}

/* The SELECT of the rows in order; of a limited number, the latest. */
static void build_ordered(const struct filter *filter, const struct container_list_options *options, struct sql *sql)
{
	bool limited = options->lines != FILTER_ALL;

	if (limited && !options->reverse)
		sql_add(sql, "SELECT * FROM (");
	build(filter, options, sql);
	sql_addf(sql, " ORDER BY c.started %s, c.container", limited || options->reverse ? "DESC" : "ASC");
	if (limited) {
		sql_add(sql, " LIMIT ");
		sql_add_int(sql, options->lines > INT64_MAX ? INT64_MAX : (int64_t)options->lines);
	}
	if (limited && !options->reverse)
		sql_addf(sql, ") ORDER BY %d", CONTAINER_STARTED + 1);
}

/* A row takes a few index look-ups, so even thousands of container instances are one short transaction. */
int container_list_read(struct db *db, const struct filter *filter, const struct container_list_options *options,
			query_row *each, void *context)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	struct value row[CONTAINER_FIELDS];
	int r;

	build_ordered(filter, options, sql);
	r = sql_prepare(sql, db, &stmt);
	while (r >= 0 && (r = db_step(stmt)) > 0) {
		value_row(stmt, row, CONTAINER_FIELDS);
		if (grep_matches(filter, row))
			r = each(context, row);
	}
	return r;
}
