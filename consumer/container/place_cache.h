/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A place is a cgroup with what is known about it. The database has all of them; this bounded cache saves a query for
 * every event.
 */
#ifndef CRI_CONSUMER_CONTAINER_PLACE_CACHE_H
#define CRI_CONSUMER_CONTAINER_PLACE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/event.h"
#include "consumer/container/names/cgroup_path.h"

/* Row numbers of the database; 0: none. */
struct place {
	struct ev_cgroup key;
	int64_t cgroup;
	int64_t container;
	int64_t pod;
	enum cgroup_kind kind;
	bool has_path;
	bool start_known; /* the container's start needs not be inferred */
	bool runtime_seen; /* a process of the runtime was seen in it */
	uint64_t until_ns; /* boot time after which it is resolved again */
};

struct place_cache;

/* capacity: the most places kept, at least 1. -ENOMEM. */
int place_cache_open(size_t capacity, struct place_cache **ret);
void place_cache_close(struct place_cache *cache);

/* NULL when it is not there. Valid until the next put, drop or clear. */
struct place *place_cache_find(struct place_cache *cache, const struct ev_cgroup *key);
/* Replaces the place with the same key. A full cache evicts one that was not used recently. */
void place_cache_put(struct place_cache *cache, const struct place *place);
void place_cache_drop(struct place_cache *cache, const struct ev_cgroup *key);
void place_cache_clear(struct place_cache *cache);
size_t place_cache_count(const struct place_cache *cache);

#endif
