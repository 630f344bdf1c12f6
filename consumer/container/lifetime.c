/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/container/lifetime.h"

#include <errno.h>
#include <stdlib.h>

#include "consumer/container/cgroup_fs.h"

#define PATH_ROOM 4096
/* A runtime prepares the container in its cgroup before the container's own first process is executed. */
#define INIT_WITHIN_NS 10000000000LL
/* Most instances found by one scan; the others are found by the next. */
#define LOST_MAX 256

bool lifetime_is_whole(const struct lifetime_cgroup *cgroup)
{
	return cgroup->path_length > 0 && cgroup->path[0] == '/';
}

bool lifetime_is_outermost(const struct lifetime_cgroup *cgroup)
{
	return cgroup->identity->container_path_length == cgroup->path_length;
}

int lifetime_join(struct container_rows *rows, const struct lifetime_cgroup *cgroup, struct instance_row *ret)
{
	bool outermost = lifetime_is_whole(cgroup) && lifetime_is_outermost(cgroup);
	struct instance_row instance = { 0 };
	int r = 0;

	if (lifetime_is_whole(cgroup))
		r = container_rows_find_instance(rows, cgroup->identity, cgroup->path,
						 cgroup->identity->container_path_length, &instance);
	/*
	 * A path names one cgroup at a time: if the instance has an outermost cgroup already, the removal of that one was
	 * lost, and this cgroup begins another instance.
	 */
	if (r > 0 && !(outermost && instance.cgroup)) {
		*ret = instance;
		return 0;
	}
	if (r > 0) {
		instance.stopped = cgroup->now;
		r = container_rows_update_instance(rows, &instance);
	}
	if (r)
		return r;

	/* When a cgroup below the outermost one was made says nothing about the birth of the instance. */
	instance = (struct instance_row){ .born = outermost ? cgroup->born : 0 };
	if (!cgroup->gone)
		r = container_rows_add_instance(rows, cgroup->identity, cgroup->pod, &instance);
	if (r)
		return r;
	*ret = instance;
	return 0;
}

int lifetime_set_outermost(struct container_rows *rows, const struct lifetime_cgroup *cgroup, int64_t row,
			   struct instance_row *instance)
{
	bool whole = lifetime_is_whole(cgroup);

	if (!instance->row || instance->cgroup || (whole && !lifetime_is_outermost(cgroup)))
		return 0;
	instance->cgroup = row;
	if (!instance->born && whole)
		instance->born = cgroup->born;
	return container_rows_update_instance(rows, instance);
}

int lifetime_start(struct container_rows *rows, int64_t instance, int64_t time, struct instance_row *ret)
{
	int r = container_rows_get_instance(rows, instance, ret);

	/* An instance that is older than the recording has started at an unknown time. */
	if (r <= 0 || !ret->born || ret->started || ret->stopped)
		return r < 0 ? r : 0;
	ret->started = time;
	r = container_rows_update_instance(rows, ret);
	return r ? r : 1;
}

int lifetime_infer_start(struct container_rows *rows, int64_t instance, int64_t time, struct instance_row *ret)
{
	int r = container_rows_get_instance(rows, instance, ret);

	if (r <= 0 || !ret->born || ret->started || ret->stopped)
		return r < 0 ? r : 0;
	ret->started = time > ret->born ? time : ret->born;
	r = container_rows_update_instance(rows, ret);
	return r ? r : 1;
}

/* The first exec in the outermost cgroup replaces an inferred start; one below it may be of any later process. */
int lifetime_find_start(struct container_rows *rows, int64_t instance, int64_t time, int64_t cgroup, bool by_init,
			struct instance_row *ret, int64_t *ret_event)
{
	struct start_row start;
	int r = container_rows_get_instance(rows, instance, ret);

	if (r <= 0 || !ret->started || ret->stopped || time - ret->started > INIT_WITHIN_NS)
		return r < 0 ? r : 0;
	r = container_rows_find_start(rows, ret, &start);
	if (r <= 0 || start.by_init || (!by_init && !(start.inferred && ret->cgroup == cgroup)))
		return r < 0 ? r : 0;
	*ret_event = start.event;
	return 1;
}

/* 1, 0, or a failure. A path that is too long for the buffer was stored whole. */
static int has_whole_path(struct container_rows *rows, int64_t cgroup)
{
	char path[PATH_ROOM];
	size_t length;
	int r = container_rows_cgroup_path(rows, cgroup, path, sizeof(path), &length);

	return r > 0 ? path[0] == '/' : r == 0 || r == -ERANGE ? 1 : r;
}

int lifetime_stop(struct container_rows *rows, int64_t instance, int64_t cgroup, int64_t time, struct instance_row *ret)
{
	int r = container_rows_get_instance(rows, instance, ret);

	if (r <= 0 || ret->cgroup != cgroup || ret->stopped)
		return r < 0 ? r : 0;
	ret->stopped = time;
	r = container_rows_update_instance(rows, ret);
	return r ? r : has_whole_path(rows, cgroup);
}

struct list {
	int64_t instances[LOST_MAX]; /* row numbers */
	size_t count;
};

struct lifetime_scan {
	struct cgroup_fs *fs;
	struct list missing; /* not found by the last scan */
	struct list lost;    /* not found by the last two */
};

int lifetime_scan_open(struct cgroup_fs *fs, struct lifetime_scan **ret)
{
	struct lifetime_scan *scan = calloc(1, sizeof(*scan));

	if (!scan)
		return -ENOMEM;
	scan->fs = fs;
	*ret = scan;
	return 0;
}

void lifetime_scan_close(struct lifetime_scan *scan)
{
	free(scan);
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

/* 1: its cgroup does not exist; 0: it does, or that is not known; else a failure. id: of the cgroup. */
static int is_missing(const struct lifetime_scan *scan, struct container_rows *rows, const struct instance_row *instance,
		      uint64_t id)
{
	char path[PATH_ROOM];
	size_t length;
	int r = container_rows_cgroup_path(rows, instance->cgroup, path, sizeof(path), &length);

	if (r == -ERANGE)
		return 0;
	return r <= 0 ? r : path[0] == '/' && cgroup_fs_exists(scan->fs, path, id) == 0;
}

int lifetime_scan_run(struct lifetime_scan *scan, struct container_rows *rows)
{
	struct instance_row instance = { 0 };
	struct list missing = { .count = 0 };
	struct ev_cgroup key;
	int r = 0;

	scan->lost.count = 0;
	while (scan->fs && (r = container_rows_next_instance(rows, instance.row, &instance, &key)) > 0) {
		r = is_missing(scan, rows, &instance, key.id);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		add(has(&scan->missing, instance.row) ? &scan->lost : &missing, instance.row);
	}
	scan->missing = missing;
	return r < 0 ? r : scan->lost.count > 0;
}

int lifetime_scan_stop_next(struct lifetime_scan *scan, struct container_rows *rows, int64_t time,
			    struct instance_row *ret)
{
	while (scan->lost.count > 0) {
		struct instance_row instance;
		int r = container_rows_get_instance(rows, scan->lost.instances[--scan->lost.count], &instance);

		if (r == 0 || (r > 0 && instance.stopped))
			continue;
		if (r > 0)
			r = container_rows_remove_cgroup(rows, instance.cgroup, time);
		if (!r)
			r = lifetime_stop(rows, instance.row, instance.cgroup, time, ret);
		if (r)
			return r;
	}
	return 0;
}
