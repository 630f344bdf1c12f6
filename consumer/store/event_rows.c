/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/event_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/store/db.h"
#include "consumer/store/row.h"

/* Members of one kill decision come within microseconds, so the last few decisions are enough. */
#define DECISIONS 16
/* How far the wall time of one decision may differ between the recorder before a restart and this one. */
#define DECISION_TOLERANCE_NS 1000000

/*
 * Exits are nearly all there is, and much of what a row costs is to begin and to end a statement: they are
 * inserted so many at a time. OR FAIL, since a statement that would have to undo its first rows keeps a
 * journal of its own; here the whole batch is undone anyway.
 */
#define BULK	      16
#define EVENT_COLUMNS 12

enum statement {
	ADD_EVENT,
	ADD_BULK,
	ADD_OOM,
	ADD_PRESSURE,
	ADD_FORK,
	ADD_LIFECYCLE,
	ADD_GAP,
	FIND_INCIDENT,
	STATEMENT_COUNT,
};

#define INSERT_EVENT                                                                                              \
	"INSERT OR FAIL INTO event(id, type, time, boot, cgroup, pid, ppid, uid, comm, status, flags, duration) " \
	"VALUES"
#define ROW_1  "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define ROWS_4 ROW_1 "," ROW_1 "," ROW_1 "," ROW_1

static const char *const statements[STATEMENT_COUNT] = {
	[ADD_EVENT] = INSERT_EVENT ROW_1,
	[ADD_BULK] = INSERT_EVENT ROWS_4 "," ROWS_4 "," ROWS_4 "," ROWS_4,
	[ADD_OOM] = "INSERT INTO oom(id, incident, decision, rss_anon, rss_file, rss_shmem, swap, pgtables,"
		    " oom_score_adj, trigger_pid, trigger_comm, trigger_cgroup, scope, limit_cgroup, limit_bytes,"
		    " usage_bytes, limit_source, group_kill, chosen)"
		    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
	[ADD_PRESSURE] = "INSERT INTO pressure(id, level, usage_bytes, limit_bytes, working_set)"
			 " VALUES(?1, ?2, ?3, ?4, ?5)",
	[ADD_FORK] = "INSERT INTO fork(id, child_pid, child_comm) VALUES(?1, ?2, ?3)",
	[ADD_LIFECYCLE] =
		"INSERT INTO lifecycle(id, container, memory_limit, peak, oom_kills) VALUES(?1, ?2, ?3, ?4, ?5)",
	[ADD_GAP] = "INSERT INTO gap(id, reason, lost_type, lost, from_time, to_time) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	[FIND_INCIDENT] = "SELECT o.incident FROM (SELECT * FROM oom ORDER BY id DESC LIMIT 64) o JOIN event e"
			  " ON e.id = o.id WHERE e.boot = ?1 AND o.decision BETWEEN ?2 AND ?3 LIMIT 1",
};

/* A row whose insert waits for others. */
struct waiting {
	struct ev_row row;
	int64_t id;
	char comm[EV_COMM_LEN];
};

struct decision {
	uint64_t time_ns; /* boot time; 0: empty */
	int64_t incident;
};

struct event_rows {
	int64_t boot;
	struct decision decisions[DECISIONS];
	size_t next_decision;
	struct waiting waiting[BULK];
	size_t waiting_count;
	struct db_stmt *statements[STATEMENT_COUNT];
};

void event_rows_close(struct event_rows *insert)
{
	if (!insert)
		return;
	db_finish_all(insert->statements, STATEMENT_COUNT);
	free(insert);
}

static void cleanup_insert(struct event_rows **insert)
{
	event_rows_close(*insert);
}

int event_rows_open(struct db *db, int64_t boot, struct event_rows **ret)
{
	CLEANUP(cleanup_insert) struct event_rows *insert = calloc(1, sizeof(*insert));
	int r = insert ? 0 : -ENOMEM;

	if (!r)
		r = db_prepare_all(db, statements, STATEMENT_COUNT, insert->statements);
	if (r)
		return r;
	insert->boot = boot;
	*ret = TAKE_PTR(insert);
	return 0;
}

