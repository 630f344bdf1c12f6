/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/retention.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "consumer/store/db.h"
#include "consumer/store/event_storage.h"
#include "consumer/store/schema_index.h"
#include "consumer/text/clock.h"

/*
 * Rows in a step: halved after a step that took longer than STEP_LONG_NS, doubled after one shorter than STEP_SHORT_NS.
 * The time for a row depends on the disk, the size of the indexes and the load of the machine.
 */
#define STEP_ROWS_FIRST 500
#define STEP_ROWS_MIN	50
#define STEP_ROWS_MAX	RETENTION_STEP_ROWS
#define STEP_LONG_NS	10000000LL
#define STEP_SHORT_NS	4000000LL
/* Events that are retained longest are deleted in small steps, so that hardly more of them go than necessary. */
#define STEP_ROWS_LAST	200
/* Moving one page of the file costs about as much as deleting this many rows. */
#define ROWS_PER_PAGE 4
/* Up to this many free pages stay in the file for the next rows. */
#define SPARE_PAGES 512
/* A step that deletes at least this many unused names deletes no events. */
#define FEW_NAMES   100
/* After this many new cgroups all names are scanned again before events are deleted. */
#define MANY_CGROUPS 10000
/* How long a removed cgroup keeps its row: records of it may still be in the ring. */
#define NAME_GRACE_NS 5000000000LL

/*
 * Progress between steps. Ids only grow, so a pass need not return to rows that it has left. Kept in a temporary table,
 * which is rolled back with a failed step and disappears with the connection; then the pass starts again. "Names" are
 * the rows of cgroups, container instances and pods.
 */
struct state {
	int64_t table;	   /* of name_tables: the one being scanned */
	int64_t name_from; /* the last row scanned in it */
	int64_t clean;	   /* 1: a whole pass over the names is done, so events may be deleted for size */
	int64_t clean_to;  /* the last cgroup at that time */
	int64_t bulk_from; /* the last event scanned for those that are retained briefly */
	int64_t removed;   /* events deleted for size since the last report */
	int64_t kept;	   /* bytes of the names that the last pass had to keep */
	int64_t keeping;   /* the same, so far in this pass */
	int64_t rows;	   /* of the next step */
	const struct event_storage *const *storages; /* not in the table: of the settings */
};

#define TEXT_OF(number)	 TEXT_OF_(number)
#define TEXT_OF_(number) #number

static const char create_state[] =
	"CREATE TEMP TABLE IF NOT EXISTS retention(one INTEGER PRIMARY KEY, names INTEGER, name_from INTEGER,"
	" clean INTEGER, clean_to INTEGER, bulk_from INTEGER, removed INTEGER, kept INTEGER, keeping INTEGER,"
	" rows INTEGER);"
	"INSERT OR IGNORE INTO temp.retention VALUES(1, 0, 0, 0, 0, 0, 0, 0, 0, " TEXT_OF(STEP_ROWS_FIRST) ")";

/* The last id of the next `count` rows of a table after `from`; `from` when there are none. */
static int find_end(struct db *db, const char *table, const char *key, int64_t from, int64_t count, int64_t *ret)
{
	return db_number(db, from, ret,
			 "SELECT max(%s) FROM (SELECT %s FROM %s WHERE %s > %lld ORDER BY %s LIMIT %lld)", key, key, table,
			 key, (long long)from, key, (long long)count);
}

static int load_state(struct db *db, struct state *ret)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_exec(db, create_state);

	if (!r)
		r = db_prepare(db,
			       "SELECT names, name_from, clean, clean_to, bulk_from, removed, kept, keeping, rows"
			       " FROM temp.retention",
			       &stmt);
	if (!r)
		r = db_step(stmt);
	if (r <= 0)
		return r < 0 ? r : -EINVAL;
	*ret = (struct state){ db_int(stmt, 0), db_int(stmt, 1), db_int(stmt, 2), db_int(stmt, 3), db_int(stmt, 4),
			       db_int(stmt, 5), db_int(stmt, 6), db_int(stmt, 7), db_int(stmt, 8), NULL };
	return 0;
}

static int save_state(struct db *db, const struct state *state)
{
	return db_exec_format(db,
		   "UPDATE temp.retention SET names = %lld, name_from = %lld, clean = %lld, clean_to = %lld,"
		   " bulk_from = %lld, removed = %lld, kept = %lld, keeping = %lld, rows = %lld",
		   (long long)state->table, (long long)state->name_from, (long long)state->clean,
		   (long long)state->clean_to, (long long)state->bulk_from, (long long)state->removed,
		   (long long)state->kept, (long long)state->keeping, (long long)state->rows);
}

/* Checkpoints as much of the WAL as is possible without waiting for readers. */
static int shorten_wal(struct db *db)
{
	unsigned int timeout = db_set_busy_timeout(db, 0);
	int r = db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)");

	(void)db_set_busy_timeout(db, timeout);
	return r == -EBUSY ? 0 : r;
}

