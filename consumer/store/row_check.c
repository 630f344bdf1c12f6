/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/row_check.h"

#include <inttypes.h>

#include "common/cleanup.h"
#include "consumer/store/db.h"
#include "consumer/store/db_internal.h"
#include "consumer/store/schema_index.h"
#include "consumer/text/clock.h"
#include "consumer/text/error.h"

#define STEP_ROWS 50000
/* An index is compared with one row in so many: nearly every page of it is read. */
#define SAMPLE 64

const char *const row_check_tables[] = {
	"event", "oom",	 "pressure", "fork", "lifecycle", "gap",   "cgroup",   "container",
	"pod",	 "boot", "ring",     "type", "status",	  "tally", "sequence", NULL,
};

/* The first table that has no row numbers: these are small and read at once. */
#define KEYED_TABLE 12
#define TABLE_COUNT (ARRAY_SIZE(row_check_tables) - 1)

/* Columns of a statement: the row's number, and whether it is sound. */
enum { ROW, SOUND };

static int prepare_table(struct db *db, const char *table, bool keyed, struct db_stmt **ret)
{
	if (keyed)
		return db_prepare_format(db, ret, "SELECT 0, 1, * FROM %s WHERE ?1 = 0", table);
	return db_prepare_format(db, ret, "SELECT rowid, 1, * FROM %s WHERE rowid > ?1 ORDER BY rowid LIMIT %d", table,
				 STEP_ROWS);
}

/* A column without a table is that of the nearest one: the condition is first about the row, then about the entry. */
static int prepare_index(struct db *db, const struct schema_index *index, struct db_stmt **ret)
{
	const char *condition = index->condition ? index->condition : "1";

	return db_prepare_format(db, ret,
				 "SELECT t.rowid, (%s) IS NOT TRUE OR EXISTS (SELECT 1 FROM %s i INDEXED BY %s"
				 " WHERE i.%s IS t.%s AND i.rowid = t.rowid AND %s) FROM %s t NOT INDEXED"
				 " WHERE t.rowid > ?1 AND t.rowid %% %d = 0 ORDER BY t.rowid LIMIT %d",
				 condition, index->table, index->name, index->column, index->column, condition,
				 index->table, SAMPLE, STEP_ROWS);
}

static bool has_index(struct db *db, const struct schema_index *index)
{
	int64_t count = 0;

	return db_number(db, 0, &count, "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name = '%s'",
			 index->name) == 0 && count > 0;
}

/* *ret NULL: there is nothing to read in this pass. */
static int prepare_pass(struct db *db, const struct row_check *check, struct db_stmt **ret)
{
	*ret = NULL;
	if (check->pass < TABLE_COUNT)
		return prepare_table(db, row_check_tables[check->pass], check->pass >= KEYED_TABLE, ret);

	const struct schema_index *index = &schema_indexes[check->pass - TABLE_COUNT];

	return has_index(db, index) ? prepare_index(db, index, ret) : 0;
}

static void end_pass(struct row_check *check)
{
	check->pass++;
	check->last = 0;
	check->done = check->pass >= TABLE_COUNT && !schema_indexes[check->pass - TABLE_COUNT].name;
}

int row_check_step(struct db *db, struct row_check *check, uint64_t limit_ns)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	uint64_t end = clock_monotonic_ns() + limit_ns;
	int rows = 0, r;

	if (check->done)
		return 0;
	r = prepare_pass(db, check, &stmt);
	if (!r && stmt)
		db_bind_int(stmt, 1, check->last);
	while (!r && stmt && (r = db_step(stmt)) > 0) {
		if (!db_int(stmt, SOUND))
			return db_set_error(db, -ERROR_DB_CORRUPT, "an index lacks a row");
		check->last = db_int(stmt, ROW);
		r = 0;
		if (check->last && (++rows == STEP_ROWS || clock_monotonic_ns() > end))
			return 0;
	}
	if (r == -ERROR_DB_CORRUPT)
		return r;
	end_pass(check);
	return 0;
}
