/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/event_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/store/db_stmt.h"
#include "consumer/store/exit_index.h"
#include "consumer/store/row.h"

/*
 * Most events are exits, and beginning and ending a statement is much of the cost of a row: rows of "event" alone are
 * inserted BULK at a time. OR FAIL spares SQLite the statement journal it would need to undo the first rows of a
 * statement; on a failure the whole batch is rolled back anyway.
 */
#define BULK	      16
#define EVENT_COLUMNS 13

#define INSERT_EVENT                                                                                              \
	"INSERT OR FAIL INTO event(id, type, time, boot, cgroup, pid, ppid, uid, comm, status, flags, duration," \
	" start) VALUES"
#define ROW_1  "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define ROWS_4 ROW_1 "," ROW_1 "," ROW_1 "," ROW_1

/* An event whose insert is put off. */
struct waiting {
	struct ev_row row;
	int64_t id;
	char comm[EV_COMM_LEN];
};

struct event_rows {
	int64_t boot;
	struct waiting waiting[BULK];
	size_t waiting_count;
	struct exit_index *exits;
	struct db_stmt *add_event, *add_bulk;
	struct db_stmt *add_detail[TYPE_COUNT]; /* NULL: the type has no table of its own */
};

void event_rows_close(struct event_rows *rows)
{
	if (!rows)
		return;
	db_finish(rows->add_event);
	db_finish(rows->add_bulk);
	db_finish_all(rows->add_detail, TYPE_COUNT);
	exit_index_close(rows->exits);
	free(rows);
}

static void cleanup_rows(struct event_rows **rows)
{
	event_rows_close(*rows);
}

/* Ahead of the first event: when memory runs out is no time to prepare what stores an OOM kill. */
static int prepare_details(struct db *db, const struct event_storage *const *storages, struct event_rows *rows)
{
	int r = 0;

	for (; !r && *storages; storages++)
		if ((*storages)->table)
			r = db_prepare(db, (*storages)->insert, &rows->add_detail[(*storages)->type]);
	return r;
}

int event_rows_open(struct db *db, int64_t boot, const struct event_storage *const *storages, struct event_rows **ret)
{
	CLEANUP(cleanup_rows) struct event_rows *rows = calloc(1, sizeof(*rows));
	int r = rows ? 0 : -ENOMEM;

	if (!r)
		r = db_prepare(db, INSERT_EVENT ROW_1, &rows->add_event);
	if (!r)
		r = db_prepare(db, INSERT_EVENT ROWS_4 "," ROWS_4 "," ROWS_4 "," ROWS_4, &rows->add_bulk);
	if (!r)
		r = prepare_details(db, storages, rows);
	if (!r)
		r = exit_index_open(db, boot, &rows->exits);
	if (r)
		return r;
	rows->boot = boot;
	*ret = TAKE_PTR(rows);
	return 0;
}

/* position: of the row's first value. */
static void bind_event(const struct event_rows *rows, struct db_stmt *stmt, int position, const struct ev_row *row,
		       int64_t id)
{
	db_bind_int(stmt, position, id);
	db_bind_int(stmt, position + 1, row->storage->type);
	db_bind_int(stmt, position + 2, row->time);
	db_bind_int(stmt, position + 3, rows->boot);
	db_bind_nonzero(stmt, position + 4, row->cgroup);
	row_bind_task(stmt, position + 5, &row->task);
	db_bind_u64(stmt, position + 9, row->status);
	db_bind_u64(stmt, position + 10, row->flags);
	db_bind_u64(stmt, position + 11, row->duration_ns);
	db_bind_u64(stmt, position + 12, row->task.pid ? row->task.start_ns : EV_UNKNOWN);
}

static int add_event(struct event_rows *rows, const struct ev_row *row, int64_t id)
{
	bind_event(rows, rows->add_event, 1, row, id);
	return db_run(rows->add_event);
}

static int add_detail(struct event_rows *rows, const struct ev_row *row, int64_t id)
{
	const struct event_storage *storage = row->storage;
	struct db_stmt *stmt = rows->add_detail[storage->type];

	db_bind_int(stmt, 1, id);
	storage->bind(stmt, row->detail);
	return db_run(stmt);
}

int event_rows_flush(struct event_rows *rows)
{
	size_t count = rows->waiting_count;
	int r = 0;

	rows->waiting_count = 0;
	if (count == BULK) {
		for (size_t i = 0; i < count; i++)
			bind_event(rows, rows->add_bulk, 1 + (int)i * EVENT_COLUMNS, &rows->waiting[i].row, rows->waiting[i].id);
		return db_run(rows->add_bulk);
	}
	for (size_t i = 0; !r && i < count; i++)
		r = add_event(rows, &rows->waiting[i].row, rows->waiting[i].id);
	return r;
}

/* Puts the row off. Its comm is copied, because it points into a record that is gone by then. */
static int add_later(struct event_rows *rows, const struct ev_row *row, int64_t id)
{
	struct waiting *waiting = &rows->waiting[rows->waiting_count++];
	struct row_comm *comm = &waiting->row.task.comm;

	waiting->row = *row;
	waiting->id = id;
	if (comm->text) {
		(void)memcpy(waiting->comm, comm->text, comm->length);
		comm->text = waiting->comm;
	}
	return rows->waiting_count == BULK ? event_rows_flush(rows) : 0;
}

static bool is_process(const struct ev_row *row)
{
	return row->task.pid != 0 && row->task.start_ns != EV_UNKNOWN;
}

int event_rows_has_exit(struct event_rows *rows, const struct ev_row *row)
{
	const struct exit_process process = { row->task.pid, row->task.start_ns };
	int r = is_process(row) ? event_rows_flush(rows) : 0;

	return r || !is_process(row) ? r : exit_index_find(rows->exits, &process, row->cgroup);
}

static void note_exit(struct event_rows *rows, const struct ev_row *row)
{
	const struct exit_process process = { row->task.pid, row->task.start_ns };

	if (row->storage->type == TYPE_PROCESS_EXIT && is_process(row) && row->duration_ns != EV_UNKNOWN)
		exit_index_add(rows->exits, &process, row->task.start_ns + row->duration_ns);
}

int event_rows_add(struct event_rows *rows, const struct ev_row *row, int64_t id)
{
	bool has_detail = row->storage->table != NULL;
	int r;

	note_exit(rows, row);
	if (!has_detail && row->task.comm.length <= EV_COMM_LEN)
		return add_later(rows, row, id);
	r = add_event(rows, row, id);
	return !r && has_detail ? add_detail(rows, row, id) : r;
}