/*
 * The WAL counts towards the size, but a checkpoint is tried before anything is deleted because of it, and a WAL that a
 * reader keeps large uses at most half of the size. The same holds for names that cannot be deleted.
 */
struct space {
	bool names_too_large;  /* all together is above the bound: unused names are deleted */
	bool events_too_large; /* and deleting names is not enough: events are deleted too */
};

static int measure_space(struct db *db, uint64_t size, uint64_t kept, struct space *ret)
{
	uint64_t used = 0, database, wal;
	int r = db_used_bytes(db, &used);

	*ret = (struct space){ false, false };
	if (r || size == 0)
		return r;
	db_file_sizes(db, &database, &wal);
	if (used + wal > size && used <= size) {
		r = shorten_wal(db);
		db_file_sizes(db, &database, &wal);
	}
	ret->names_too_large = used > size || (used + wal > size && used > size / 2);

	kept = kept < used ? kept : used;
	size -= kept < size / 2 ? kept : size / 2;
	used -= kept;
	ret->events_too_large = ret->names_too_large && (used > size || (used + wal > size && used > size / 2));
	return r;
}

int64_t retention_cutoff(const struct retention_settings *settings, int64_t now)
{
	bool bounded = settings->age_ns > 0 && settings->age_ns <= INT64_MAX && now >= (int64_t)settings->age_ns;

	return bounded ? now - (int64_t)settings->age_ns : INT64_MIN;
}

/* The id up to which events are too old; 0: none. Ids are nearly in the order of time. */
static int find_old(struct db *db, const struct retention_settings *settings, int64_t rows, int64_t now, int64_t *ret)
{
	int64_t cutoff = retention_cutoff(settings, now);

	*ret = 0;
	if (cutoff == INT64_MIN)
		return 0;
	return db_number(db, 0, ret,
			 "SELECT max(id) FROM (SELECT id, max(time) OVER (ORDER BY id) AS latest FROM"
			 " (SELECT id, time FROM event ORDER BY id LIMIT %lld)) WHERE latest < %lld",
			 (long long)rows, (long long)cutoff);
}

/* All events up to that id. */
static int delete_events(struct db *db, const struct event_storage *const *storages, int64_t last_id, int64_t *ret_count)
{
	int r = db_exec_format(db, "DELETE FROM event WHERE id <= %lld", (long long)last_id);

	*ret_count = r ? 0 : db_changes(db);
	for (size_t i = 0; !r && storages[i]; i++)
		if (event_storage_owns_table(storages, i))
			r = db_exec_format(db, "DELETE FROM %s WHERE id <= %lld", storages[i]->table, (long long)last_id);
	return r;
}

/* Of the next rows those that are retained briefly. *ret_end: the last of these rows. */
static int delete_brief(struct db *db, const struct event_storage *const *storages, int64_t from, int64_t rows,
			int64_t *ret_end, int64_t *ret_count)
{
	char condition[EVENT_STORAGE_SQL_MAX];
	int r = find_end(db, "event", "id", from, rows, ret_end);

	*ret_count = 0;
	if (r || *ret_end == from)
		return r;
	r = event_storage_condition(storages, RETAIN_BRIEFLY, condition, sizeof(condition));
	if (!r)
		r = db_exec_format(db, "DELETE FROM event WHERE id > %lld AND id <= %lld AND (%s)", (long long)from,
				   (long long)*ret_end, condition);
	*ret_count = r ? 0 : db_changes(db);
	for (size_t i = 0; !r && storages[i]; i++)
		if (storages[i]->retention == RETAIN_BRIEFLY && event_storage_owns_table(storages, i))
			r = db_exec_format(db, "DELETE FROM %s WHERE id > %lld AND id <= %lld", storages[i]->table,
					   (long long)from, (long long)*ret_end);
	return r;
}

/* The next rows of a table whose types are retained shorter, with their events. */
static int delete_table(struct db *db, const char *table, int64_t rows, int64_t *ret_count)
{
	int64_t end = 0;
	int r = find_end(db, table, "id", 0, rows, &end);

	*ret_count = 0;
	if (r || end == 0)
		return r;
	r = db_exec_format(db, "DELETE FROM event WHERE id IN (SELECT id FROM %s WHERE id <= %lld)", table, (long long)end);
	if (r)
		return r;
	*ret_count = db_changes(db);
	return db_exec_format(db, "DELETE FROM %s WHERE id <= %lld", table, (long long)end);
}

static int delete_shorter(struct db *db, const struct event_storage *const *storages, int64_t rows, int64_t *ret_count)
{
	int r = 0;

	*ret_count = 0;
	for (size_t i = 0; !r && *ret_count == 0 && storages[i]; i++)
		if (storages[i]->retention == RETAIN_SHORTER && event_storage_owns_table(storages, i))
			r = delete_table(db, storages[i]->table, rows, ret_count);
	return r;
}

