/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/lives.h"

#include <errno.h>

#define PATH_ROOM 4096
/* A runtime sets a container up in its cgroup before it executes what the container is for. */
#define INIT_WITHIN_NS 10000000000LL

bool lives_is_whole(const struct lives_cgroup *cgroup)
{
	return cgroup->path_length > 0 && cgroup->path[0] == '/';
}

bool lives_is_outermost(const struct lives_cgroup *cgroup)
{
	return cgroup->who->container_path_length == cgroup->path_length;
}

int lives_join(struct identity *identity, const struct lives_cgroup *cgroup, struct identity_life *ret)
{
	bool outermost = lives_is_whole(cgroup) && lives_is_outermost(cgroup);
	struct identity_life life = { 0 };
	int r = 0;

	if (lives_is_whole(cgroup))
		r = identity_find_life(identity, cgroup->who, cgroup->path, cgroup->who->container_path_length, &life);
	/*
	 * The same path cannot be there twice, so another cgroup in the place of a life's outermost one means that
	 * the removal of the earlier one was lost.
	 */
	if (r > 0 && !(outermost && life.cgroup)) {
		*ret = life;
		return 0;
	}
	if (r > 0) {
		life.stopped = cgroup->now;
		r = identity_update_life(identity, &life);
	}
	if (r)
		return r;

	/* A cgroup below it may be made at any time of a life. */
	life = (struct identity_life){ .born = outermost ? cgroup->born : 0 };
	if (!cgroup->gone)
		r = identity_add_life(identity, cgroup->who, cgroup->pod, &life);
	if (r)
		return r;
	*ret = life;
	return 0;
}

int lives_set_outermost(struct identity *identity, const struct lives_cgroup *cgroup, int64_t row,
			struct identity_life *life)
{
	bool whole = lives_is_whole(cgroup);

	if (!life->row || life->cgroup || (whole && !lives_is_outermost(cgroup)))
		return 0;
	life->cgroup = row;
	if (!life->born && whole)
		life->born = cgroup->born;
	return identity_update_life(identity, life);
}

int lives_start(struct identity *identity, int64_t life, int64_t time, struct identity_life *ret)
{
	int r = identity_get_life(identity, life, ret);

	/* One that was there before it was seen started at a time nobody knows. */
	if (r <= 0 || !ret->born || ret->started || ret->stopped)
		return r < 0 ? r : 0;
	ret->started = time;
	r = identity_update_life(identity, ret);
	return r ? r : 1;
}

int lives_find_start(struct identity *identity, int64_t life, int64_t time, struct identity_life *ret,
		     int64_t *ret_event)
{
	int r = identity_get_life(identity, life, ret);

	if (r <= 0 || !ret->started || ret->stopped || time - ret->started > INIT_WITHIN_NS)
		return r < 0 ? r : 0;
	return identity_find_start(identity, ret, ret_event);
}

/* 1, 0, or a failure. */
static int has_whole_path(struct identity *identity, int64_t cgroup)
{
	char path[PATH_ROOM];
	size_t length;
	int r = identity_cgroup_path(identity, cgroup, path, sizeof(path), &length);

	return r > 0 ? path[0] == '/' : r == 0 || r == -ERANGE ? 1 : r;
}

int lives_stop(struct identity *identity, int64_t life, int64_t cgroup, int64_t time, struct identity_life *ret)
{
	int r = identity_get_life(identity, life, ret);

	if (r <= 0 || ret->cgroup != cgroup || ret->stopped)
		return r < 0 ? r : 0;
	ret->stopped = time;
	r = identity_update_life(identity, ret);
	return r ? r : has_whole_path(identity, cgroup);
}
