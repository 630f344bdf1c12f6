/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Visits the entries of the kernel's metadata map, also over a long time in which entries are added and removed. The
 * kernel finds the next key by the one before; where that was removed meanwhile it starts anew with the first. The walk
 * therefore notes several keys and goes on behind the last one that still exists.
 */
#ifndef CRI_CONSUMER_CONTAINER_MAP_WALK_H
#define CRI_CONSUMER_CONTAINER_MAP_WALK_H

#include <stddef.h>

#include "common/maps.h"

struct kernel_maps;

#define MAP_WALK_KEYS 8

/* All zero: at the beginning. */
struct map_walk {
	size_t count;
	struct ev_cgroup visited[MAP_WALK_KEYS]; /* the last ones, oldest first */
	unsigned int restarts;
};

/*
 * The key of the next entry. Every entry that exists during the whole walk is visited, once unless all noted keys were
 * removed. -ENOENT behind the last one, or when that has happened a thousand times: the walk then begins anew.
 */
int map_walk_next(struct map_walk *walk, const struct kernel_maps *maps, struct ev_cgroup *ret);

#endif
