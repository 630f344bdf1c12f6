/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One walk through the cgroup file system: all directories, each with its inode number and its path.
 *
 * A process that owns a cgroup can make any number of cgroups below it, to any depth. The walk is therefore bounded by a
 * budget, which is divided from the root downwards: half of the budget of a directory is reserved in equal shares for the
 * directories in it, the other half goes to those that are walked first. A tree that exceeds its share is cut, which is
 * recorded; the other trees keep theirs.
 */
#ifndef CRI_CONSUMER_CONTAINER_CGROUP_WALK_H
#define CRI_CONSUMER_CONTAINER_CGROUP_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cgroup_walk;

/*
 * root_fd: the hierarchy's root; it stays open. budget: the most directories that are kept. -ENOMEM: no memory to keep
 * them.
 */
int cgroup_walk_run(int root_fd, size_t budget, struct cgroup_walk **ret);
/* walk NULL, here and below: an empty walk, which hides nothing. */
void cgroup_walk_free(struct cgroup_walk *walk);

size_t cgroup_walk_count(const struct cgroup_walk *walk);
/* The path, from the root, of the directory with that inode number. NULL: not seen. Valid as long as the walk. */
const char *cgroup_walk_find(const struct cgroup_walk *walk, uint64_t id, size_t *ret_length);

/* Whether a directory with that path may exist although it was not seen; path NULL: with any path. */
bool cgroup_walk_hides(const struct cgroup_walk *walk, const char *path);
/* The first directory, by path, below which not everything was seen, and the number of such directories. NULL: none. */
const char *cgroup_walk_cut(const struct cgroup_walk *walk, size_t *ret_count);

#endif
