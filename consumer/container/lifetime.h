/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lifetime of container instances. An instance is one row of "container": a restart under the same id makes another
 * one. It is born when its outermost cgroup is made, starts with the first exec in that cgroup or below it, and stops
 * when that cgroup is removed. All state is in the database, so that a restarted recorder continues where the last one
 * was. Failures are db.h's.
 *
 * A process that may create cgroups can name one after another container's id. An instance is therefore identified by
 * the container's id, the container around it, the user in whose tree it is, and the path of its outermost cgroup. A path
 * whose beginning is missing proves neither of the last two: such a cgroup gets an instance of its own, which no other
 * cgroup joins and which has neither a start nor a stop event.
 */
#ifndef CRI_CONSUMER_CONTAINER_LIFETIME_H
#define CRI_CONSUMER_CONTAINER_LIFETIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consumer/container/container_rows.h"

struct cgroup_fs;

/* A cgroup of a container, when it becomes known. Times are wall time. */
struct lifetime_cgroup {
	const struct cgroup_identity *identity;
	const char *path;
	size_t path_length;
	int64_t pod;  /* row number */
	int64_t born; /* when it was made; 0: before it was first seen */
	int64_t now;  /* of the event that made it known */
	bool gone;    /* removed already: begins no instance */
};

/* Whether the path begins at the root of the hierarchy. */
bool lifetime_is_whole(const struct lifetime_cgroup *cgroup);
/* Whether the path is that of the container's outermost cgroup, not of one below it. */
bool lifetime_is_outermost(const struct lifetime_cgroup *cgroup);

/* The instance to which the cgroup belongs; adds one if there is none. ret->row 0: none, because the cgroup is gone. */
int lifetime_join(struct container_rows *rows, const struct lifetime_cgroup *cgroup, struct instance_row *ret);
/*
 * After lifetime_join, once the cgroup has a row number: makes it the outermost cgroup of the instance if it is, or if
 * its path does not say.
 */
int lifetime_set_outermost(struct container_rows *rows, const struct lifetime_cgroup *cgroup, int64_t row,
			   struct instance_row *instance);

/* In the functions below `instance` is a row number, `time` wall time, and *ret the instance as it is afterwards. */

/* There was an exec in a cgroup of the instance. 1: it starts the instance; 0: the instance had started before. */
int lifetime_start(struct container_rows *rows, int64_t instance, int64_t time, struct instance_row *ret);
/*
 * A process was in the instance at that time. 1: it proves a start that was not recorded, which is inferred now; 0: the
 * start is known, or the instance is older than the recording.
 */
int lifetime_infer_start(struct container_rows *rows, int64_t instance, int64_t time, struct instance_row *ret);
/*
 * There was an exec in the instance, for which lifetime_start returned 0. 1: it is that of the container's own first
 * process, and the start event *ret_event, made for an exec of the runtime or inferred, is to be completed. cgroup: row
 * number, of the exec; by_init: by the init of a pid namespace.
 */
int lifetime_find_start(struct container_rows *rows, int64_t instance, int64_t time, int64_t cgroup, bool by_init,
			struct instance_row *ret, int64_t *ret_event);
/* A cgroup of the instance was removed. 1: that stops it; 0: it runs on, had stopped, or has no stop event. */
int lifetime_stop(struct container_rows *rows, int64_t instance, int64_t cgroup, int64_t time, struct instance_row *ret);

/*
 * Finds the instances whose stop was lost with the record of the removal: their cgroup does not exist any more. Such an
 * instance is stopped when two scans in a row have not found its cgroup, so that the record may still arrive.
 */
struct lifetime_scan;

/* fs NULL: nothing is ever found. -ENOMEM. */
int lifetime_scan_open(struct cgroup_fs *fs, struct lifetime_scan **ret);
void lifetime_scan_close(struct lifetime_scan *scan);
/* Scans all running instances. 1: some are to be stopped; 0: none; else db.h's. */
int lifetime_scan_run(struct lifetime_scan *scan, struct container_rows *rows);
/* Stops the next of them, inside a transaction. 1: *ret has stopped and needs its event; 0: there are no more. */
int lifetime_scan_stop_next(struct lifetime_scan *scan, struct container_rows *rows, int64_t time,
			    struct instance_row *ret);

#endif
