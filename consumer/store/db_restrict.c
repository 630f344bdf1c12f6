/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/db_restrict.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

/* The most memory that SQLite may allocate for a statement of a user. */
#define QUERY_HEAP_MAX (256ULL << 20)

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

/*
 * Far above what is stored and what users write, far below what fills memory or stack. reading: of every connection that
 * reads; query: for the statement of a user.
 */
#define AS_BUILT (-1)
static const struct {
	int category, reading, query;
} limits[] = {
	{ SQLITE_LIMIT_LENGTH, 1 << 20, 16 << 20 },
	{ SQLITE_LIMIT_SQL_LENGTH, 1 << 17, 1 << 17 },
	{ SQLITE_LIMIT_COLUMN, 500, 500 },
	{ SQLITE_LIMIT_EXPR_DEPTH, AS_BUILT, 200 },
	{ SQLITE_LIMIT_COMPOUND_SELECT, AS_BUILT, 50 },
	{ SQLITE_LIMIT_VDBE_OP, 1 << 20, 1 << 20 },
	{ SQLITE_LIMIT_FUNCTION_ARG, 64, 64 },
	{ SQLITE_LIMIT_ATTACHED, 0, 0 },
	{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, AS_BUILT, 1000 },
	{ SQLITE_LIMIT_VARIABLE_NUMBER, AS_BUILT, 100 },
	{ SQLITE_LIMIT_TRIGGER_DEPTH, 1, 1 },
	{ SQLITE_LIMIT_WORKER_THREADS, 0, 0 },
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

void db_restrict_reader(sqlite3 *handle, uint64_t memory)
{
	(void)sqlite3_hard_heap_limit64((sqlite3_int64)memory);
	(void)sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		(void)sqlite3_limit(handle, limits[i].category, limits[i].reading);
}

int db_restrict_statements(sqlite3 *handle, uint64_t memory)
{
	use_table_functions(handle);
	(void)sqlite3_hard_heap_limit64((sqlite3_int64)(memory < QUERY_HEAP_MAX ? memory : QUERY_HEAP_MAX));
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		(void)sqlite3_limit(handle, limits[i].category, limits[i].query);
	return sqlite3_set_authorizer(handle, authorize_reading, NULL);
}
