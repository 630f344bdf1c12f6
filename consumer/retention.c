/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/retention.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "consumer/db.h"

#define STEP_EVENTS 2000
#define STEP_NAMES  2000
#define STEP_PAGES  512
/* More unused names than this in a step make enough room: no event goes with them. */
#define FEW_NAMES   100
/* After so many new cgroups all names are looked through again before events go. */
#define MANY_CGROUPS 10000
/* A record of a cgroup may be read a moment after its removal: by then its name must still be there. */
#define NAME_GRACE_NS 5000000000LL

/*
 * Where the steps stand. Ids only grow, so what a pass has left behind need not be looked at again. In a temporary
 * table, which is rolled back with a step that fails and is gone with the connection: then all is looked at anew.
 */
struct state {
	int64_t table;      /* of names: the one being looked through */
	int64_t name_from;  /* up to this row it was */
	int64_t clean;      /* a whole pass was made: now events may go for size */
	int64_t clean_to;   /* the last cgroup at that time */
	int64_t bulk_from;  /* up to this event no bulk is left */
	int64_t removed;    /* events, for the report */
};

static const char create_state[] =
	"CREATE TEMP TABLE IF NOT EXISTS retention(one INTEGER PRIMARY KEY, names INTEGER, name_from INTEGER,"
	" clean INTEGER, clean_to INTEGER, bulk_from INTEGER, removed INTEGER);"
	"INSERT OR IGNORE INTO temp.retention VALUES(1, 0, 0, 0, 0, 0, 0)";

static int __attribute__((format(printf, 2, 3))) run(struct db *db, const char *format, ...)
{
	char sql[1024];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(sql, sizeof(sql), format, args);
	va_end(args);
	return n < 0 || (size_t)n >= sizeof(sql) ? -EINVAL : db_exec(db, sql);
}

/* One number, or `otherwise` when there is no row. */
static int ask(struct db *db, const char *sql, int64_t otherwise, int64_t *ret)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_prepare(db, sql, &stmt);

	if (!r)
		r = db_step(stmt);
	if (r < 0)
		return r;
	*ret = r > 0 && !db_is_null(stmt, 0) ? db_int(stmt, 0) : otherwise;
	return 0;
}

/* The last id of the next rows of a table behind `from`; `from` when there are none. */
static int ask_end(struct db *db, const char *table, const char *key, int64_t from, int count, int64_t *ret)
{
	char sql[160];

	(void)snprintf(sql, sizeof(sql), "SELECT max(%s) FROM (SELECT %s FROM %s WHERE %s > %lld ORDER BY %s LIMIT %d)",
		       key, key, table, key, (long long)from, key, count);
	return ask(db, sql, from, ret);
}

static int load_state(struct db *db, struct state *ret)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_exec(db, create_state);

	if (!r)
		r = db_prepare(db, "SELECT names, name_from, clean, clean_to, bulk_from, removed FROM temp.retention", &stmt);
	if (!r)
		r = db_step(stmt);
	if (r <= 0)
		return r < 0 ? r : -EINVAL;
	*ret = (struct state){ db_int(stmt, 0), db_int(stmt, 1), db_int(stmt, 2),
			       db_int(stmt, 3), db_int(stmt, 4), db_int(stmt, 5) };
	return 0;
}

static int save_state(struct db *db, const struct state *state)
{
	return run(db,
		   "UPDATE temp.retention SET names = %lld, name_from = %lld, clean = %lld, clean_to = %lld,"
		   " bulk_from = %lld, removed = %lld",
		   (long long)state->table, (long long)state->name_from, (long long)state->clean,
		   (long long)state->clean_to, (long long)state->bulk_from, (long long)state->removed);
}

/* What the database would take if it were compact: pages in use, not the file, which shrinks later. */
static int used_bytes(struct db *db, uint64_t *ret)
{
	int64_t pages = 0, unused = 0, page = 0;
	int r = ask(db, "PRAGMA page_count", 0, &pages);

	if (!r)
		r = ask(db, "PRAGMA freelist_count", 0, &unused);
	if (!r)
		r = ask(db, "PRAGMA page_size", 4096, &page);
	if (!r)
		*ret = (uint64_t)((pages - unused) * page);
	return r;
}

/*
 * The log counts too, but it is no reason to delete what a checkpoint puts into its place: that is tried
 * first, and a log that some reader keeps large takes half of the space at most.
 */
static int is_too_large(struct db *db, uint64_t size)
{
	uint64_t used = 0, database, log;
	int r = used_bytes(db, &used);

	if (r)
		return r;
	db_file_sizes(db, &database, &log);
	if (used + log > size && used <= size) {
		r = db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)");
		db_file_sizes(db, &database, &log);
	}
	return r ? r : used > size || (used + log > size && used > size / 2);
}

