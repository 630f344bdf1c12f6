/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/enrich.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consumer/container/container_rows.h"
#include "consumer/record/kind.h"
#include "consumer/text/clock.h"

#define USAGE_INTERVAL_NS 1000000000ULL
#define USAGE_SLOTS	  16

struct usage_slot {
	uint64_t id;
	uint64_t time_ns; /* 0: never */
};

struct enrich {
	struct resolve *resolve;
	struct cgroup_fs *fs;
	struct container_rows *rows;
	int64_t offset;
	uint64_t now_ns;
	struct usage_slot usage[USAGE_SLOTS]; /* the cgroups read last */
	void *detail; /* of the last row; room for the largest */
	struct ev_row start; /* storage NULL: none */
	void *start_detail;
};

static size_t largest_detail(void)
{
	size_t largest = 1;

	for (unsigned int i = 0; i < EV_KIND_COUNT; i++) {
		const struct kind *kind = kind_find(i);

		if (kind && kind->detail_size > largest)
			largest = kind->detail_size;
	}
	return largest;
}

int enrich_open(struct resolve *resolve, struct cgroup_fs *fs, struct enrich **ret)
{
	struct enrich *enrich = calloc(1, sizeof(*enrich));
	void *detail = malloc(largest_detail()), *start_detail = malloc(largest_detail());

	if (!enrich || !detail || !start_detail) {
		free(enrich);
		free(detail);
		free(start_detail);
		return -ENOMEM;
	}
	enrich->resolve = resolve;
	enrich->fs = fs;
	enrich->detail = detail;
	enrich->start_detail = start_detail;
	*ret = enrich;
	return 0;
}

void enrich_close(struct enrich *enrich)
{
	if (!enrich)
		return;
	free(enrich->detail);
	free(enrich->start_detail);
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

int enrich_event(struct enrich *enrich, const struct ev *ev, struct ev_row *ret)
{
	const struct kind *kind = kind_find(ev->h.kind);

	(void)memset(enrich->detail, 0, kind->detail_size);
	enrich->start.storage = NULL;
	*ret = (struct ev_row){ .storage = kind->storage, .detail = enrich->detail };
	return kind->enrich(enrich, ev, ret, enrich->detail);
}

const struct ev_row *enrich_inferred_start(const struct enrich *enrich)
{
	return enrich->start.storage ? &enrich->start : NULL;
}

void enrich_set_inferred_start(struct enrich *enrich, const struct ev_row *start, size_t detail_size)
{
	enrich->start = *start;
	(void)memcpy(enrich->start_detail, start->detail, detail_size);
	enrich->start.detail = enrich->start_detail;
}

struct resolve *enrich_resolve(const struct enrich *enrich)
{
	return enrich->resolve;
}

struct container_rows *enrich_rows(const struct enrich *enrich)
{
	return enrich->rows;
}

const struct cgroup_fs *enrich_cgroup_fs(const struct enrich *enrich)
{
	return enrich->fs;
}

uint64_t enrich_now_ns(const struct enrich *enrich)
{
	return enrich->now_ns;
}

int64_t enrich_wall(const struct enrich *enrich, uint64_t boot_ns)
{
	return clock_to_wall(boot_ns, enrich->offset);
}

bool enrich_may_read_usage(struct enrich *enrich, uint64_t kernfs_id)
{
	struct usage_slot *oldest = &enrich->usage[0];

	for (size_t i = 0; i < USAGE_SLOTS; i++) {
		struct usage_slot *slot = &enrich->usage[i];

		if (slot->id == kernfs_id && slot->time_ns && enrich->now_ns - slot->time_ns < USAGE_INTERVAL_NS)
			return false;
		if (slot->id == kernfs_id || (oldest->id != kernfs_id && slot->time_ns < oldest->time_ns))
			oldest = slot;
	}
	*oldest = (struct usage_slot){ kernfs_id, enrich->now_ns };
	return true;
}

static struct row_comm comm_of(const char comm[EV_COMM_LEN])
{
	size_t length = decode_comm_length(comm);

	return (struct row_comm){ length > 0 ? comm : NULL, length };
}

struct row_task enrich_task(const struct ev_task *task)
{
	/* A BPF program that may not read kernel memory knows neither the start nor the parent of its task. */
	return (struct row_task){
		.pid = task->pid,
		.ppid = task->start_ns ? (int64_t)task->ppid : -1,
		.uid = task->uid,
		.comm = comm_of(task->comm),
		.start_ns = task->start_ns ? task->start_ns : EV_UNKNOWN,
	};
}

void enrich_fill_row(const struct enrich *enrich, const struct ev *ev, const struct ev_task *task, int64_t cgroup,
		     struct ev_row *row)
{
	row->time = enrich_wall(enrich, ev->h.time_ns);
	row->cgroup = cgroup;
	row->task = enrich_task(task);
	row->status = row->flags = row->duration_ns = EV_UNKNOWN;
}

bool enrich_cgroup_path(const struct enrich *enrich, int64_t cgroup, char out[ENRICH_PATH_MAX])
{
	size_t length;

	return container_rows_cgroup_path(enrich->rows, cgroup, out, ENRICH_PATH_MAX, &length) > 0 && out[0] == '/';
}
