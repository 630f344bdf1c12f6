/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/schema_check.h"

#include <stdint.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/store/db_internal.h"
#include "consumer/store/schema.h"
#include "consumer/text/error.h"

enum { TYPE, NAME, TABLE, SQL, COLUMN_COUNT };

/*
 * What SQLite loads is decided by the text alone: a row that says it is an index may hold the text of a view. An index
 * that belongs to a constraint has no text.
 */
#define IS_INDEX \
	"(type = 'index' AND (sql IS NULL OR sql GLOB 'CREATE INDEX *' OR sql GLOB 'CREATE UNIQUE INDEX *'))"

static void cleanup_db(struct db **db)
{
	db_close(*db);
}

/* A database in memory, as schema.c makes it: SQLite keeps the same texts in both. */
static int make_reference(struct db **ret)
{
	CLEANUP(cleanup_db) struct db *db = NULL;
	int r = db_handle_open(":memory:", ":memory:", DB_ACCESS_WRITE, &db);

	if (!r)
		r = db_exec(db, schema_create);
	if (!r)
		*ret = TAKE_PTR(db);
	return r;
}

static bool is_known(struct db_stmt *find, struct db_stmt *object)
{
	for (int column = TYPE; column < COLUMN_COUNT; column++) {
		size_t length = 0;
		const char *text = db_text(object, column, &length);

		if (!text)
			return false;
		db_bind_text(find, column + 1, text, length);
	}

	bool known = db_step(find) > 0;

	db_reset(find);
	return known;
}

static int check_objects(struct db_stmt *find, struct db_stmt *objects, int64_t expected)
{
	int r;

	while ((r = db_step(objects)) > 0)
		if (expected-- == 0 || !is_known(find, objects)) {
			db_reset(objects);
			return -ERROR_DB_SCHEMA;
		}
	if (r < 0)
		return r;
	return expected == 0 ? 0 : -ERROR_DB_SCHEMA;
}

int schema_check(struct db *db)
{
	CLEANUP(cleanup_db) struct db *reference = NULL;
	CLEANUP(cleanup_stmt) struct db_stmt *find = NULL;
	CLEANUP(cleanup_stmt) struct db_stmt *objects = NULL;
	int64_t expected = 0;
	int r = make_reference(&reference);

	if (!r)
		r = db_number(reference, 0, &expected, "SELECT count(*) FROM sqlite_master WHERE NOT " IS_INDEX);
	if (!r)
		r = db_prepare(reference,
			       "SELECT 1 FROM sqlite_master WHERE type = ?1 AND name = ?2 AND tbl_name = ?3 AND sql = ?4",
			       &find);
	if (!r)
		r = db_prepare(db, "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE NOT " IS_INDEX, &objects);
	return r ? r : check_objects(find, objects, expected);
}