/* The id up to which events are too old; 0: none. Arrival order is nearly the order of time. */
static int find_old(struct db *db, const struct retention_settings *settings, int64_t now, int64_t *ret)
{
	char sql[256];

	*ret = 0;
	if (settings->age_ns == 0 || settings->age_ns > INT64_MAX || now < (int64_t)settings->age_ns)
		return 0;
	(void)snprintf(sql, sizeof(sql),
		       "SELECT max(id) FROM (SELECT id, max(time) OVER (ORDER BY id) AS latest FROM"
		       " (SELECT id, time FROM event ORDER BY id LIMIT %d)) WHERE latest < %lld",
		       STEP_EVENTS, (long long)(now - (int64_t)settings->age_ns));
	return ask(db, sql, 0, ret);
}

/* Everything up to that id. */
static int delete_events(struct db *db, int64_t last_id, int64_t *ret_count)
{
	static const char *const sides[] = { "oom", "pressure", "fork", "lifecycle", "gap" };
	int r = run(db, "DELETE FROM event WHERE id <= %lld", (long long)last_id);

	*ret_count = r ? 0 : db_changes(db);
	for (size_t i = 0; !r && i < ARRAY_SIZE(sides); i++)
		r = run(db, "DELETE FROM %s WHERE id <= %lld", sides[i], (long long)last_id);
	return r;
}

/* Of the next rows the exits that no OOM kill caused, and forks. *ret_end: how far that went. */
static int delete_bulk(struct db *db, int64_t from, int64_t *ret_end, int64_t *ret_count)
{
	int r = ask_end(db, "event", "id", from, STEP_EVENTS, ret_end);

	*ret_count = 0;
	if (r || *ret_end == from)
		return r;
	/* The + keeps SQLite from the index of types: the range of ids is what is small. */
	r = run(db,
		"DELETE FROM event WHERE id > %lld AND id <= %lld"
		" AND (+type = 4 OR (+type = 3 AND coalesce(flags, 0) & 3 = 0))",
		(long long)from, (long long)*ret_end);
	if (r)
		return r;
	*ret_count = db_changes(db);
	return run(db, "DELETE FROM fork WHERE id > %lld AND id <= %lld", (long long)from, (long long)*ret_end);
}

static int delete_pressure(struct db *db, int64_t *ret_count)
{
	int64_t end = 0;
	int r = ask_end(db, "pressure", "id", 0, STEP_EVENTS, &end);

	*ret_count = 0;
	if (r || end == 0)
		return r;
	r = run(db, "DELETE FROM event WHERE id IN (SELECT id FROM pressure WHERE id <= %lld)", (long long)end);
	if (r)
		return r;
	*ret_count = db_changes(db);
	return run(db, "DELETE FROM pressure WHERE id <= %lld", (long long)end);
}

/* The least that will be missed: bulk, pressure, and then the oldest of what is left. False: nothing is left. */
static int make_room(struct db *db, struct state *state, bool *ret_more)
{
	int64_t end = state->bulk_from, count = 0;
	int r = delete_bulk(db, state->bulk_from, &end, &count);
	bool moved = !r && end > state->bulk_from;

	state->bulk_from = end;
	if (!r && !moved)
		r = delete_pressure(db, &count);
	if (!r && !moved && count == 0) {
		r = ask_end(db, "event", "id", 0, STEP_EVENTS, &end);
		if (!r && end > 0)
			r = delete_events(db, end, &count);
	}
	state->removed += count;
	*ret_more = moved || count > 0;
	return r;
}

/*
 * Rows that say who: cgroups that are gone, then container lives and pods to which nothing refers any more. The
 * lists are made once for a statement, since these columns have no index.
 */
static const struct name_table {
	const char *name; /* of the table and of its key */
	const char *gone; /* when it went; NULL: such rows do not go by themselves */
	const char *unused;
} name_tables[] = {
	{ "cgroup", "removed", "NOT EXISTS(SELECT 1 FROM event e WHERE e.cgroup = cgroup.cgroup)"
			       " AND cgroup NOT IN (SELECT trigger_cgroup FROM oom WHERE trigger_cgroup IS NOT NULL"
			       " UNION ALL SELECT limit_cgroup FROM oom WHERE limit_cgroup IS NOT NULL)" },
	{ "container", "stopped", "NOT EXISTS(SELECT 1 FROM cgroup g WHERE g.container = container.container)" },
	{ "pod", NULL, "pod NOT IN (SELECT pod FROM cgroup WHERE pod IS NOT NULL"
		       " UNION ALL SELECT pod FROM container WHERE pod IS NOT NULL)" },
};

