/* SPDX-License-Identifier: BSD-2-Clause */
/* Every access path must give the same rows as one plain SELECT. */
#include "consumer/query/event_kind.h"
#include "consumer/query/query.h"
#include "consumer/query/sql.h"
#include "consumer/text/event_type.h"
#include "tests/unit/scratch_db.h"

#define ROWS 25000 /* several pages */

/*
 * Times go up with ids but for steps back (a clock that was set); every 1000th row has the time of the one
 * before. Cgroups 1 and 2 alternate in a pattern, a few rows have none.
 */
static const char rows[] =
	"INSERT INTO boot VALUES(1,'11111111-1111-4111-8111-111111111111');"
	"INSERT INTO container(container,boot,id,name,cgroup) VALUES(1,1,'aaaa1','one',1),(2,1,'bbbb2','two',2);"
	"INSERT INTO cgroup(cgroup,boot,hierarchy,kernfs_id,path,kind,container,meta_source) VALUES"
	"(1,1,0,1,'/c/aaaa1',2,1,'kernel'),(2,1,0,2,'/c/bbbb2',2,2,'kernel'),(3,1,0,3,'/quiet',1,NULL,'kernel');"
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)"
	" INSERT INTO event(id,type,time,boot,cgroup,pid,comm,status,flags)"
	" SELECT i + 100, CASE WHEN i % 500 = 0 THEN 1 WHEN i % 700 = 0 THEN 7 ELSE 3 END,"
	"  (i - (i % 1000 = 0)) * 1000 - (i % 7000 = 0) * 500000, 1,"
	"  CASE WHEN i % 700 = 0 THEN NULL WHEN i % 3 = 0 THEN 1 ELSE 2 END, i % 50, 'p' || (i % 10), i % 3, 0 FROM n;"
	"INSERT INTO oom(id,incident,decision,limit_source,group_kill,chosen)"
	" SELECT id, id - (id % 1000 = 600) * 500, 1, 'kernel', 0, 1 FROM event WHERE type = 1;"
	"INSERT INTO gap(id,reason,lost,from_time,to_time) SELECT id,'ring_full',1,time - 10,time FROM event WHERE "
	"type = 7;";

static struct scratch_db scratch;
static struct db *db;

struct ids {
	int64_t *values;
	size_t count, stop_at; /* 0: never */
};

static int collect(void *context, const struct value *row)
{
	struct ids *ids = context;

	assert_true(ids->count < ROWS + 1000);
	ids->values[ids->count++] = row[FIELD_ID].number;
	return ids->stop_at && ids->count == ids->stop_at;
}

static struct ids new_ids(void)
{
	struct ids ids = { .values = calloc(ROWS + 1000, sizeof(int64_t)) };

	assert_non_null(ids.values);
	return ids;
}

static void compare(const char *row, const struct ids *got, const struct ids *want)
{
	row_equal(row, got->count, want->count);
	for (size_t i = 0; i < got->count; i++)
		if (got->values[i] != want->values[i])
			fail_msg("row \"%s\": at %zu id %lld, must be %lld", row, i, (long long)got->values[i],
				 (long long)want->values[i]);
}

static void reference(const char *where, const char *order, struct ids *ids)
{
	char text[512];
	struct db_stmt *stmt;

	(void)snprintf(text, sizeof(text),
		       "SELECT e.id FROM event e LEFT JOIN cgroup g ON g.cgroup = e.cgroup WHERE %s ORDER BY %s", where,
		       order);
	if (db_prepare(db, text, &stmt) != 0)
		fail_msg("%s: %s", text, db_message(db));
	while (db_step(stmt) > 0)
		ids->values[ids->count++] = db_int(stmt, 0);
	db_finish(stmt);
}

#define BY_ID_UP   "e.id"
#define BY_TIME_UP "e.time, e.id"

/* A filter and the same condition in SQL. by_time: the access path gives the rows by time, else by id. */
struct selection {
	const char *name, *container, *cgroup, *grep;
	int64_t since, until;
	uint32_t types;
	const char *where;
	bool by_time;
};

