/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which index a SELECT reads events through. The database has no statistics that SQLite could choose by, so each
 * statement names its index. A partial index needs its own condition among those of the statement.
 */
#ifndef CRI_CONSUMER_QUERY_ACCESS_PATH_H
#define CRI_CONSUMER_QUERY_ACCESS_PATH_H

struct db;
struct db_stmt;
struct sql;

#define INDEXED_BY   " INDEXED BY "
#define INDEX_TIME   " INDEXED BY event_time"
#define INDEX_CGROUP " INDEXED BY event_cgroup"
#define INDEX_TYPE   " INDEXED BY event_type"
#define INDEX_KILL   " INDEXED BY event_kill"
#define INDEX_END    " INDEXED BY event_end"
#define INDEX_NONE   " NOT INDEXED"

#define CONDITION_TYPE " AND e.type <> 3"
#define CONDITION_KILL " AND e.type = 1"
#define CONDITION_END  " AND e.flags & 3"

enum access_path {
	ACCESS_BY_TIME,
	ACCESS_BY_CGROUP,
	ACCESS_BY_TYPE, /* events other than exits */
	ACCESS_BY_KILL, /* OOM kills by cgroup */
	ACCESS_BY_END,	/* exits of container inits and of OOM victims, by cgroup */
	ACCESS_BY_ID,
	ACCESS_ANY,	/* as SQLite chooses */
};

/*
 * As db_prepare(), for text of the program: if the database lacks an index that the statement names (schema_index.h), it
 * is prepared without naming any, and is slower.
 */
int access_path_prepare(struct db *db, const char *text, struct db_stmt **ret);

/* Appends " FROM event e INDEXED BY ...". */
void access_path_add_from(struct sql *sql, enum access_path path);
/* Appends " WHERE 1" and the condition of a partial index: more conditions may follow. */
void access_path_add_where(struct sql *sql, enum access_path path);

#endif
