/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/container/map_walk.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "consumer/container/kernel_maps.h"

/* Each removes entries from the map, unless they are added anew all the time. */
#define RESTARTS_MAX 1000

static bool exists(const struct kernel_maps *maps, const struct ev_cgroup *key)
{
	struct map_metadata metadata;

	return maps->lookup(maps->context, key, &metadata) == 0;
}

/* The last visited key that still exists; NULL: none does. */
static const struct ev_cgroup *find_last(struct map_walk *walk, const struct kernel_maps *maps)
{
	while (walk->count && !exists(maps, &walk->visited[walk->count - 1]))
		walk->count--;
	return walk->count ? &walk->visited[walk->count - 1] : NULL;
}

static void note(struct map_walk *walk, const struct ev_cgroup *key)
{
	if (walk->count == MAP_WALK_KEYS) {
		walk->count--;
		(void)memmove(&walk->visited[0], &walk->visited[1], walk->count * sizeof(*key));
	}
	walk->visited[walk->count++] = *key;
}

int map_walk_next(struct map_walk *walk, const struct kernel_maps *maps, struct ev_cgroup *ret)
{
	const bool begun = walk->count > 0;
	const struct ev_cgroup *last = find_last(walk, maps);
	struct ev_cgroup key;
	int r = -ENOENT;

	if (last || !begun || walk->restarts++ < RESTARTS_MAX)
		r = maps->next(maps->context, last, &key);
	if (r < 0) {
		*walk = (struct map_walk){ .count = 0 };
		return r;
	}
	note(walk, &key);
	*ret = key;
	return 0;
}
