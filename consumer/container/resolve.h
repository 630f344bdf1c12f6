/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a cgroup's rows to its place: path, container life, pod. Asks the cache, the database, the
 * record, the kernel's map and at last the file system; keeps the rows, and tells the kernel's filter which
 * cgroups are containers. Runs inside the batch's transaction; failures are db.h's.
 */
#ifndef CRI_CONSUMER_CONTAINER_RESOLVE_H
#define CRI_CONSUMER_CONTAINER_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/event.h"
#include "consumer/container/place_cache.h"
#include "consumer/text/name_list.h"

struct cgroup_fs;
struct container_rows;
struct kernel_maps;
struct resolve;

struct resolve_settings {
	const char *containerd_namespaces;
	size_t cache_size;
	uint64_t cache_ttl_ns;
	bool record_host;
};

/* What the record itself says about a cgroup. */
struct resolve_hint {
	struct text_span names; /* leaf first */
	struct text_span path;
	bool cut;             /* the beginning of the names is missing */
	bool gone;            /* removed: not to be looked for in the file system, and nothing follows */
	uint64_t made_ns;     /* boot time of its creation, 0: it does not say */
	uint64_t time_ns;     /* of the record */
};

/* names and scan may be NULL: then that source is not asked. Everything given must outlive it. */
int resolve_open(const struct resolve_settings *settings, const struct kernel_maps *maps, struct cgroup_fs *fs,
		 struct resolve **ret);
void resolve_close(struct resolve *resolve);

/* Forgets everything learnt, and uses these rows from now on: after a start or a failed transaction. */
void resolve_reset(struct resolve *resolve, struct container_rows *rows);
/* offset: of the batch (clock.h); now_ns: boot time. */
void resolve_begin_batch(struct resolve *resolve, int64_t offset, uint64_t now_ns);

/* 0, and the place: with a row, even if nothing is known about it. Without one (cgroup 0) for id 0, and for the
 * birth or the removal of a cgroup in which nothing happened, other than a container's outermost. */
int resolve_place(struct resolve *resolve, const struct ev_cgroup *key, const struct resolve_hint *hint,
		  struct place *ret);

/* The cgroup is gone: its name leaves the cache now and the kernel's map after the commit. */
int resolve_removed(struct resolve *resolve, const struct ev_cgroup *key);
void resolve_commit_batch(struct resolve *resolve);

/*
 * Gives rows to the containers that are in the kernel's map and classifies all its cgroups, so that the
 * filter works. Between begin and commit.
 */
int resolve_seed(struct resolve *resolve);

/* How many places are kept in memory. */
size_t resolve_cached(const struct resolve *resolve);

#endif
