/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/access_path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/query/sql.h"
#include "consumer/store/db.h"

static const struct {
	const char *index, *condition;
} paths[] = {
	[ACCESS_BY_TIME] = { INDEX_TIME, "" },
	[ACCESS_BY_CGROUP] = { INDEX_CGROUP, "" },
	[ACCESS_BY_TYPE] = { INDEX_TYPE, CONDITION_TYPE },
	[ACCESS_BY_KILL] = { INDEX_KILL, CONDITION_KILL },
	[ACCESS_BY_END] = { INDEX_END, CONDITION_END },
	[ACCESS_BY_ID] = { INDEX_NONE, "" },
	[ACCESS_ANY] = { "", "" },
};

/* A copy of the statement that leaves the choice of indexes to SQLite, to be freed; NULL: out of memory. */
static char *copy_without_indexes(const char *text)
{
	char *copy = strdup(text);
	char *at = copy;

	while (at && (at = strstr(at, INDEXED_BY)) != NULL) {
		const char *name = at + strlen(INDEXED_BY);
		const char *rest = name + strcspn(name, " )");

		(void)memmove(at, rest, strlen(rest) + 1);
	}
	return copy;
}

int access_path_prepare(struct db *db, const char *text, struct db_stmt **ret)
{
	static const char message[] = "no such index";
	int r = db_prepare(db, text, ret);

	if (r != -EINVAL || strncmp(db_message(db), message, strlen(message)) != 0)
		return r;

	AUTO_FREE char *copy = copy_without_indexes(text);

	return copy ? db_prepare(db, copy, ret) : -ENOMEM;
}

void access_path_add_from(struct sql *sql, enum access_path path)
{
	sql_add(sql, " FROM event e");
	sql_add(sql, paths[path].index);
}

void access_path_add_where(struct sql *sql, enum access_path path)
{
	sql_add(sql, " WHERE 1");
	sql_add(sql, paths[path].condition);
}
