/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resolves a cgroup to its place: path, container instance, pod. Looks in the cache, the database, the record, the
 * kernel's map and at last the file system; adds and completes the rows, and sets the class of the cgroup for the
 * kernel's filter. Runs inside the batch's transaction; failures are db.h's.
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
	bool gone;            /* removed: it is not searched for in the file system, and no further record is about it */
	uint64_t made_ns;     /* boot time of its creation; 0: not known */
	uint64_t time_ns;     /* of the record */
};

/* maps and fs may be NULL: then that source is left out. Everything given must outlive it. */
int resolve_open(const struct resolve_settings *settings, const struct kernel_maps *maps, struct cgroup_fs *fs,
		 struct resolve **ret);
void resolve_close(struct resolve *resolve);

/* Empties the cache and sets the rows to use: after a start or a failed transaction. */
void resolve_reset(struct resolve *resolve, struct container_rows *rows);
/* offset: of the batch (clock.h); now_ns: boot time. */
void resolve_begin_batch(struct resolve *resolve, int64_t offset, uint64_t now_ns);

/*
 * 0, and the place. It has a row even if nothing is known about the cgroup, except (ret->cgroup 0) for id 0 and for the
 * creation or removal of a cgroup without events that is not the outermost one of a container.
 */
int resolve_place(struct resolve *resolve, const struct ev_cgroup *key, const struct resolve_hint *hint,
		  struct place *ret);

/* Keeps what is known of the start of its container, as long as the cgroup is in the cache. */
void resolve_note_start(struct resolve *resolve, const struct ev_cgroup *key);
void resolve_note_runtime(struct resolve *resolve, const struct ev_cgroup *key);

/* The cgroup was removed: drops it from the cache at once, and from the kernel's map after the commit. */
int resolve_removed(struct resolve *resolve, const struct ev_cgroup *key);
void resolve_commit_batch(struct resolve *resolve);

/*
 * Adds rows for the containers in the kernel's map and sets the class of all its cgroups, so that the filter works.
 * Inside a transaction.
 */
int resolve_seed(struct resolve *resolve);

/* The number of places in the cache. */
size_t resolve_cached(const struct resolve *resolve);

#endif
