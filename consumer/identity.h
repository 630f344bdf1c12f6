/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows that say who: boot, pod, container life and cgroup. Every function runs inside the caller's
 * transaction; failures are db.h's. Row numbers are 0 for "none" and stored as NULL then. Times are wall
 * time, 0 for "not seen" and stored as NULL.
 */
#ifndef CRI_CONSUMER_IDENTITY_H
#define CRI_CONSUMER_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/event.h"
#include "consumer/cgroup_path.h"

struct db;
struct identity;
struct row_task;

struct identity_cgroup {
	int64_t row;
	enum cgroup_kind kind;
	bool has_path;
	bool removed;
	int64_t container; /* the life it belongs to */
	int64_t pod;
};

struct identity_life {
	int64_t row;
	int64_t cgroup; /* the container's outermost cgroup; 0 while it is not known */
	int64_t born;
	int64_t started;
	int64_t stopped;
};

/* Makes the boot's row too, in a transaction of its own. */
int identity_open(struct db *db, const char *boot_id, struct identity **ret);
void identity_close(struct identity *identity);
int64_t identity_boot(const struct identity *identity);

/* 1: found, 0: no such row. */
int identity_find_cgroup(struct identity *identity, const struct ev_cgroup *key, struct identity_cgroup *ret);
/* path NULL: not known. On success *cgroup has its row number. */
int identity_add_cgroup(struct identity *identity, const struct ev_cgroup *key, const char *path, size_t length,
			struct identity_cgroup *cgroup);
/* Completes a row made without a path. */
int identity_complete_cgroup(struct identity *identity, const struct identity_cgroup *cgroup, const char *path,
			     size_t length);
int identity_remove_cgroup(struct identity *identity, int64_t cgroup, int64_t time);
/* Puts the path of a row into out; 1: there is one, -ERANGE: it does not fit, 0: not known. */
int identity_cgroup_path(struct identity *identity, int64_t cgroup, char *out, size_t size, size_t *ret_length);

int identity_get_pod(struct identity *identity, const char *uid, const char *qos, int64_t *ret);

/*
 * The life of that container, in the container around it, in this boot, which has not ended and whose outermost
 * cgroup has that path or is not known yet. 1, 0, or a failure.
 */
int identity_find_life(struct identity *identity, const struct cgroup_identity *who, const char *path, size_t length,
		       struct identity_life *ret);
int identity_get_life(struct identity *identity, int64_t row, struct identity_life *ret);
int identity_add_life(struct identity *identity, const struct cgroup_identity *who, int64_t pod,
		      struct identity_life *life);
/* Writes cgroup, born, started and stopped. */
int identity_update_life(struct identity *identity, const struct identity_life *life);

/* The container_start event of that life, if it is not yet the exec of its init. 1, 0, or a failure. */
int identity_find_start(struct identity *identity, const struct identity_life *life, int64_t *ret_event);
/* Makes it the exec of the container's init. memory_limit: EV_UNKNOWN leaves what is stored. */
int identity_complete_start(struct identity *identity, int64_t event, const struct row_task *task,
			    uint64_t memory_limit);

/* Lives of this boot that have not ended and whose outermost cgroup is known, in row order from `after`. */
int identity_next_life(struct identity *identity, int64_t after, struct identity_life *ret, struct ev_cgroup *ret_key);

#endif
