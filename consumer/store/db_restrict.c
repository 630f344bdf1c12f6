/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/db_restrict.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

/* The most memory that SQLite may allocate. */
#define HEAP_LIMIT (256LL << 20)

static bool is_one_of(const char *word, const char *const *words)
{
	for (; word && *words; words++)
		if (sqlite3_stricmp(word, *words) == 0)
			return true;
	return false;
}

/* Pragmas that change nothing, whatever their argument. */
static const char *const allowed_pragmas[] = {
	"table_info", "table_xinfo", "table_list", "index_list", "index_info", "function_list", NULL,
};

/* Functions that reach the file system or an address in memory. */
static const char *const denied_functions[] = {
	"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer", NULL,
};

static int authorize_reading(void *argument, int action, const char *first, const char *second, const char *database,
			     const char *trigger)
{
	bool allowed = false;

	(void)argument;
	(void)database;
	(void)trigger;
	if (action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE)
		allowed = true;
	else if (action == SQLITE_FUNCTION)
		allowed = second && !is_one_of(second, denied_functions);
	else if (action == SQLITE_PRAGMA)
		allowed = is_one_of(first, allowed_pragmas);
	return allowed ? SQLITE_OK : SQLITE_DENY;
}

/* Far above what users write, far below what fills memory or stack. */
static const struct {
	int category, value;
} limits[] = {
	{ SQLITE_LIMIT_LENGTH, 16 << 20 },
	{ SQLITE_LIMIT_SQL_LENGTH, 1 << 17 },
	{ SQLITE_LIMIT_COLUMN, 500 },
	{ SQLITE_LIMIT_EXPR_DEPTH, 200 },
	{ SQLITE_LIMIT_COMPOUND_SELECT, 50 },
	{ SQLITE_LIMIT_VDBE_OP, 1 << 20 },
	{ SQLITE_LIMIT_FUNCTION_ARG, 64 },
	{ SQLITE_LIMIT_ATTACHED, 0 },
	{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000 },
	{ SQLITE_LIMIT_VARIABLE_NUMBER, 100 },
	{ SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
	{ SQLITE_LIMIT_WORKER_THREADS, 0 },
};

/*
 * The first use of a table-valued function creates a virtual table, which looks to the authorizer like CREATE TABLE.
 * Each of these is used once before the authorizer is set. Ignores a SQLite that does not have them.
 */
static void use_table_functions(sqlite3 *handle)
{
	static const char sql[] =
		"SELECT 1 FROM json_each('[]'), json_tree('[]'), pragma_table_info(''), pragma_table_xinfo('')";

	(void)sqlite3_exec(handle, sql, NULL, NULL, NULL);
}

int db_restrict_statements(sqlite3 *handle)
{
	use_table_functions(handle);
	(void)sqlite3_hard_heap_limit64(HEAP_LIMIT);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		(void)sqlite3_limit(handle, limits[i].category, limits[i].value);
	return sqlite3_set_authorizer(handle, authorize_reading, NULL);
}
