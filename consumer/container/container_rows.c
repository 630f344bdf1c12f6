/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/container/container_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/store/db.h"
#include "consumer/store/row.h"
#include "consumer/text/error.h"

enum statement {
	FIND_CGROUP,
	ADD_CGROUP,
	COMPLETE_CGROUP,
	REMOVE_CGROUP,
	CGROUP_PATH,
	ADD_POD,
	FIND_POD,
	FIND_INSTANCE,
	GET_INSTANCE,
	ADD_INSTANCE,
	UPDATE_INSTANCE,
	NEXT_INSTANCE,
	FIND_START,
	FIND_MAIN,
	COMPLETE_EVENT,
	COMPLETE_LIFECYCLE,
	HAS_EVENT,
	STATEMENT_COUNT,
};

#define INSTANCE_COLUMNS "c.container, c.cgroup, c.born, c.started, c.stopped"

static const char *const statements[STATEMENT_COUNT] = {
	[FIND_CGROUP] = "SELECT cgroup, kind, path IS NOT NULL, removed IS NOT NULL, container, pod FROM cgroup"
			" WHERE boot = ?1 AND hierarchy = ?2 AND kernfs_id = ?3",
	[ADD_CGROUP] = "INSERT INTO cgroup(boot, hierarchy, kernfs_id, path, kind, container, pod, meta_source)"
		       " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[COMPLETE_CGROUP] = "UPDATE cgroup SET path = ?2, kind = ?3, container = ?4, pod = ?5, meta_source = ?6"
			    " WHERE cgroup = ?1",
	[REMOVE_CGROUP] = "UPDATE cgroup SET removed = ?2 WHERE cgroup = ?1 AND removed IS NULL",
	[CGROUP_PATH] = "SELECT path FROM cgroup WHERE cgroup = ?1",
	[ADD_POD] = "INSERT INTO pod(uid, qos) VALUES(?1, ?2) ON CONFLICT(uid) DO NOTHING",
	[FIND_POD] = "SELECT pod FROM pod WHERE uid = ?1",
	[FIND_INSTANCE] = "SELECT " INSTANCE_COLUMNS " FROM container c LEFT JOIN cgroup g ON g.cgroup = c.cgroup"
		      " WHERE c.id = ?1 AND +c.boot = ?2 AND c.stopped IS NULL AND c.outer_id IS ?3"
		      " AND c.owner_uid IS ?5 AND c.delegated = ?6"
		      " AND (g.path IS NULL OR g.path = ?4) ORDER BY g.path IS NULL, c.container DESC LIMIT 1",
	[GET_INSTANCE] = "SELECT " INSTANCE_COLUMNS " FROM container c WHERE c.container = ?1",
	[ADD_INSTANCE] = "INSERT INTO container(boot, id, runtime, pod, outer_id, cgroup, born, owner_uid, delegated)"
		     " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[UPDATE_INSTANCE] = "UPDATE container SET cgroup = ?2, born = ?3, started = ?4, stopped = ?5 WHERE container = ?1",
	[NEXT_INSTANCE] = "SELECT " INSTANCE_COLUMNS ", g.hierarchy, g.kernfs_id FROM container c JOIN cgroup g"
		      " ON g.cgroup = c.cgroup WHERE c.container > ?1 AND c.boot = ?2 AND c.stopped IS NULL"
		      " ORDER BY c.container LIMIT 1",
	/* By the container's few starts and stops: also quick while the database lacks the index on them. */
	[FIND_START] = "SELECT e.id, coalesce(e.flags, 0), l.inferred FROM lifecycle l CROSS JOIN event e ON e.id = l.id"
		       " WHERE l.container = ?3 AND e.time = ?1 AND e.type = ?2 LIMIT 1",
	[FIND_MAIN] = "SELECT e.pid, e.start FROM container c CROSS JOIN lifecycle l ON l.container = c.container"
		      " CROSS JOIN event e ON e.id = l.id WHERE c.container = ?1 AND e.time = c.started AND e.type = ?2"
		      " AND e.flags & ?3 AND e.start IS NOT NULL LIMIT 1",
	[COMPLETE_EVENT] = "UPDATE event SET pid = ?2, ppid = ?3, uid = ?4, comm = ?5, start = ?7, flags = coalesce(flags, 0) | ?6"
			   " WHERE id = ?1",
	[COMPLETE_LIFECYCLE] = "UPDATE lifecycle SET memory_limit = iif(?2, ?3, memory_limit), inferred = 0 WHERE id = ?1",
	[HAS_EVENT] = "SELECT 1 FROM event WHERE cgroup = ?1 LIMIT 1",
};

