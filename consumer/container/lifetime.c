/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/container/lifetime.h"

#include <errno.h>

#define PATH_ROOM 4096
/* A runtime sets a container up in its cgroup before it executes what the container is for. */
#define INIT_WITHIN_NS 10000000000LL

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
		r = container_rows_find_instance(rows, cgroup->identity, cgroup->path, cgroup->identity->container_path_length, &instance);
	/*
	 * The same path cannot be there twice, so another cgroup in the place of a instance's outermost one means that
	 * the removal of the earlier one was lost.
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

	/* A cgroup below it may be made at any time of a instance. */
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

	/* One that was there before it was seen started at a time nobody knows. */
	if (r <= 0 || !ret->born || ret->started || ret->stopped)
		return r < 0 ? r : 0;
	ret->started = time;
	r = container_rows_update_instance(rows, ret);
	return r ? r : 1;
}

int lifetime_find_start(struct container_rows *rows, int64_t instance, int64_t time, struct instance_row *ret,
		     int64_t *ret_event)
{
	int r = container_rows_get_instance(rows, instance, ret);

	if (r <= 0 || !ret->started || ret->stopped || time - ret->started > INIT_WITHIN_NS)
		return r < 0 ? r : 0;
	return container_rows_find_start(rows, ret, ret_event);
}

/* 1, 0, or a failure. */
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
