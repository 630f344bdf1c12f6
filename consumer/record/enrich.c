/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/enrich.h"

#include <errno.h>
#include <stdlib.h>

#include "consumer/container/cgroup_fs.h"
#include "consumer/container/container_rows.h"
#include "consumer/container/lifetime.h"
#include "consumer/container/resolve.h"
#include "consumer/record/kind_oom.h"
#include "consumer/text/clock.h"

/* The kernfs id of every hierarchy's root. */
#define ROOT_ID 1
#define PATH_ROOM 4096
/* Reading what a cgroup uses costs some microseconds: at most once a second for each. */
#define USAGE_INTERVAL_NS 1000000000ULL
#define USAGE_SLOTS 16

struct usage_slot {
	uint64_t id;
	uint64_t time_ns;
};

struct enrich {
	struct resolve *resolve;
	struct cgroup_fs *fs;
	struct container_rows *rows;
	int64_t offset;
	uint64_t now_ns;
	struct usage_slot usage[USAGE_SLOTS];
};

int enrich_open(struct resolve *resolve, struct cgroup_fs *fs, struct enrich **ret)
{
	struct enrich *enrich = calloc(1, sizeof(*enrich));

	if (!enrich)
		return -ENOMEM;
	enrich->resolve = resolve;
	enrich->fs = fs;
	*ret = enrich;
	return 0;
}

void enrich_close(struct enrich *enrich)
{
	free(enrich);
}

void enrich_reset(struct enrich *enrich, struct container_rows *rows)
{
	enrich->rows = rows;
}

void enrich_begin_batch(struct enrich *enrich, int64_t offset, uint64_t now_ns)
{
	enrich->offset = offset;
	enrich->now_ns = now_ns;
}

static int64_t wall(const struct enrich *enrich, uint64_t boot_ns)
{
	return clock_to_wall(boot_ns, enrich->offset);
}

static struct row_comm comm_of(const char comm[EV_COMM_LEN])
{
	size_t length = decode_comm_length(comm);

	return (struct row_comm){ length > 0 ? comm : NULL, length };
}

static struct row_task task_of(const struct ev_task *task)
{
	/* Where the kernel side may not read memory it has neither the start nor the parent of current. */
	return (struct row_task){ task->pid, task->start_ns ? (int64_t)task->ppid : -1, task->uid, comm_of(task->comm) };
}

static void begin_row(const struct enrich *enrich, const struct ev *ev, const struct ev_task *task, int64_t cgroup,
		      struct ev_row *row)
{
	row->type = event_type_of_kind(ev->h.kind);
	row->time = wall(enrich, ev->h.time_ns);
	row->cgroup = cgroup;
	row->task = task_of(task);
	row->status = row->flags = row->duration_ns = EV_UNKNOWN;
}

static int enrich_oom_kill(struct enrich *enrich, const struct ev *ev, struct ev_row *row)
{
	const struct ev_oom_kill *kill = &ev->oom_kill;
	bool cut = kill->flags & EV_F_NAMES_CUT;
	struct resolve_hint victim_hint = { .names = ev->names, .cut = cut, .time_ns = ev->h.time_ns };
	struct resolve_hint trigger_hint = { .names = ev->trigger_names, .cut = cut, .time_ns = ev->h.time_ns };
	struct resolve_hint limit_hint = { .names = ev->limit_names, .cut = cut, .time_ns = ev->h.time_ns };
	struct place victim, trigger, limit;
	int r = resolve_place(enrich->resolve, &kill->cgroup, &victim_hint, &victim);

	if (!r)
		r = resolve_place(enrich->resolve, &kill->trigger_cgroup, &trigger_hint, &trigger);
	if (!r)
		r = resolve_place(enrich->resolve, &kill->limit_cgroup, &limit_hint, &limit);
	if (r)
		return r;

	begin_row(enrich, ev, &kill->victim, victim.cgroup, row);
	row->oom = (struct row_oom){
		.decision_ns = kill->decision_ns == EV_UNKNOWN ? 0 : kill->decision_ns,
		.decision = kill->decision_ns == 0 || kill->decision_ns == EV_UNKNOWN ?
				    row->time :
				    wall(enrich, kill->decision_ns),
		.rss_anon = kill->rss_anon_bytes,
		.rss_file = kill->rss_file_bytes,
		.rss_shmem = kill->rss_shmem_bytes,
		.swap = kill->swap_bytes,
		.pgtables = kill->pgtables_bytes,
		.oom_score_adj = kill->oom_score_adj,
		.trigger = task_of(&kill->trigger),
		.trigger_cgroup = trigger.cgroup,
		.limit_cgroup = limit.cgroup,
		.scope = oom_scope_name(kind_oom_scope(&victim, &limit, kill->constraint)),
		.limit_bytes = kill->limit_bytes,
		.usage_bytes = kill->usage_bytes,
		.limit_exact = kill->flags & EV_F_LIMIT_EXACT,
		.group_kill = kill->flags & EV_F_GROUP_KILL,
		.chosen = kill->flags & EV_F_CHOSEN,
	};
	return 1;
}

