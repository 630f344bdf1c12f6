/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cgroup file system as the last source of a name, and of what a cgroup uses at this moment. Reads only,
 * bounded in depth, number and rate; below a directory opened before the sandbox.
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
/* The directory's path; lives as long as the scan. */
const char *cgroup_fs_root(const struct cgroup_fs *fs);

/*
 * The path, from the hierarchy's root, of the directory with that inode number, which is the kernfs id.
 * Returns its length; 0: not found; -EAGAIN: not looked, the last walk was too recent at now_ns (boot time). One
 * walk finds all there are, and may take a twentieth of the time until the next.
 */
int cgroup_fs_find(struct cgroup_fs *fs, uint64_t id, uint64_t now_ns, char *out, size_t size);

/* A walk now, unless there was one since then, for whatever reason. -EAGAIN as above; else why there was none. */
int cgroup_fs_walk(struct cgroup_fs *fs, uint64_t since_ns, uint64_t now_ns);
/* Was it there at the last walk? */
bool cgroup_fs_saw(const struct cgroup_fs *fs, uint64_t id);
/* Can it have been there without being seen? path: NULL when it is not known. See cgroup_walk.h. */
bool cgroup_fs_hides(const struct cgroup_fs *fs, const char *path);
/* Below which directory it did not see all; the first, and how many there are. NULL: it saw everything. */
const char *cgroup_fs_cut(const struct cgroup_fs *fs, size_t *ret_count);

/* Is the directory at path (from the root) there, and is it that one? 1; 0; negative errno: that cannot be told, for
 * example because somebody has closed a directory above it. */
int cgroup_fs_exists(const struct cgroup_fs *fs, const char *path, uint64_t id);

/* Memory in use that cannot simply be dropped: usage without inactive file pages. -ENOENT and the like when
 * the cgroup is gone. */
int cgroup_fs_working_set(const struct cgroup_fs *fs, const char *path, uint64_t *ret);
/* The cgroup's own limit. -ENODATA: none. */
int cgroup_fs_limit(const struct cgroup_fs *fs, const char *path, uint64_t *ret);

#endif
