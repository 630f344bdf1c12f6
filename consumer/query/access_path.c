/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/access_path.h"

#include "consumer/query/sql.h"

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