/* Deletes events by their retention; *ret_more false: there are none left. */
static int make_room(struct db *db, struct state *state, bool *ret_more)
{
	int64_t end = state->bulk_from, count = 0;
	int r = delete_brief(db, state->storages, state->bulk_from, state->rows, &end, &count);
	bool moved = !r && end > state->bulk_from;

	state->bulk_from = end;
	if (!r && !moved)
		r = delete_shorter(db, state->storages, state->rows, &count);
	if (!r && !moved && count == 0) {
		r = find_end(db, "event", "id", 0, state->rows < STEP_ROWS_LAST ? state->rows : STEP_ROWS_LAST, &end);
		if (!r && end > 0)
			r = delete_events(db, state->storages, end, &count);
	}
	state->removed += count;
	*ret_more = moved || count > 0;
	return r;
}

/*
 * The tables of names: removed cgroups, then container instances and pods that no row refers to any more. All
 * conditions are answered by an index.
 */
static const struct name_table {
	const char *name; /* of the table and of its key */
	const char *gone; /* column with the time of removal; NULL: it has none */
	const char *unused;
	const char *bytes; /* estimate for a row and its index entries, in pages three quarters full */
} name_tables[] = {
	{ "cgroup", "removed",
	  "NOT EXISTS(SELECT 1 FROM event e WHERE e.cgroup = cgroup.cgroup)"
	  " AND NOT EXISTS(SELECT 1 FROM oom t WHERE t.trigger_cgroup = cgroup.cgroup)"
	  " AND NOT EXISTS(SELECT 1 FROM oom l WHERE l.limit_cgroup = cgroup.cgroup)",
	  "80 + 4 * coalesce(length(CAST(path AS BLOB)), 0) / 3" },
	{ "container", "stopped", "NOT EXISTS(SELECT 1 FROM cgroup g WHERE g.container = container.container)",
	  "80 + 8 * length(CAST(id AS BLOB)) / 3" },
	{ "pod", NULL,
	  "NOT EXISTS(SELECT 1 FROM cgroup g WHERE g.pod = pod.pod)"
	  " AND NOT EXISTS(SELECT 1 FROM container c WHERE c.pod = pod.pod)",
	  "80 + 8 * length(CAST(uid AS BLOB)) / 3" },
};

static int delete_unused(struct db *db, const struct name_table *table, int64_t from, int64_t end, int64_t now)
{
	char gone[128] = "1";

	if (table->gone)
		(void)snprintf(gone, sizeof(gone), "(%s < %lld OR boot <> (SELECT max(boot) FROM boot))", table->gone,
			       (long long)(now - NAME_GRACE_NS));
	return db_exec_format(db, "DELETE FROM %s WHERE %s > %lld AND %s <= %lld AND %s AND %s", table->name, table->name,
		   (long long)from, table->name, (long long)end, gone, table->unused);
}

/* Adds the bytes of the rows that delete_unused has left. */
static int add_kept(struct db *db, const struct name_table *table, int64_t from, int64_t end, int64_t *sum)
{
	int64_t bytes = 0;
	int r = db_number(db, 0, &bytes, "SELECT sum(%s) FROM %s WHERE %s > %lld AND %s <= %lld", table->bytes,
			  table->name, table->name, (long long)from, table->name, (long long)end);

	*sum += bytes;
	return r;
}

/* Without an index every name would mean a scan of all events: names wait until it has been built. */
static int lacks_index(struct db *db, bool *ret)
{
	const struct schema_index *missing = NULL;
	int r = schema_index_find_missing(db, &missing);

	*ret = missing != NULL;
	return r;
}

static int end_pass(struct db *db, struct state *state)
{
	state->clean = 1;
	state->kept = state->keeping;
	state->keeping = 0;
	return db_number(db, 0, &state->clean_to, "SELECT max(cgroup) FROM cgroup");
}

/* Deletes unused ones among the next names of the pass. *ret_count: how many. */
static int delete_names(struct db *db, struct state *state, int64_t now, int64_t *ret_count)
{
	const struct name_table *table = &name_tables[(size_t)state->table % ARRAY_SIZE(name_tables)];
	int64_t end = state->name_from;
	bool unindexed;
	int r = lacks_index(db, &unindexed);

	*ret_count = 0;
	if (r || unindexed)
		return r ? r : end_pass(db, state);
	r = find_end(db, table->name, table->name, state->name_from, state->rows, &end);
	if (r)
		return r;
	if (end > state->name_from) {
		r = delete_unused(db, table, state->name_from, end, now);
		*ret_count = r ? 0 : db_changes(db);
		if (!r)
			r = add_kept(db, table, state->name_from, end, &state->keeping);
		state->name_from = end;
		return r;
	}
	state->name_from = 0;
	state->table = (state->table + 1) % (int64_t)ARRAY_SIZE(name_tables);
	return state->table == 0 ? end_pass(db, state) : 0;
}

