/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of boots, pods, container instances and cgroups. Every function runs inside the caller's
 * transaction; failures are db.h's. Row numbers are 0 for "none" and stored as NULL then. Times are wall
 * time, 0 for "not seen" and stored as NULL.
 */
#ifndef CRI_CONSUMER_CONTAINER_CONTAINER_ROWS_H
#define CRI_CONSUMER_CONTAINER_CONTAINER_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/event.h"
#include "consumer/container/names/cgroup_path.h"

struct db;
struct container_rows;
struct row_task;

struct cgroup_row {
	int64_t row;
	enum cgroup_kind kind;
	bool has_path;
	bool removed;
	int64_t container; /* the instance it belongs to */
	int64_t pod;
	const char *source; /* meta_source, static; needed to write a row with a path. Not read: NULL */
};

struct instance_row {
	int64_t row;
	int64_t cgroup; /* the container's outermost cgroup; 0 while it is not known */
	int64_t born;
	int64_t started;
	int64_t stopped;
};

/* Makes the boot's row too, in a transaction of its own. */
int container_rows_open(struct db *db, const char *boot_id, struct container_rows **ret);
void container_rows_close(struct container_rows *rows);
int64_t container_rows_boot(const struct container_rows *rows);

/* 1: found, 0: no such row. */
int container_rows_find_cgroup(struct container_rows *rows, const struct ev_cgroup *key, struct cgroup_row *ret);
/* path NULL: not known. On success *cgroup has its row number. */
int container_rows_add_cgroup(struct container_rows *rows, const struct ev_cgroup *key, const char *path, size_t length,
			struct cgroup_row *cgroup);
/* Completes a row made without a path. */
int container_rows_complete_cgroup(struct container_rows *rows, const struct cgroup_row *cgroup, const char *path,
			     size_t length);
int container_rows_remove_cgroup(struct container_rows *rows, int64_t cgroup, int64_t time);
/* Puts the path of a row into out; 1: there is one, -ERANGE: it does not fit, 0: not known. */
int container_rows_cgroup_path(struct container_rows *rows, int64_t cgroup, char *out, size_t size, size_t *ret_length);

int container_rows_get_pod(struct container_rows *rows, const char *uid, const char *qos, int64_t *ret);

/*
 * The instance of that container, in the container around it and the same user's tree, in this boot, which has not
 * stopped and whose outermost cgroup has that path or is not known yet. 1, 0, or a failure.
 */
int container_rows_find_instance(struct container_rows *rows, const struct cgroup_identity *identity, const char *path,
				 size_t length, struct instance_row *ret);
int container_rows_get_instance(struct container_rows *rows, int64_t row, struct instance_row *ret);
int container_rows_add_instance(struct container_rows *rows, const struct cgroup_identity *identity, int64_t pod,
		      struct instance_row *instance);
/* Writes cgroup, born, started and stopped. */
int container_rows_update_instance(struct container_rows *rows, const struct instance_row *instance);

/* The container's first process. Its start is a boot time. */
struct main_process {
	uint32_t pid;
	uint64_t start_ns;
};

/* The init of the container, as its container_start event names it. 1, 0: not known, or a failure. */
int container_rows_find_main(struct container_rows *rows, int64_t instance, struct main_process *ret);

struct start_row {
	int64_t event;
	bool by_init;  /* it is the exec of the container's init */
	bool inferred; /* it is no exec */
};

/* The container_start event of that instance. 1, 0, or a failure. */
int container_rows_find_start(struct container_rows *rows, const struct instance_row *instance, struct start_row *ret);
/* Makes it the exec of that task. by_init: of the container's init. memory_limit: EV_UNKNOWN leaves what is stored. */
int container_rows_complete_start(struct container_rows *rows, int64_t event, const struct row_task *task, bool by_init,
				  uint64_t memory_limit);
/* Whether an event of the cgroup is stored: 1 or 0. */
int container_rows_has_event(struct container_rows *rows, int64_t cgroup);

/*
 * The next instance after that row, of this boot, which has not stopped and whose outermost cgroup is known. 1, 0, or a
 * failure.
 */
int container_rows_next_instance(struct container_rows *rows, int64_t after, struct instance_row *ret,
				 struct ev_cgroup *ret_key);

#endif
