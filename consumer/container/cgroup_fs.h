/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cgroup file system: finds the path of a cgroup by its id when no record or map has it, and reads memory usage and
 * limits. Reads only, bounded in depth, number and rate, below a directory that is opened before the sandbox.
 */
#ifndef CRI_CONSUMER_CONTAINER_CGROUP_FS_H
#define CRI_CONSUMER_CONTAINER_CGROUP_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cgroup_fs;

/* The kernfs id of every hierarchy's root. */
#define CGROUP_ROOT_ID 1

/* directory: the root of the hierarchy (common/cgroup_mount.h); before the sandbox. */
int cgroup_fs_open(const char *directory, bool v1, struct cgroup_fs **ret);
void cgroup_fs_close(struct cgroup_fs *fs);
/* The path of the directory; valid as long as *fs. */
const char *cgroup_fs_root(const struct cgroup_fs *fs);

/*
 * The path, from the hierarchy's root, of the directory with that inode number, which is the kernfs id.
 * Returns its length; 0: not found; -EAGAIN: not searched, because the last walk is too recent at now_ns (boot time). A
 * walk reads the whole tree; walks take at most a twentieth of the time.
 */
int cgroup_fs_find(struct cgroup_fs *fs, uint64_t id, uint64_t now_ns, char *out, size_t size);

/* Walks the tree, unless a walk has begun since since_ns. -EAGAIN as above; else a negative errno of the walk. */
int cgroup_fs_walk(struct cgroup_fs *fs, uint64_t since_ns, uint64_t now_ns);
/* Whether the last walk saw it. */
bool cgroup_fs_saw(const struct cgroup_fs *fs, uint64_t id);
/* Whether it may exist although the last walk did not see it. path NULL: not known. See cgroup_walk.h. */
bool cgroup_fs_hides(const struct cgroup_fs *fs, const char *path);
/* The first directory below which the last walk did not see everything, and the number of such directories. NULL: none. */
const char *cgroup_fs_cut(const struct cgroup_fs *fs, size_t *ret_count);

/*
 * Whether the directory at path (from the root) exists and has that id: 1 or 0; negative errno: unknown, for example
 * because a directory above it may not be searched.
 */
int cgroup_fs_exists(const struct cgroup_fs *fs, const char *path, uint64_t id);

/* The working set in bytes: usage without inactive file pages. -ENOENT and the like: the cgroup is gone. */
int cgroup_fs_working_set(const struct cgroup_fs *fs, const char *path, uint64_t *ret);
/* The cgroup's own limit. -ENODATA: none. */
int cgroup_fs_limit(const struct cgroup_fs *fs, const char *path, uint64_t *ret);

#endif
