/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/kind_lifecycle.h"

#include "consumer/container/cgroup_fs.h"
#include "consumer/container/container_rows.h"
#include "consumer/container/lifetime.h"
#include "consumer/container/resolve.h"
#include "consumer/record/enrich.h"
#include "consumer/record/kind.h"
#include "consumer/store/db_stmt.h"
#include "consumer/text/runtime_process.h"

/*
 * Resolves the parent of a cgroup inside a container, so that the container's own cgroup gets its row even if its
 * creation was not recorded.
 */
static int resolve_parent(struct enrich *enrich, const struct ev *ev, const struct resolve_hint *child)
{
	struct resolve_hint hint = { .time_ns = ev->h.time_ns };
	struct place parent;
	const char *path = child->path.data;

	if (path) {
		size_t length = child->path.length;

		while (length > 0 && path[length - 1] != '/')
			length--;
		if (length > 1)
			hint.path = (struct text_span){ path, length - 1 };
	}
	return resolve_place(enrich_resolve(enrich), &ev->lifecycle.parent, &hint, &parent);
}

static int find_place(struct enrich *enrich, const struct ev *ev, struct place *ret)
{
	const struct ev_lifecycle *lifecycle = &ev->lifecycle;
	const struct resolve_hint hint = {
		.path = ev->tails[0],
		.made_ns = ev->h.kind == EV_CGROUP_MKDIR ? ev->h.time_ns : 0,
		.time_ns = ev->h.time_ns,
	};
	int r = resolve_place(enrich_resolve(enrich), &lifecycle->cgroup, &hint, ret);

	if (!r && ret->container && lifecycle->parent.id > CGROUP_ROOT_ID)
		r = resolve_parent(enrich, ev, &hint);
	return r;
}

/* What the record says of the cgroup it is about is true of the container only if that is its outermost one. */
static void fill_row(const struct enrich *enrich, const struct ev *ev, const struct instance_row *instance, int64_t cgroup,
		     struct ev_row *row, struct lifecycle_detail *detail)
{
	const struct ev_lifecycle *lifecycle = &ev->lifecycle;
	bool own = instance->cgroup == cgroup;

	enrich_fill_row(enrich, ev, &lifecycle->task, instance->cgroup ? instance->cgroup : cgroup, row);
	*detail = (struct lifecycle_detail){
		.container = instance->row,
		.memory_limit = own ? lifecycle->limit_bytes : EV_UNKNOWN,
		.peak = own ? lifecycle->peak_bytes : EV_UNKNOWN,
		.oom_kills = own ? lifecycle->oom_kills : EV_UNKNOWN,
	};
}

/* The limit of the container's outermost cgroup, read from cgroupfs. EV_UNKNOWN when it cannot be read. */
static uint64_t read_limit(const struct enrich *enrich, const struct instance_row *instance)
{
	const struct cgroup_fs *fs = enrich_cgroup_fs(enrich);
	char path[ENRICH_PATH_MAX];
	uint64_t limit;

	if (!fs || !instance->cgroup || !enrich_cgroup_path(enrich, instance->cgroup, path))
		return EV_UNKNOWN;
	return cgroup_fs_limit(fs, path, &limit) == 0 ? limit : EV_UNKNOWN;
}

static int enrich_mkdir(struct enrich *enrich, const struct ev *ev, struct ev_row *row, void *detail)
{
	struct place place;

	(void)row;
	(void)detail;
	return find_place(enrich, ev, &place);
}

/*
 * The start was stored for an exec of the runtime in the container's cgroup, or inferred. This exec is the container's own
 * first process: the stored start gets its task, and the limit that the runtime has set by now.
 */
static int complete_start(struct enrich *enrich, const struct ev *ev, const struct place *place)
{
	const struct ev_lifecycle *lifecycle = &ev->lifecycle;
	bool is_init = lifecycle->flags & EV_F_NS_INIT;
	const struct row_task task = enrich_task(&lifecycle->task);
	struct instance_row instance;
	uint64_t limit;
	int64_t event;
	int r = lifetime_find_start(enrich_rows(enrich), place->container, enrich_wall(enrich, ev->h.time_ns), place->cgroup,
				    is_init, &instance, &event);

	if (r <= 0)
		return r;
	limit = instance.cgroup == place->cgroup ? lifecycle->limit_bytes : read_limit(enrich, &instance);
	return container_rows_complete_start(enrich_rows(enrich), event, &task, is_init, limit);
}

static int enrich_exec(struct enrich *enrich, const struct ev *ev, struct ev_row *row, void *detail)
{
	struct lifecycle_detail *lifecycle = detail;
	bool is_init = ev->lifecycle.flags & EV_F_NS_INIT;
	struct instance_row instance;
	struct place place;
	int r = find_place(enrich, ev, &place);

	if (r || !place.container)
		return r;
	r = lifetime_start(enrich_rows(enrich), place.container, enrich_wall(enrich, ev->h.time_ns), &instance);
	if (r <= 0)
		return r < 0 ? r : complete_start(enrich, ev, &place);
	fill_row(enrich, ev, &instance, place.cgroup, row, lifecycle);
	row->flags = is_init ? EVENT_CONTAINER_INIT : 0;
	lifecycle->peak = lifecycle->oom_kills = EV_UNKNOWN;
	if (instance.cgroup != place.cgroup)
		lifecycle->memory_limit = read_limit(enrich, &instance);
	return 1;
}