static const struct selection selections[] = {
	{ "all", .where = "1", .by_time = true },
	{ "range", .since = 5000000, .until = 20000000, .where = "e.time BETWEEN 5000000 AND 20000000",
	  .by_time = true },
	{ "empty range", .since = 999000000000, .where = "0", .by_time = true },
	{ "exits", .types = 1U << TYPE_PROCESS_EXIT, .where = "e.type = 3", .by_time = true },
	{ "kills", .types = 1U << TYPE_OOM_KILL, .where = "e.type = 1" },
	{ "kills and gaps in a range", .types = 1U << TYPE_OOM_KILL | 1U << TYPE_GAP, .since = 3000000,
	  .until = 9000000, .where = "e.type IN (1, 7) AND e.time BETWEEN 3000000 AND 9000000" },
	{ "container", .container = "one", .where = "e.cgroup = 1" },
	{ "container in a range", .container = "bbbb2", .since = 3000000, .until = 15000000,
	  .where = "e.cgroup = 2 AND e.time BETWEEN 3000000 AND 15000000" },
	{ "both", .cgroup = "/c", .where = "e.cgroup IN (1, 2)" },
	{ "kills of one", .container = "two", .types = 1U << TYPE_OOM_KILL, .where = "e.cgroup = 2 AND e.type = 1" },
	{ "no such place", .container = "three", .where = "0" },
	{ "place without events", .cgroup = "/quiet", .where = "0" },
	{ "grep", .container = "one", .grep = "^p6$", .where = "e.cgroup = 1 AND e.comm = 'p6'" },
};

static void set_filter(const struct selection *selection, struct filter_options *options, struct filter *filter)
{
	static const struct filter_now now;
	char message[256];

	filter_options_init(options);
	if (selection->container)
		options->containers.values[options->containers.count++] = selection->container;
	if (selection->cgroup)
		options->cgroups.values[options->cgroups.count++] = selection->cgroup;
	if (selection->grep)
		(void)snprintf(options->grep, sizeof(options->grep), "%s", selection->grep);
	row_equal(selection->name, filter_parse(options, &now, filter, message, sizeof(message)), 0);
	filter->types = selection->types;
	if (selection->since)
		filter->since = selection->since;
	if (selection->until)
		filter->until = selection->until;
}

static void read_all(struct query *query, struct ids *ids)
{
	int r;

	do {
		r = query_page(query, collect, ids);
		assert_true(r >= 0);
	} while (r > 0);
}

static void reverse(struct ids *ids)
{
	for (size_t i = 0; i < ids->count / 2; i++) {
		int64_t value = ids->values[i];

		ids->values[i] = ids->values[ids->count - 1 - i];
		ids->values[ids->count - 1 - i] = value;
	}
}

static void test_all_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(selections); i++) {
		const struct selection *selection = &selections[i];
		struct filter_options options;
		struct filter filter;

		set_filter(selection, &options, &filter);
		for (int newest_first = 0; newest_first < 2; newest_first++) {
			CLEANUP(query_cleanup) struct query *query = NULL;
			struct ids got = new_ids(), want = new_ids();

			reference(selection->where, selection->by_time ? BY_TIME_UP : BY_ID_UP, &want);
			if (newest_first)
				reverse(&want);
			row_equal(selection->name, query_open(db, &filter, 0, INT64_MAX, newest_first, &query), 0);
			read_all(query, &got);
			compare(selection->name, &got, &want);
			free(got.values);
			free(want.values);
		}
		filter_done(&filter);
	}
}