struct container_rows {
	struct db *db;
	int64_t boot;
	struct db_stmt *statements[STATEMENT_COUNT];
};

static int find_boot(struct db *db, const char *boot_id, int64_t *ret)
{
	CLEANUP(cleanup_stmt) struct db_stmt *add = NULL;
	CLEANUP(cleanup_stmt) struct db_stmt *find = NULL;
	int r = db_prepare(db, "INSERT INTO boot(boot_id) VALUES(?1) ON CONFLICT(boot_id) DO NOTHING", &add);

	if (!r)
		r = db_prepare(db, "SELECT boot FROM boot WHERE boot_id = ?1", &find);
	if (r)
		return r;

	db_bind_string(add, 1, boot_id);
	db_bind_string(find, 1, boot_id);
	r = db_run(add);
	if (r)
		return r;
	r = db_step_number(find, 0, ret);
	return !r && *ret == 0 ? -ERROR_DB_CORRUPT : r;
}

void container_rows_close(struct container_rows *rows)
{
	if (!rows)
		return;
	db_finish_all(rows->statements, STATEMENT_COUNT);
	free(rows);
}

static void cleanup_rows(struct container_rows **rows)
{
	container_rows_close(*rows);
}

int container_rows_open(struct db *db, const char *boot_id, struct container_rows **ret)
{
	CLEANUP(cleanup_rows) struct container_rows *rows = calloc(1, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	rows->db = db;

	int r = find_boot(db, boot_id, &rows->boot);

	if (!r)
		r = db_prepare_all(db, statements, STATEMENT_COUNT, rows->statements);
	if (r)
		return r;
	*ret = TAKE_PTR(rows);
	return 0;
}

int64_t container_rows_boot(const struct container_rows *rows)
{
	return rows->boot;
}

static void bind_key(struct container_rows *rows, struct db_stmt *stmt, const struct ev_cgroup *key)
{
	db_bind_int(stmt, 1, rows->boot);
	db_bind_int(stmt, 2, key->hierarchy);
	db_bind_int(stmt, 3, (int64_t)key->id);
}

int container_rows_find_cgroup(struct container_rows *rows, const struct ev_cgroup *key, struct cgroup_row *ret)
{
	struct db_stmt *stmt = rows->statements[FIND_CGROUP];

	bind_key(rows, stmt, key);

	int r = db_step(stmt);

	if (r <= 0)
		return r;
	*ret = (struct cgroup_row){
		.row = db_int(stmt, 0),
		.kind = (enum cgroup_kind)db_int(stmt, 1),
		.has_path = db_int(stmt, 2) != 0,
		.removed = db_int(stmt, 3) != 0,
		.container = db_int(stmt, 4),
		.pod = db_int(stmt, 5),
	};
	db_reset(stmt);
	return 1;
}

int container_rows_add_cgroup(struct container_rows *rows, const struct ev_cgroup *key, const char *path, size_t length,
			struct cgroup_row *cgroup)
{
	struct db_stmt *stmt = rows->statements[ADD_CGROUP];

	bind_key(rows, stmt, key);
	db_bind_text(stmt, 4, path, length);
	db_bind_int(stmt, 5, cgroup->kind);
	db_bind_nonzero(stmt, 6, cgroup->container);
	db_bind_nonzero(stmt, 7, cgroup->pod);
	db_bind_string(stmt, 8, path ? cgroup->source : "none");

	int r = db_run(stmt);

	if (r)
		return r;
	cgroup->row = db_last_id(rows->db);
	cgroup->has_path = path != NULL;
	return 0;
}

int container_rows_complete_cgroup(struct container_rows *rows, const struct cgroup_row *cgroup, const char *path,
			     size_t length)
{
	struct db_stmt *stmt = rows->statements[COMPLETE_CGROUP];

	db_bind_int(stmt, 1, cgroup->row);
	db_bind_text(stmt, 2, path, length);
	db_bind_int(stmt, 3, cgroup->kind);
	db_bind_nonzero(stmt, 4, cgroup->container);
	db_bind_nonzero(stmt, 5, cgroup->pod);
	db_bind_string(stmt, 6, cgroup->source);
	return db_run(stmt);
}

int container_rows_remove_cgroup(struct container_rows *rows, int64_t cgroup, int64_t time)
{
	struct db_stmt *stmt = rows->statements[REMOVE_CGROUP];

	db_bind_int(stmt, 1, cgroup);
	db_bind_int(stmt, 2, time);
	return db_run(stmt);
}

int container_rows_cgroup_path(struct container_rows *rows, int64_t cgroup, char *out, size_t size, size_t *ret_length)
{
	struct db_stmt *stmt = rows->statements[CGROUP_PATH];
	size_t length = 0;

	db_bind_int(stmt, 1, cgroup);

	int r = db_step(stmt);

	if (r <= 0)
		return r;

	const char *path = db_text(stmt, 0, &length);

	r = !path ? 0 : length >= size ? -ERANGE : 1;
	if (r > 0) {
		(void)memcpy(out, path, length);
		out[length] = '\0';
		*ret_length = length;
	}
	db_reset(stmt);
	return r;
}

int container_rows_get_pod(struct container_rows *rows, const char *uid, const char *qos, int64_t *ret)
{
	struct db_stmt *find = rows->statements[FIND_POD];
	struct db_stmt *add = rows->statements[ADD_POD];

	db_bind_string(find, 1, uid);

	int r = db_step(find);

	if (r > 0) {
		*ret = db_int(find, 0);
		db_reset(find);
		return 0;
	}
	if (r < 0)
		return r;

	db_bind_string(add, 1, uid);
	db_bind_string(add, 2, qos);
	r = db_run(add);
	if (r)
		return r;
	*ret = db_last_id(rows->db);
	return 0;
}

static int read_instance(struct db_stmt *stmt, struct instance_row *ret)
{
	int r = db_step(stmt);

	if (r <= 0)
		return r;
	*ret = (struct instance_row){
		.row = db_int(stmt, 0),
		.cgroup = db_int(stmt, 1),
		.born = db_int(stmt, 2),
		.started = db_int(stmt, 3),
		.stopped = db_int(stmt, 4),
	};
	return 1;
}

int container_rows_find_instance(struct container_rows *rows, const struct cgroup_identity *identity, const char *path,
				 size_t length, struct instance_row *ret)
{
	struct db_stmt *stmt = rows->statements[FIND_INSTANCE];

	db_bind_string(stmt, 1, identity->container_id);
	db_bind_int(stmt, 2, rows->boot);
	db_bind_string(stmt, 3, identity->outer_id);
	db_bind_text(stmt, 4, path, length);
	db_bind_u64(stmt, 5, (uint64_t)identity->owner_uid); /* none: NULL */
	db_bind_int(stmt, 6, identity->delegated);

	int r = read_instance(stmt, ret);

	if (r > 0)
		db_reset(stmt);
	return r;
}

int container_rows_get_instance(struct container_rows *rows, int64_t row, struct instance_row *ret)
{
	struct db_stmt *stmt = rows->statements[GET_INSTANCE];

	db_bind_int(stmt, 1, row);

	int r = read_instance(stmt, ret);

	if (r > 0)
		db_reset(stmt);
	return r;
}

int container_rows_add_instance(struct container_rows *rows, const struct cgroup_identity *identity, int64_t pod,
		      struct instance_row *instance)
{
	struct db_stmt *stmt = rows->statements[ADD_INSTANCE];

	db_bind_int(stmt, 1, rows->boot);
	db_bind_string(stmt, 2, identity->container_id);
	db_bind_string(stmt, 3, identity->runtime);
	db_bind_nonzero(stmt, 4, pod);
	db_bind_string(stmt, 5, identity->outer_id);
	db_bind_nonzero(stmt, 6, instance->cgroup);
	db_bind_nonzero(stmt, 7, instance->born);
	db_bind_u64(stmt, 8, (uint64_t)identity->owner_uid);
	db_bind_int(stmt, 9, identity->delegated);

	int r = db_run(stmt);

	if (r)
		return r;
	instance->row = db_last_id(rows->db);
	return 0;
}

int container_rows_update_instance(struct container_rows *rows, const struct instance_row *instance)
{
	struct db_stmt *stmt = rows->statements[UPDATE_INSTANCE];

	db_bind_int(stmt, 1, instance->row);
	db_bind_nonzero(stmt, 2, instance->cgroup);
	db_bind_nonzero(stmt, 3, instance->born);
	db_bind_nonzero(stmt, 4, instance->started);
	db_bind_nonzero(stmt, 5, instance->stopped);
	return db_run(stmt);
}

int container_rows_find_start(struct container_rows *rows, const struct instance_row *instance, struct start_row *ret)
{
	struct db_stmt *stmt = rows->statements[FIND_START];

	db_bind_int(stmt, 1, instance->started);
	db_bind_int(stmt, 2, TYPE_CONTAINER_START);
	db_bind_int(stmt, 3, instance->row);

	int r = db_step(stmt);

	if (r <= 0)
		return r;
	*ret = (struct start_row){
		.event = db_int(stmt, 0),
		.by_init = db_int(stmt, 1) & EVENT_CONTAINER_INIT,
		.inferred = db_int(stmt, 2) != 0,
	};
	db_reset(stmt);
	return 1;
}

int container_rows_find_main(struct container_rows *rows, int64_t instance, struct main_process *ret)
{
	struct db_stmt *stmt = rows->statements[FIND_MAIN];
	int r;

	db_bind_int(stmt, 1, instance);
	db_bind_int(stmt, 2, TYPE_CONTAINER_START);
	db_bind_int(stmt, 3, EVENT_CONTAINER_INIT);
	r = db_step(stmt);
	if (r <= 0)
		return r;
	*ret = (struct main_process){ (uint32_t)db_int(stmt, 0), (uint64_t)db_int(stmt, 1) };
	db_reset(stmt);
	return 1;
}

static int complete_lifecycle(struct container_rows *rows, int64_t event, uint64_t memory_limit)
{
	struct db_stmt *stmt = rows->statements[COMPLETE_LIFECYCLE];

	db_bind_int(stmt, 1, event);
	db_bind_int(stmt, 2, memory_limit != EV_UNKNOWN);
	db_bind_u64(stmt, 3, memory_limit);
	return db_run(stmt);
}

int container_rows_complete_start(struct container_rows *rows, int64_t event, const struct row_task *task, bool by_init,
				  uint64_t memory_limit)
{
	struct db_stmt *stmt = rows->statements[COMPLETE_EVENT];

	db_bind_int(stmt, 1, event);
	row_bind_task(stmt, 2, task);
	db_bind_int(stmt, 6, by_init ? EVENT_CONTAINER_INIT : 0);
	db_bind_u64(stmt, 7, task->start_ns);

	int r = db_run(stmt);

	return r ? r : complete_lifecycle(rows, event, memory_limit);
}

int container_rows_has_event(struct container_rows *rows, int64_t cgroup)
{
	struct db_stmt *stmt = rows->statements[HAS_EVENT];
	int r;

	db_bind_int(stmt, 1, cgroup);
	r = db_step(stmt);
	if (r > 0)
		db_reset(stmt);
	return r;
}

int container_rows_next_instance(struct container_rows *rows, int64_t after, struct instance_row *ret,
				 struct ev_cgroup *ret_key)
{
	struct db_stmt *stmt = rows->statements[NEXT_INSTANCE];

	db_bind_int(stmt, 1, after);
	db_bind_int(stmt, 2, rows->boot);

	int r = read_instance(stmt, ret);

	if (r > 0) {
		*ret_key = (struct ev_cgroup){ (__u32)db_int(stmt, 5), 0, (__u64)db_int(stmt, 6) };
		db_reset(stmt);
	}
	return r;
}