static int restart_after_growth(struct db *db, struct state *state)
{
	int64_t last = 0;
	int r = db_number(db, 0, &last, "SELECT max(cgroup) FROM cgroup");

	if (r || !state->clean || last - state->clean_to < MANY_CGROUPS)
		return r;
	state->clean = state->table = state->name_from = state->keeping = 0;
	return 0;
}

/*
 * Deletes for size: names first, and events only when a whole pass has deleted all unused names and it is the events
 * that are too large. Deleting events would not make names of existing cgroups fewer.
 */
static int reduce(struct db *db, struct state *state, const struct space *space, int64_t now, bool *ret_more)
{
	int64_t names = 0;
	int r = restart_after_growth(db, state);
	bool clean = state->clean;

	if (!r)
		r = delete_names(db, state, now, &names);
	*ret_more = !clean || names > 0;
	if (!r && clean && names < FEW_NAMES && space->events_too_large)
		r = make_room(db, state, ret_more);
	return r;
}

/* Deletes for age: events up to last_id (0: none) and the next unused names. */
static int expire(struct db *db, struct state *state, int64_t last_id, int64_t now, bool *ret_more)
{
	int64_t count;
	int r = last_id ? delete_events(db, state->storages, last_id, &count) : 0;

	*ret_more = true;
	return r ? r : delete_names(db, state, now, &count);
}

/* Returns free pages to the file system, some at a time. 1: there are more. */
static int shrink(struct db *db, int64_t rows)
{
	int64_t unused = 0, pages = rows / ROWS_PER_PAGE;
	int r = db_number(db, 0, &unused, "PRAGMA freelist_count");

	if (r || unused < SPARE_PAGES)
		return r;
	r = db_exec_format(db, "PRAGMA incremental_vacuum(%lld)", (long long)pages);
	return r ? r : unused - pages >= SPARE_PAGES;
}

static int run_step(struct db *db, struct state *state, const struct space *space, int64_t last_id, int64_t now,
		    bool *ret_more)
{
	int r = db_begin(db, false);

	if (r)
		return r;
	r = space->names_too_large && !last_id ? reduce(db, state, space, now, ret_more) :
						 expire(db, state, last_id, now, ret_more);
	if (!r)
		r = save_state(db, state);
	if (!r)
		r = db_commit(db);
	if (r)
		db_rollback(db);
	return r;
}

static int step(struct db *db, const struct retention_settings *settings, struct state *state, int64_t now)
{
	int64_t last_id = 0;
	struct space space;
	bool more = false;
	int r = measure_space(db, settings->size, (uint64_t)state->kept, &space);

	if (!r)
		r = find_old(db, settings, state->rows, now, &last_id);
	if (!r && (space.names_too_large || last_id || !state->clean))
		r = run_step(db, state, &space, last_id, now, &more);
	if (r)
		return r;
	return more ? 1 : shrink(db, state->rows);
}

/* Adapts the rows of the next step; outside of the step's transaction, whose commit takes most of the time. */
static int adapt(struct db *db, int64_t rows, int64_t took_ns)
{
	if (took_ns > STEP_LONG_NS)
		rows = rows / 2 > STEP_ROWS_MIN ? rows / 2 : STEP_ROWS_MIN;
	else if (took_ns < STEP_SHORT_NS)
		rows = rows * 2 < STEP_ROWS_MAX ? rows * 2 : STEP_ROWS_MAX;
	else
		return 0;
	return db_exec_format(db, "UPDATE temp.retention SET rows = %lld", (long long)rows);
}

int retention_step(struct db *db, const struct retention_settings *settings, int64_t now)
{
	uint64_t began = clock_monotonic_ns();
	struct state state;
	int r = load_state(db, &state), more;

	state.storages = settings->storages;
	more = r ? r : step(db, settings, &state, now);
	if (more <= 0)
		return more;
	r = adapt(db, state.rows, (int64_t)(clock_monotonic_ns() - began));
	return r ? r : more;
}

int retention_take_report(struct db *db, struct retention_report *ret)
{
	struct state state;
	int r = load_state(db, &state);

	if (r)
		return r;
	ret->removed = (uint64_t)state.removed;
	r = db_number(db, 0, &ret->all_since, "SELECT time FROM event WHERE id > %lld ORDER BY id LIMIT 1",
		      (long long)state.bulk_from);
	if (!r)
		r = db_number(db, 0, &ret->oldest, "SELECT min(time) FROM event");
	state.removed = 0;
	return r ? r : save_state(db, &state);
}
