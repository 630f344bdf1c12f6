/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One walk through the cgroup file system: which directories there are, each with its number and its path.
 *
 * Whoever has a cgroup may make as many below it as he likes, and as deep. So the walk is bounded, and what it may
 * cost is shared out from the root downwards: half of what is left for the inside of a directory is kept for those in
 * it, the same for each, and the other half is for whoever needs it first. A tree without end is cut, and where that
 * is so is known; the others keep their share.
 */
#ifndef CRI_CONSUMER_CONTAINER_CGROUP_WALK_H
#define CRI_CONSUMER_CONTAINER_CGROUP_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cgroup_walk;

/*
 * root_fd: the hierarchy's root; it stays open. budget: how many directories may be found. -ENOMEM: there was no memory
 * for those that were.
 */
int cgroup_walk_run(int root_fd, size_t budget, struct cgroup_walk **ret);
/* NULL, here and below: there was none; nothing is found in it, and it hides nothing. */
void cgroup_walk_free(struct cgroup_walk *walk);

size_t cgroup_walk_count(const struct cgroup_walk *walk);
/* The path, from the root, of the directory with that number. NULL: not seen. Lives as long as the walk. */
const char *cgroup_walk_find(const struct cgroup_walk *walk, uint64_t id, size_t *ret_length);

/* Can a directory of that path be there although it was not seen? NULL: one anywhere. */
bool cgroup_walk_hides(const struct cgroup_walk *walk, const char *path);
/* The directory below which not all was seen; the first of them by its path, and how many there are. NULL: none. */
const char *cgroup_walk_cut(const struct cgroup_walk *walk, size_t *ret_count);

#endif