/* False when that cgroup was read less than an interval ago. */
static bool may_read_usage(struct enrich *enrich, uint64_t id)
{
	struct usage_slot *oldest = &enrich->usage[0];

	for (size_t i = 0; i < USAGE_SLOTS; i++) {
		struct usage_slot *slot = &enrich->usage[i];

		if (slot->id == id && slot->time_ns && enrich->now_ns - slot->time_ns < USAGE_INTERVAL_NS)
			return false;
		if (slot->id == id || (oldest->id != id && slot->time_ns < oldest->time_ns))
			oldest = slot;
	}
	*oldest = (struct usage_slot){ id, enrich->now_ns };
	return true;
}

/* Only what it is now can be read: of use for a record that has just been made, not for one of an hour ago. */
static uint64_t working_set_of(struct enrich *enrich, const struct place *place, uint64_t time_ns)
{
	char path[PATH_ROOM];
	size_t length;
	uint64_t bytes;

	if (!enrich->fs || !place->has_path || enrich->now_ns - time_ns > USAGE_INTERVAL_NS ||
	    !may_read_usage(enrich, place->key.id))
		return EV_UNKNOWN;
	if (container_rows_cgroup_path(enrich->rows, place->cgroup, path, sizeof(path), &length) <= 0 ||
	    path[0] != '/' || cgroup_fs_exists(enrich->fs, path, place->key.id) <= 0)
		return EV_UNKNOWN;
	return cgroup_fs_working_set(enrich->fs, path, &bytes) == 0 ? bytes : EV_UNKNOWN;
}

static int enrich_memory(struct enrich *enrich, const struct ev *ev, struct ev_row *row)
{
	const struct ev_memory *memory = &ev->memory;
	struct resolve_hint hint = { .names = ev->names, .cut = memory->flags & EV_F_NAMES_CUT, .time_ns = ev->h.time_ns };
	struct place place;
	int r = resolve_place(enrich->resolve, &memory->cgroup, &hint, &place);

	if (r)
		return r;
	begin_row(enrich, ev, &memory->task, place.cgroup, row);
	row->pressure = (struct row_pressure){
		.level = ev->h.kind == EV_MEMORY_HIGH ? "high" : "limit",
		.usage_bytes = memory->usage_bytes,
		.limit_bytes = memory->limit_bytes,
		.working_set = working_set_of(enrich, &place, ev->h.time_ns),
	};
	return 1;
}

static int enrich_exit(struct enrich *enrich, const struct ev *ev, struct ev_row *row)
{
	const struct ev_process_exit *exit = &ev->process_exit;
	struct resolve_hint hint = { .time_ns = ev->h.time_ns };
	struct place place;
	int r = resolve_place(enrich->resolve, &exit->cgroup, &hint, &place);

	if (r)
		return r;
	begin_row(enrich, ev, &exit->task, place.cgroup, row);
	row->status = exit->status;
	row->flags = exit->flags & EV_F_OOM_VICTIM ? EVENT_OOM_KILLED : 0;
	if (exit->ns_init && exit->ns_level > 0 && place.container)
		row->flags |= EVENT_CONTAINER_INIT;
	if (exit->task.start_ns > 0 && exit->task.start_ns <= ev->h.time_ns)
		row->duration_ns = ev->h.time_ns - exit->task.start_ns;
	return 1;
}

static int enrich_fork(struct enrich *enrich, const struct ev *ev, struct ev_row *row)
{
	const struct ev_process_fork *fork = &ev->process_fork;
	struct resolve_hint hint = { .time_ns = ev->h.time_ns };
	struct place place;
	int r = resolve_place(enrich->resolve, &fork->cgroup, &hint, &place);

	if (r)
		return r;
	begin_row(enrich, ev, &fork->task, place.cgroup, row);
	row->fork = (struct row_fork){ task_of(&fork->child) };
	return 1;
}

/* A container seen first by a cgroup below its own: the parent is known by the record. */
static int find_parent(struct enrich *enrich, const struct ev *ev, const struct resolve_hint *child)
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
	return resolve_place(enrich->resolve, &ev->lifecycle.parent, &hint, &parent);
}

static int find_lifecycle_place(struct enrich *enrich, const struct ev *ev, struct place *ret)
{
	const struct ev_lifecycle *lifecycle = &ev->lifecycle;
	struct resolve_hint hint = {
		.path = ev->names,
		.made_ns = ev->h.kind == EV_CGROUP_MKDIR ? ev->h.time_ns : 0,
		.time_ns = ev->h.time_ns,
	};
	int r = resolve_place(enrich->resolve, &lifecycle->cgroup, &hint, ret);

	if (!r && ret->container && lifecycle->parent.id > ROOT_ID)
		r = find_parent(enrich, ev, &hint);
	return r;
}