static int delete_unused(struct db *db, const struct name_table *table, int64_t from, int64_t end, int64_t now)
{
	char gone[128] = "1";

	if (table->gone)
		(void)snprintf(gone, sizeof(gone), "(%s < %lld OR boot <> (SELECT max(boot) FROM boot))", table->gone,
			       (long long)(now - NAME_GRACE_NS));
	return run(db, "DELETE FROM %s WHERE %s > %lld AND %s <= %lld AND %s AND %s", table->name, table->name,
		   (long long)from, table->name, (long long)end, gone, table->unused);
}

static int end_pass(struct db *db, struct state *state)
{
	state->clean = 1;
	return ask(db, "SELECT max(cgroup) FROM cgroup", 0, &state->clean_to);
}

/* The next names of a pass through all of them. *ret_count: how many went. */
static int delete_names(struct db *db, struct state *state, int64_t now, int64_t *ret_count)
{
	const struct name_table *table = &name_tables[(size_t)state->table % ARRAY_SIZE(name_tables)];
	int64_t end = state->name_from;
	int r = ask_end(db, table->name, table->name, state->name_from, STEP_NAMES, &end);

	*ret_count = 0;
	if (r)
		return r;
	if (end > state->name_from) {
		r = delete_unused(db, table, state->name_from, end, now);
		*ret_count = r ? 0 : db_changes(db);
		state->name_from = end;
		return r;
	}
	state->name_from = 0;
	state->table = (state->table + 1) % (int64_t)ARRAY_SIZE(name_tables);
	return state->table == 0 ? end_pass(db, state) : 0;
}

static int look_at_growth(struct db *db, struct state *state)
{
	int64_t last = 0;
	int r = ask(db, "SELECT max(cgroup) FROM cgroup", 0, &last);

	if (r || !state->clean || last - state->clean_to < MANY_CGROUPS)
		return r;
	state->clean = state->table = state->name_from = 0;
	return 0;
}

/* Names first; events only when a whole pass has left no names that nobody needs. */
static int shed(struct db *db, struct state *state, int64_t now, bool *ret_more)
{
	int64_t names = 0;
	int r = look_at_growth(db, state);
	bool clean = state->clean;

	if (!r)
		r = delete_names(db, state, now, &names);
	*ret_more = true;
	if (!r && clean && names < FEW_NAMES)
		r = make_room(db, state, ret_more);
	return r;
}

/* What is too old, with the next names; until a whole pass was made, names alone. */
static int expire(struct db *db, struct state *state, int64_t last_id, int64_t now, bool *ret_more)
{
	int64_t count;
	int r = last_id ? delete_events(db, last_id, &count) : 0;

	*ret_more = true;
	return r ? r : delete_names(db, state, now, &count);
}

/* Gives pages that hold nothing back to the file system, also some at a time. */
static int shrink(struct db *db)
{
	char sql[64];
	int64_t unused = 0;
	int r = ask(db, "PRAGMA freelist_count", 0, &unused);

	/* A few stay for the next rows. */
	if (r || unused < STEP_PAGES)
		return r;
	(void)snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)", STEP_PAGES);
	r = db_exec(db, sql);
	return r ? r : unused >= 2 * STEP_PAGES;
}

static int run_step(struct db *db, struct state *state, bool too_large, int64_t last_id, int64_t now, bool *ret_more)
{
	int r = db_begin(db, false);

	if (r)
		return r;
	r = too_large ? shed(db, state, now, ret_more) : expire(db, state, last_id, now, ret_more);
	if (!r)
		r = save_state(db, state);
	if (!r)
		r = db_commit(db);
	if (r)
		db_rollback(db);
	return r;
}

int retention_step(struct db *db, const struct retention_settings *settings, int64_t now)
{
	struct state state;
	int64_t last_id = 0;
	bool more = false;
	int too_large = settings->size ? is_too_large(db, settings->size) : 0;
	int r = too_large < 0 ? too_large : load_state(db, &state);

	if (!r && !too_large)
		r = find_old(db, settings, now, &last_id);
	if (!r && (too_large || last_id || !state.clean))
		r = run_step(db, &state, too_large, last_id, now, &more);
	if (r)
		return r;
	return more ? 1 : shrink(db);
}

int retention_take_report(struct db *db, struct retention_report *ret)
{
	struct state state;
	char sql[96];
	int r = load_state(db, &state);

	if (r)
		return r;
	ret->removed = (uint64_t)state.removed;
	(void)snprintf(sql, sizeof(sql), "SELECT time FROM event WHERE id > %lld ORDER BY id LIMIT 1",
		       (long long)state.bulk_from);
	r = ask(db, sql, 0, &ret->all_since);
	if (!r)
		r = ask(db, "SELECT min(time) FROM event", 0, &ret->oldest);
	state.removed = 0;
	return r ? r : save_state(db, &state);
}