static void bind_task(struct db_stmt *stmt, int position, const struct row_task *task)
{
	if (task->pid == 0) {
		for (int i = 0; i < 4; i++)
			db_bind_null(stmt, position + i);
		return;
	}
	db_bind_int(stmt, position, task->pid);
	db_bind_u64(stmt, position + 1, (uint64_t)task->ppid); /* -1: NULL */
	db_bind_int(stmt, position + 2, task->uid);
	db_bind_text(stmt, position + 3, task->comm.text, task->comm.length);
}

/* The first kill of the same decision; the row's own id when it is that one. */
static int find_incident(struct event_rows *insert, const struct row_oom *oom, int64_t id, int64_t *ret)
{
	struct db_stmt *stmt = insert->statements[FIND_INCIDENT];
	int r = 0;

	*ret = id;
	if (oom->decision_ns == 0)
		return 0;
	for (size_t i = 0; i < DECISIONS; i++) {
		if (insert->decisions[i].time_ns == oom->decision_ns) {
			*ret = insert->decisions[i].incident;
			return 0;
		}
	}

	db_bind_int(stmt, 1, insert->boot);
	db_bind_int(stmt, 2, oom->decision - DECISION_TOLERANCE_NS);
	db_bind_int(stmt, 3, oom->decision + DECISION_TOLERANCE_NS);
	r = db_step(stmt);
	if (r < 0)
		return r;
	if (r > 0) {
		*ret = db_int(stmt, 0);
		db_reset(stmt);
	}
	insert->decisions[insert->next_decision] = (struct decision){ oom->decision_ns, *ret };
	insert->next_decision = (insert->next_decision + 1) % DECISIONS;
	return 0;
}

static int add_oom(struct event_rows *insert, const struct ev_row *row, int64_t id)
{
	const struct row_oom *oom = &row->oom;
	struct db_stmt *stmt = insert->statements[ADD_OOM];
	int64_t incident;
	int r = find_incident(insert, oom, id, &incident);

	if (r)
		return r;
	db_bind_int(stmt, 1, id);
	db_bind_int(stmt, 2, incident);
	db_bind_int(stmt, 3, oom->decision);
	db_bind_u64(stmt, 4, oom->rss_anon);
	db_bind_u64(stmt, 5, oom->rss_file);
	db_bind_u64(stmt, 6, oom->rss_shmem);
	db_bind_u64(stmt, 7, oom->swap);
	db_bind_u64(stmt, 8, oom->pgtables);
	db_bind_int(stmt, 9, oom->oom_score_adj);
	db_bind_nonzero(stmt, 10, oom->trigger.pid);
	db_bind_text(stmt, 11, oom->trigger.pid ? oom->trigger.comm.text : NULL, oom->trigger.comm.length);
	db_bind_nonzero(stmt, 12, oom->trigger_cgroup);
	db_bind_string(stmt, 13, oom->scope);
	db_bind_nonzero(stmt, 14, oom->limit_cgroup);
	db_bind_u64(stmt, 15, oom->limit_bytes);
	db_bind_u64(stmt, 16, oom->usage_bytes);
	db_bind_string(stmt, 17, oom->limit_exact ? "kernel" : "inferred");
	db_bind_int(stmt, 18, oom->group_kill);
	db_bind_int(stmt, 19, oom->chosen);
	return db_run(stmt);
}

static int add_pressure(struct event_rows *insert, const struct ev_row *row, int64_t id)
{
	struct db_stmt *stmt = insert->statements[ADD_PRESSURE];

	db_bind_int(stmt, 1, id);
	db_bind_string(stmt, 2, row->pressure.level);
	db_bind_u64(stmt, 3, row->pressure.usage_bytes);
	db_bind_u64(stmt, 4, row->pressure.limit_bytes);
	db_bind_u64(stmt, 5, row->pressure.working_set);
	return db_run(stmt);
}

static int add_fork(struct event_rows *insert, const struct ev_row *row, int64_t id)
{
	struct db_stmt *stmt = insert->statements[ADD_FORK];

	db_bind_int(stmt, 1, id);
	db_bind_int(stmt, 2, row->fork.child.pid);
	db_bind_text(stmt, 3, row->fork.child.comm.text, row->fork.child.comm.length);
	return db_run(stmt);
}