static void fill_lifecycle(const struct enrich *enrich, const struct ev *ev, enum event_type type,
			   const struct instance_row *instance, int64_t cgroup, struct ev_row *row)
{
	const struct ev_lifecycle *lifecycle = &ev->lifecycle;
	bool own = instance->cgroup == cgroup;

	begin_row(enrich, ev, &lifecycle->task, instance->cgroup ? instance->cgroup : cgroup, row);
	row->type = type;
	row->lifecycle = (struct row_lifecycle){
		.container = instance->row,
		.memory_limit = own ? lifecycle->limit_bytes : EV_UNKNOWN,
		.peak = own ? lifecycle->peak_bytes : EV_UNKNOWN,
		.oom_kills = own ? lifecycle->oom_kills : EV_UNKNOWN,
	};
}

/* The exec was in a cgroup below: the container's limit is read from its own, if that is still there. */
static uint64_t limit_of_instance(struct enrich *enrich, const struct instance_row *instance)
{
	char path[PATH_ROOM];
	size_t length;
	uint64_t limit;

	if (!enrich->fs || !instance->cgroup ||
	    container_rows_cgroup_path(enrich->rows, instance->cgroup, path, sizeof(path), &length) <= 0 || path[0] != '/')
		return EV_UNKNOWN;
	return cgroup_fs_limit(enrich->fs, path, &limit) == 0 ? limit : EV_UNKNOWN;
}

static int enrich_mkdir(struct enrich *enrich, const struct ev *ev, struct ev_row *row)
{
	struct place place;

	(void)row;
	return find_lifecycle_place(enrich, ev, &place);
}

/* What the runtime's own exec began: now it is known who the container's first process is, and its limit is set. */
static int complete_start(struct enrich *enrich, const struct ev *ev, const struct place *place)
{
	const struct ev_lifecycle *lifecycle = &ev->lifecycle;
	const struct row_task task = task_of(&lifecycle->task);
	struct instance_row instance;
	uint64_t limit;
	int64_t event;
	int r = lifetime_find_start(enrich->rows, place->container, wall(enrich, ev->h.time_ns), &instance, &event);

	if (r <= 0)
		return r;
	limit = instance.cgroup == place->cgroup ? lifecycle->limit_bytes : limit_of_instance(enrich, &instance);
	return container_rows_complete_start(enrich->rows, event, &task, limit);
}

static int enrich_exec(struct enrich *enrich, const struct ev *ev, struct ev_row *row)
{
	bool is_init = ev->lifecycle.flags & EV_F_NS_INIT;
	struct instance_row instance;
	struct place place;
	int r = find_lifecycle_place(enrich, ev, &place);

	if (r || !place.container)
		return r;
	r = lifetime_start(enrich->rows, place.container, wall(enrich, ev->h.time_ns), &instance);
	if (r <= 0)
		return r < 0 || !is_init ? r : complete_start(enrich, ev, &place);
	fill_lifecycle(enrich, ev, TYPE_CONTAINER_START, &instance, place.cgroup, row);
	row->flags = is_init ? EVENT_CONTAINER_INIT : 0;
	row->lifecycle.peak = row->lifecycle.oom_kills = EV_UNKNOWN;
	if (instance.cgroup != place.cgroup)
		row->lifecycle.memory_limit = limit_of_instance(enrich, &instance);
	return 1;
}

static int enrich_rmdir(struct enrich *enrich, const struct ev *ev, struct ev_row *row)
{
	struct resolve_hint hint = { .path = ev->names, .gone = true, .time_ns = ev->h.time_ns };
	int64_t time = wall(enrich, ev->h.time_ns);
	struct instance_row instance;
	struct place place;
	int r = resolve_place(enrich->resolve, &ev->lifecycle.cgroup, &hint, &place);

	if (!r && place.cgroup)
		r = container_rows_remove_cgroup(enrich->rows, place.cgroup, time);
	if (!r)
		r = resolve_removed(enrich->resolve, &ev->lifecycle.cgroup);
	if (r || !place.container)
		return r;
	r = lifetime_stop(enrich->rows, place.container, place.cgroup, time, &instance);
	if (r <= 0)
		return r;
	fill_lifecycle(enrich, ev, TYPE_CONTAINER_STOP, &instance, place.cgroup, row);
	return 1;
}

typedef int enrich_kind(struct enrich *enrich, const struct ev *ev, struct ev_row *row);

static enrich_kind *const kinds[EV_KIND_COUNT] = {
	[EV_OOM_KILL] = enrich_oom_kill,
	[EV_MEMORY_HIGH] = enrich_memory,
	[EV_MEMORY_LIMIT] = enrich_memory,
	[EV_PROCESS_EXIT] = enrich_exit,
	[EV_PROCESS_FORK] = enrich_fork,
	[EV_CGROUP_MKDIR] = enrich_mkdir,
	[EV_CGROUP_EXEC] = enrich_exec,
	[EV_CGROUP_RMDIR] = enrich_rmdir,
};

int enrich_event(struct enrich *enrich, const struct ev *ev, struct ev_row *ret)
{
	return kinds[ev->h.kind](enrich, ev, ret);
}
