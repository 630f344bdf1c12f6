/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Container instances: one row for each time a container lived. A instance begins when its outermost cgroup is
 * made, starts with the first exec in it or below, and ends when that cgroup is removed. All state is in the
 * database, so that a restarted recorder goes on where it was. Failures are db.h's.
 *
 * Whoever may make cgroups may call one by another container's id. So a instance is told by the container's id, by
 * the container around it and by the path of its outermost cgroup. A path whose beginning is missing proves
 * neither of the last two: such a cgroup has a instance of its own, which no other joins and which has neither a
 * start nor a stop to tell.
 */
#ifndef CRI_CONSUMER_CONTAINER_LIFETIME_H
#define CRI_CONSUMER_CONTAINER_LIFETIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consumer/container/container_rows.h"

/* A cgroup of a container, as it becomes known. */
struct lifetime_cgroup {
	const struct cgroup_identity *identity;
	const char *path;
	size_t path_length;
	int64_t pod;
	int64_t born;      /* when it was made, 0: it was there before it was seen */
	int64_t now;       /* of the event that made it known */
	bool gone;         /* removed already: it begins no instance */
};

/* Does the path begin at the hierarchy's root? */
bool lifetime_is_whole(const struct lifetime_cgroup *cgroup);
/* True when the path is the container's own outermost cgroup and not one below it. */
bool lifetime_is_outermost(const struct lifetime_cgroup *cgroup);

/* The instance this cgroup belongs to, made if there is none. row 0 in the result: none. */
int lifetime_join(struct container_rows *rows, const struct lifetime_cgroup *cgroup, struct instance_row *ret);
/* After lifetime_join, once the cgroup has a row: makes it the instance's outermost one if it is, or if nobody can tell. */
int lifetime_set_outermost(struct container_rows *rows, const struct lifetime_cgroup *cgroup, int64_t row,
			struct instance_row *instance);

/* An exec in a cgroup of that instance. 1: this starts it (*ret is up to date), 0: nothing new. */
int lifetime_start(struct container_rows *rows, int64_t instance, int64_t time, struct instance_row *ret);
/*
 * An exec by the init of a pid namespace in that instance, which lifetime_start did not take for its start. 1: it is the
 * container's own first process and *ret_event, made by its runtime's exec, is to be completed.
 */
int lifetime_find_start(struct container_rows *rows, int64_t instance, int64_t time, struct instance_row *ret,
		     int64_t *ret_event);
/* A cgroup of that instance was removed. 1: this ends it, 0: it goes on, was over, or has no end to tell. */
int lifetime_stop(struct container_rows *rows, int64_t instance, int64_t cgroup, int64_t time, struct instance_row *ret);

#endif