static int infer_start(struct enrich *enrich, const struct place *place, uint64_t time_ns)
{
	struct lifecycle_detail detail;
	struct instance_row instance;
	struct ev_row row;
	int r = lifetime_infer_start(enrich_rows(enrich), place->container, enrich_wall(enrich, time_ns), &instance);

	if (r >= 0)
		resolve_note_start(enrich_resolve(enrich), &place->key);
	if (r <= 0)
		return r;
	detail = (struct lifecycle_detail){ instance.row, read_limit(enrich, &instance), EV_UNKNOWN, EV_UNKNOWN, true };
	row = (struct ev_row){
		.storage = &storage_container_start,
		.time = instance.started,
		.cgroup = instance.cgroup ? instance.cgroup : place->cgroup,
		.status = EV_UNKNOWN,
		.duration_ns = EV_UNKNOWN,
		.detail = &detail,
	};
	enrich_set_inferred_start(enrich, &row, sizeof(detail));
	return 0;
}

int kind_lifecycle_infer_start(struct enrich *enrich, const struct ev *ev, const struct place *place,
			       const struct ev_task *task)
{
	bool known = task->start_ns > 0 && task->start_ns < ev->h.time_ns;

	if (!place->container || place->start_known || task->pid == 0)
		return 0;
	if (runtime_process_is(task->comm, decode_comm_length(task->comm))) {
		resolve_note_runtime(enrich_resolve(enrich), &place->key);
		return 0;
	}
	return infer_start(enrich, place, known ? task->start_ns : ev->h.time_ns);
}

/*
 * A container in which memory was used had a process. If only processes of its runtime were seen in it, it never started.
 */
static int infer_at_stop(struct enrich *enrich, const struct ev *ev, const struct place *place)
{
	uint64_t peak = ev->lifecycle.peak_bytes;
	struct instance_row instance;
	int r;

	if (!place->container || place->start_known || place->runtime_seen || peak == 0 || peak == EV_UNKNOWN)
		return 0;
	r = container_rows_get_instance(enrich_rows(enrich), place->container, &instance);
	if (r <= 0 || instance.cgroup != place->cgroup)
		return r < 0 ? r : 0;
	r = container_rows_has_event(enrich_rows(enrich), place->cgroup);
	return r ? (r < 0 ? r : 0) : infer_start(enrich, place, ev->h.time_ns);
}

static int enrich_rmdir(struct enrich *enrich, const struct ev *ev, struct ev_row *row, void *detail)
{
	const struct resolve_hint hint = { .path = ev->tails[0], .gone = true, .time_ns = ev->h.time_ns };
	int64_t time = enrich_wall(enrich, ev->h.time_ns);
	struct instance_row instance;
	struct place place;
	int r = resolve_place(enrich_resolve(enrich), &ev->lifecycle.cgroup, &hint, &place);

	if (!r)
		r = infer_at_stop(enrich, ev, &place);
	if (!r && place.cgroup)
		r = container_rows_remove_cgroup(enrich_rows(enrich), place.cgroup, time);
	if (!r)
		r = resolve_removed(enrich_resolve(enrich), &ev->lifecycle.cgroup);
	if (r || !place.container)
		return r;
	r = lifetime_stop(enrich_rows(enrich), place.container, place.cgroup, time, &instance);
	if (r <= 0)
		return r;
	fill_row(enrich, ev, &instance, place.cgroup, row, detail);
	return 1;
}

void kind_lifecycle_lost_stop(const struct instance_row *instance, int64_t time, struct lifecycle_detail *detail,
			      struct ev_row *ret)
{
	*detail = (struct lifecycle_detail){ instance->row, EV_UNKNOWN, EV_UNKNOWN, EV_UNKNOWN, true };
	*ret = (struct ev_row){
		.storage = &storage_container_stop,
		.time = time,
		.cgroup = instance->cgroup,
		.status = EV_UNKNOWN,
		.flags = EV_UNKNOWN,
		.duration_ns = EV_UNKNOWN,
		.detail = detail,
	};
}

#define LIFECYCLE_KIND                                                                                \
	.size = sizeof(struct ev_lifecycle), .tail_count = 1,                                         \
	.tails = { { offsetof(struct ev_lifecycle, path), KIND_TAIL_PATH } }, .urgency = KIND_DEFERRED, \
	.detail_size = sizeof(struct lifecycle_detail)

/* The creation of a cgroup makes no event; its records are counted with the starts, which they precede. */
const struct kind kind_cgroup_mkdir = { LIFECYCLE_KIND, .enrich = enrich_mkdir, .storage = &storage_container_start };
const struct kind kind_cgroup_exec = { LIFECYCLE_KIND, .enrich = enrich_exec, .storage = &storage_container_start };
const struct kind kind_cgroup_rmdir = { LIFECYCLE_KIND, .enrich = enrich_rmdir, .storage = &storage_container_stop };

static void bind(struct db_stmt *stmt, const void *detail)
{
	const struct lifecycle_detail *lifecycle = detail;

	db_bind_int(stmt, 2, lifecycle->container);
	db_bind_u64(stmt, 3, lifecycle->memory_limit);
	db_bind_u64(stmt, 4, lifecycle->peak);
	db_bind_u64(stmt, 5, lifecycle->oom_kills);
	db_bind_int(stmt, 6, lifecycle->inferred);
}

#define LIFECYCLE_STORAGE                                                                                            \
	.retention = RETAIN_LONGEST, .table = "lifecycle", .bind = bind,                                            \
	.insert = "INSERT INTO lifecycle(id, container, memory_limit, peak, oom_kills, inferred) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"

const struct event_storage storage_container_start = { .type = TYPE_CONTAINER_START, LIFECYCLE_STORAGE };
const struct event_storage storage_container_stop = { .type = TYPE_CONTAINER_STOP, LIFECYCLE_STORAGE };
