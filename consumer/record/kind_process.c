/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes: exits and forks. */
#include "consumer/container/container_rows.h"
#include "consumer/container/resolve.h"
#include "consumer/record/enrich.h"
#include "consumer/record/kind.h"
#include "consumer/record/kind_lifecycle.h"
#include "consumer/store/db_stmt.h"

/*
 * A late record does not say whether the process was the init of a pid namespace. It was the container's if the start of
 * the container names it.
 */
static int flag_late(struct enrich *enrich, const struct ev_process_exit *exit, const struct place *place,
		     struct ev_row *row)
{
	struct main_process main_process;
	int r;

	row->task.ppid = -1;
	row->flags |= EVENT_LATE;
	if (!place->container) {
		row->flags |= place->has_path ? 0 : EVENT_INIT_UNKNOWN;
		return 0;
	}
	r = container_rows_find_main(enrich_rows(enrich), place->container, &main_process);
	if (r <= 0)
		row->flags |= EVENT_INIT_UNKNOWN;
	else if (main_process.pid == exit->task.pid && main_process.start_ns == exit->task.start_ns)
		row->flags |= EVENT_CONTAINER_INIT;
	return r < 0 ? r : 0;
}

static int enrich_exit(struct enrich *enrich, const struct ev *ev, struct ev_row *row, void *detail)
{
	const struct ev_process_exit *exit = &ev->process_exit;
	const struct resolve_hint hint = { .time_ns = ev->h.time_ns };
	struct place place;
	int r = resolve_place(enrich_resolve(enrich), &exit->cgroup, &hint, &place);

	(void)detail;
	if (!r)
		r = kind_lifecycle_infer_start(enrich, ev, &place, &exit->task);
	if (r)
		return r;
	enrich_fill_row(enrich, ev, &exit->task, place.cgroup, row);
	row->status = exit->status;
	row->flags = exit->flags & EV_F_OOM_VICTIM ? EVENT_OOM_KILLED : 0;
	if (exit->flags & EV_F_LATE)
		r = flag_late(enrich, exit, &place, row);
	else if (exit->ns_init && exit->ns_level > 0 && place.container)
		row->flags |= EVENT_CONTAINER_INIT;
	if (exit->task.start_ns > 0 && exit->task.start_ns <= ev->h.time_ns)
		row->duration_ns = ev->h.time_ns - exit->task.start_ns;
	return r < 0 ? r : 1;
}

const struct kind kind_process_exit = {
	.size = sizeof(struct ev_process_exit),
	.enrich = enrich_exit,
	.storage = &storage_process_exit,
};

const struct event_storage storage_process_exit = {
	.type = TYPE_PROCESS_EXIT,
	.retention = RETAIN_BRIEFLY,
	.keep_flags = EVENT_OOM_KILLED | EVENT_CONTAINER_INIT,
};

struct fork_detail {
	struct row_task child;
};

static int enrich_fork(struct enrich *enrich, const struct ev *ev, struct ev_row *row, void *detail)
{
	const struct ev_process_fork *fork = &ev->process_fork;
	const struct resolve_hint hint = { .time_ns = ev->h.time_ns };
	struct place place;
	int r = resolve_place(enrich_resolve(enrich), &fork->cgroup, &hint, &place);

	if (!r)
		r = kind_lifecycle_infer_start(enrich, ev, &place, &fork->child);
	if (r)
		return r;
	enrich_fill_row(enrich, ev, &fork->task, place.cgroup, row);
	*(struct fork_detail *)detail = (struct fork_detail){ enrich_task(&fork->child) };
	return 1;
}

const struct kind kind_process_fork = {
	.size = sizeof(struct ev_process_fork),
	.enrich = enrich_fork,
	.storage = &storage_process_fork,
	.detail_size = sizeof(struct fork_detail),
};

static void bind_fork(struct db_stmt *stmt, const void *detail)
{
	const struct fork_detail *fork = detail;

	db_bind_int(stmt, 2, fork->child.pid);
	db_bind_text(stmt, 3, fork->child.comm.text, fork->child.comm.length);
}

const struct event_storage storage_process_fork = {
	.type = TYPE_PROCESS_FORK,
	.retention = RETAIN_BRIEFLY,
	.table = "fork",
	.insert = "INSERT INTO fork(id, child_pid, child_comm) VALUES(?1, ?2, ?3)",
	.bind = bind_fork,
};
