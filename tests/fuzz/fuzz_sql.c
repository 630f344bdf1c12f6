/* SPDX-License-Identifier: BSD-2-Clause */
/* Any text as query of the sql verb, on a database that is writable: no statement changes it, and each one ends. */
#include <errno.h>

#include "consumer/query/value.h"
#include "consumer/text/error.h"
#include "tests/fuzz/fuzz_fixture.h"

#define LIMIT_NS    20000000
#define ROWS_MAX    1000
#define COLUMNS_MAX 96

/* A number that must not change: of changed rows, or of commits seen by another connection. */
static int64_t ask(struct db_stmt *stmt)
{
	int64_t number = db_step(stmt) > 0 ? db_int(stmt, 0) : -1;

	db_reset(stmt);
	FUZZ_ASSERT(number > 0);
	return number;
}

static void run(struct db *db, const char *query)
{
	struct value row[COLUMNS_MAX];
	struct db_stmt *stmt = NULL;
	int r = db_prepare(db, query, &stmt), rows = 0;
	size_t columns;

	if (r < 0)
		return;
	columns = (size_t)db_columns(stmt);
	for (size_t i = 0; i < columns; i++)
		FUZZ_ASSERT(db_column_name(stmt, (int)i));
	while (rows++ < ROWS_MAX && (r = db_step(stmt)) > 0)
		value_row(stmt, row, columns < COLUMNS_MAX ? columns : COLUMNS_MAX);
	FUZZ_ASSERT(r != -EROFS && r != -EACCES && r != -ERROR_DB_CORRUPT);
	db_reset(stmt);
	db_finish(stmt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct db *db, *other;
	static struct db_stmt *changes, *version;
	char *query = fuzz_text(data, size);
	int64_t changes_before, version_before;

	if (!db) {
		db = fuzz_open_nameless_fixture(&other);
		FUZZ_ASSERT(db_prepare(db, "SELECT total_changes()", &changes) == 0);
		FUZZ_ASSERT(db_prepare(other, "PRAGMA data_version", &version) == 0);
		FUZZ_ASSERT(db_restrict(db, LIMIT_NS) == 0);
	}
	changes_before = ask(changes);
	version_before = ask(version);
	run(db, query);
	FUZZ_ASSERT(ask(changes) == changes_before && ask(version) == version_before);
	free(query);
	return 0;
}