static int add_lifecycle(struct event_rows *insert, const struct ev_row *row, int64_t id)
{
	struct db_stmt *stmt = insert->statements[ADD_LIFECYCLE];

	db_bind_int(stmt, 1, id);
	db_bind_int(stmt, 2, row->lifecycle.container);
	db_bind_u64(stmt, 3, row->lifecycle.memory_limit);
	db_bind_u64(stmt, 4, row->lifecycle.peak);
	db_bind_u64(stmt, 5, row->lifecycle.oom_kills);
	return db_run(stmt);
}

static int add_gap(struct event_rows *insert, const struct ev_row *row, int64_t id)
{
	struct db_stmt *stmt = insert->statements[ADD_GAP];

	db_bind_int(stmt, 1, id);
	db_bind_string(stmt, 2, row->gap.reason);
	db_bind_nonzero(stmt, 3, row->gap.lost_type);
	db_bind_u64(stmt, 4, row->gap.lost);
	db_bind_nonzero(stmt, 5, row->gap.from);
	db_bind_nonzero(stmt, 6, row->gap.to);
	return db_run(stmt);
}

typedef int add_details(struct event_rows *insert, const struct ev_row *row, int64_t id);

/* What a type has beyond a row in event. */
static add_details *const details[TYPE_COUNT] = {
	[TYPE_OOM_KILL] = add_oom,
	[TYPE_MEMORY_PRESSURE] = add_pressure,
	[TYPE_PROCESS_FORK] = add_fork,
	[TYPE_CONTAINER_START] = add_lifecycle,
	[TYPE_CONTAINER_STOP] = add_lifecycle,
	[TYPE_GAP] = add_gap,
};

/* position: of the row's first value. */
static void bind_event(const struct event_rows *insert, struct db_stmt *stmt, int position, const struct ev_row *row,
		       int64_t id)
{
	db_bind_int(stmt, position, id);
	db_bind_int(stmt, position + 1, row->type);
	db_bind_int(stmt, position + 2, row->time);
	db_bind_int(stmt, position + 3, insert->boot);
	db_bind_nonzero(stmt, position + 4, row->cgroup);
	bind_task(stmt, position + 5, &row->task);
	db_bind_u64(stmt, position + 9, row->status);
	db_bind_u64(stmt, position + 10, row->flags);
	db_bind_u64(stmt, position + 11, row->duration_ns);
}

static int add_event(struct event_rows *insert, const struct ev_row *row, int64_t id)
{
	struct db_stmt *stmt = insert->statements[ADD_EVENT];

	bind_event(insert, stmt, 1, row, id);
	return db_run(stmt);
}

int event_rows_flush(struct event_rows *insert)
{
	struct db_stmt *stmt = insert->statements[ADD_BULK];
	size_t count = insert->waiting_count;
	int r = 0;

	insert->waiting_count = 0;
	if (count == BULK) {
		for (size_t i = 0; i < count; i++)
			bind_event(insert, stmt, 1 + (int)i * EVENT_COLUMNS, &insert->waiting[i].row,
				   insert->waiting[i].id);
		return db_run(stmt);
	}
	for (size_t i = 0; !r && i < count; i++)
		r = add_event(insert, &insert->waiting[i].row, insert->waiting[i].id);
	return r;
}

/* The row's text is in a record that is decoded only now: it is kept. */
static int add_later(struct event_rows *insert, const struct ev_row *row, int64_t id)
{
	struct waiting *waiting = &insert->waiting[insert->waiting_count++];
	struct row_comm *comm = &waiting->row.task.comm;

	waiting->row = *row;
	waiting->id = id;
	if (comm->text) {
		(void)memcpy(waiting->comm, comm->text, comm->length);
		comm->text = waiting->comm;
	}
	return insert->waiting_count == BULK ? event_rows_flush(insert) : 0;
}

int event_rows_add(struct event_rows *insert, const struct ev_row *row, int64_t id)
{
	int r;

	if (!details[row->type] && row->task.comm.length <= EV_COMM_LEN)
		return add_later(insert, row, id);
	r = add_event(insert, row, id);
	return !r && details[row->type] ? details[row->type](insert, row, id) : r;
}