static void test_last(void **state)
{
	static const uint64_t counts[] = { 0, 1, 5, 9999, 10000, 10001, 24999, 100000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(selections) * ARRAY_SIZE(counts) * 2; i++) {
		const struct selection *selection = &selections[i % ARRAY_SIZE(selections)];
		uint64_t n = counts[i / ARRAY_SIZE(selections) % ARRAY_SIZE(counts)];
		bool newest_first = i >= ARRAY_SIZE(selections) * ARRAY_SIZE(counts);
		CLEANUP(query_cleanup) struct query *query = NULL;
		struct ids got = new_ids(), want = new_ids();
		struct filter_options options;
		struct filter filter;

		set_filter(selection, &options, &filter);
		reference(selection->where, selection->by_time ? BY_TIME_UP : BY_ID_UP, &want);
		if (want.count > n) {
			memmove(want.values, want.values + (want.count - n), n * sizeof(int64_t));
			want.count = n;
		}
		if (newest_first)
			reverse(&want);
		row_equal(selection->name, query_open(db, &filter, 0, INT64_MAX, true, &query), 0);
		row_equal(selection->name, query_last(query, n, newest_first), 0);
		read_all(query, &got);
		compare(selection->name, &got, &want);
		filter_done(&filter);
		free(got.values);
		free(want.values);
	}
}

static void test_after(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(selections); i++) {
		CLEANUP(query_cleanup) struct query *query = NULL;
		struct ids got = new_ids(), want = new_ids();
		struct filter_options options;
		struct filter filter;
		char where[256];

		set_filter(&selections[i], &options, &filter);
		(void)snprintf(where, sizeof(where), "(%s) AND e.id > 9000 AND e.id <= 22000", selections[i].where);
		reference(where, BY_ID_UP, &want);
		row_equal(selections[i].name, query_open(db, &filter, 9000, 22000, false, &query), 0);
		read_all(query, &got);
		compare(selections[i].name, &got, &want);
		filter_done(&filter);
		free(got.values);
		free(want.values);
	}
}

static void test_enough_stops(void **state)
{
	CLEANUP(query_cleanup) struct query *query = NULL;
	struct ids got = new_ids();
	struct filter_options options;
	struct filter filter;

	(void)state;
	set_filter(&selections[0], &options, &filter);
	got.stop_at = 3;
	assert_int_equal(query_open(db, &filter, 0, INT64_MAX, false, &query), 0);
	assert_int_equal(query_page(query, collect, &got), 0);
	assert_int_equal(got.count, 3);
	free(got.values);
}

static void test_single_events(void **state)
{
	struct ids got = new_ids();
	int64_t last = 0;

	(void)state;
	assert_int_equal(query_event(db, 12345, collect, &got), 0);
	assert_int_equal(got.count, 1);
	assert_int_equal(got.values[0], 12345);
	assert_int_equal(query_event(db, 99999999, collect, &got), 0);
	assert_int_equal(got.count, 1);

	/* 600 and 1100 are kills; 1600 belongs to the incident of 1100. */
	got.count = 0;
	assert_int_equal(query_incident(db, 1100, collect, &got), 0);
	assert_int_equal(got.count, 2);
	assert_int_equal(got.values[0], 1100);
	assert_int_equal(got.values[1], 1600);
	free(got.values);

	assert_int_equal(query_last_id(db, &last), 0);
	assert_int_equal(last, ROWS + 100);
}

static void test_gaps_overlap(void **state)
{
	static const struct {
		const char *name;
		int64_t since, until;
		bool has;
	} ranges[] = {
		{ "all", INT64_MIN, INT64_MAX, true },	   { "ends in it", 0, 699990, true },
		{ "before it", 0, 699989, false },	   { "begins in it", 700000, 700005, true },
		{ "between two", 700001, 1399000, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct filter_options options;
		struct filter filter;
		bool has = !ranges[i].has;

		set_filter(&selections[0], &options, &filter);
		filter.since = ranges[i].since;
		filter.until = ranges[i].until;
		row_equal(ranges[i].name, query_has_gap(db, &filter, &has), 0);
		row_equal(ranges[i].name, has, ranges[i].has);
	}
}

static int set_up(void **state)
{
	(void)state;
	scratch_db_open(&scratch, rows);
	db = scratch.db;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_db_close(&scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_paths),      cmocka_unit_test(test_last),
		cmocka_unit_test(test_after),	      cmocka_unit_test(test_enough_stops),
		cmocka_unit_test(test_single_events), cmocka_unit_test(test_gaps_overlap),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
