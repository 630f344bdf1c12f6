/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/schema_index.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/store/db.h"
#include "consumer/store/db_internal.h"

/* Small tables first: their indexes are built in no time. */
const struct schema_index schema_indexes[] = {
	{ "container_id", "container", "id", NULL },
	{ "container_pod", "container", "pod", "pod IS NOT NULL" },
	{ "container_open", "container", "boot", "stopped IS NULL" },
	{ "cgroup_container", "cgroup", "container", "container IS NOT NULL" },
	{ "cgroup_pod", "cgroup", "pod", "pod IS NOT NULL" },
	{ "lifecycle_container", "lifecycle", "container", NULL },
	{ "oom_incident", "oom", "incident", NULL },
	{ "oom_decision", "oom", "decision", "decision IS NOT NULL" },
	{ "oom_trigger", "oom", "trigger_cgroup", "trigger_cgroup IS NOT NULL" },
	{ "oom_limit", "oom", "limit_cgroup", "limit_cgroup IS NOT NULL" },
	{ "event_time", "event", "time", NULL },
	{ "event_cgroup", "event", "cgroup", NULL },
	{ "event_type", "event", "type", "type <> 3" },
	/* For the OOM kills and the last exit of a container without reading its other events. */
	{ "event_kill", "event", "cgroup", "type = 1" },
	{ "event_end", "event", "cgroup", "flags & 3" },
	{ 0 },
};

static int format(const struct schema_index *index, char *out, size_t size)
{
	return snprintf(out, size, "CREATE INDEX %s ON %s(%s)%s%s", index->name, index->table, index->column,
			index->condition ? " WHERE " : "", index->condition ? index->condition : "");
}

int schema_index_create_all(struct db *db)
{
	char sql[256];
	int r = 0;

	for (const struct schema_index *index = schema_indexes; !r && index->name; index++) {
		(void)format(index, sql, sizeof(sql));
		r = db_exec(db, sql);
	}
	return r;
}

static uint64_t bit_of(const char *name)
{
	for (size_t i = 0; schema_indexes[i].name; i++)
		if (strcmp(schema_indexes[i].name, name) == 0)
			return 1ULL << i;
	return 0;
}

int schema_index_find_missing(struct db *db, const struct schema_index **ret)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	size_t missing = 0;
	uint64_t found = 0;
	int r = db_prepare(db, "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL", &stmt);

	while (r >= 0 && (r = db_step(stmt)) > 0) {
		const char *name = db_text(stmt, 0, NULL);

		found |= name ? bit_of(name) : 0;
	}
	if (r < 0)
		return r;
	while (schema_indexes[missing].name && (found >> missing & 1))
		missing++;
	*ret = schema_indexes[missing].name ? &schema_indexes[missing] : NULL;
	return 0;
}

int schema_index_build(struct db *db, const struct schema_index *index, bool (*stop)(void *context), void *context)
{
	char sql[256];
	int r = db_use_temporary_files(db, true);

	(void)format(index, sql, sizeof(sql));
	if (!r)
		r = db_exec_until(db, sql, stop, context);

	int r2 = db_use_temporary_files(db, false);

	return r ? db_set_error(db, r, "") : r2;
}
