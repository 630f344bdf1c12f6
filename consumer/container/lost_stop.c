/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/container/lost_stop.h"

#include <errno.h>
#include <stdlib.h>

#include "consumer/container/cgroup_fs.h"
#include "consumer/container/container_rows.h"
#include "consumer/container/lifetime.h"

#define PATH_ROOM 4096
/* Found at one look; the others wait for the next. */
#define LOST_MAX 256

struct list {
	int64_t instances[LOST_MAX]; /* ascending row numbers */
	size_t count;
};

struct lost_stop {
	struct cgroup_fs *fs;
	struct list missing; /* at the last look */
	struct list lost;    /* at the last two */
};

int lost_stop_open(struct cgroup_fs *fs, struct lost_stop **ret)
{
	struct lost_stop *lost = calloc(1, sizeof(*lost));

	if (!lost)
		return -ENOMEM;
	lost->fs = fs;
	*ret = lost;
	return 0;
}

void lost_stop_close(struct lost_stop *lost)
{
	free(lost);
}

static bool has(const struct list *list, int64_t instance)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->instances[i] == instance)
			return true;
	return false;
}

static void add(struct list *list, int64_t instance)
{
	if (list->count < LOST_MAX)
		list->instances[list->count++] = instance;
}

/* 1: its cgroup is not there; 0: it is, or nobody can tell. */
static int is_missing(const struct lost_stop *lost, struct container_rows *rows, const struct instance_row *instance,
		      uint64_t id)
{
	char path[PATH_ROOM];
	size_t length;
	int r = container_rows_cgroup_path(rows, instance->cgroup, path, sizeof(path), &length);

	if (r == -ERANGE)
		return 0;
	return r <= 0 ? r : path[0] == '/' && cgroup_fs_exists(lost->fs, path, id) == 0;
}

int lost_stop_scan(struct lost_stop *lost, struct container_rows *rows)
{
	struct instance_row instance = { 0 };
	struct list missing = { .count = 0 };
	struct ev_cgroup key;
	int r = 0;

	lost->lost.count = 0;
	while (lost->fs && (r = container_rows_next_instance(rows, instance.row, &instance, &key)) > 0) {
		r = is_missing(lost, rows, &instance, key.id);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		add(has(&lost->missing, instance.row) ? &lost->lost : &missing, instance.row);
	}
	lost->missing = missing;
	return r < 0 ? r : lost->lost.count > 0;
}

int lost_stop_end_next(struct lost_stop *lost, struct container_rows *rows, int64_t time, struct ev_row *ret)
{
	while (lost->lost.count > 0) {
		struct instance_row instance;
		int r = container_rows_get_instance(rows, lost->lost.instances[--lost->lost.count], &instance);

		if (r == 0 || (r > 0 && instance.stopped))
			continue;
		if (r > 0)
			r = container_rows_remove_cgroup(rows, instance.cgroup, time);
		if (!r)
			r = lifetime_stop(rows, instance.row, instance.cgroup, time, &instance);
		if (r <= 0)
			return r;
		*ret = (struct ev_row){ .type = TYPE_CONTAINER_STOP, .time = time, .cgroup = instance.cgroup };
		ret->status = ret->flags = ret->duration_ns = EV_UNKNOWN;
		ret->lifecycle = (struct row_lifecycle){ instance.row, EV_UNKNOWN, EV_UNKNOWN, EV_UNKNOWN };
		return 1;
	}
	return 0;
}
