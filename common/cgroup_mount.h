/* SPDX-License-Identifier: BSD-2-Clause */
/* The cgroup hierarchy of the memory controller: its number and its mount point. */
#ifndef CRI_COMMON_CGROUP_MOUNT_H
#define CRI_COMMON_CGROUP_MOUNT_H

#include <limits.h>
#include <stdint.h>
#include <stdio.h>

#include "common/maps.h"

struct cgroup_mount {
	enum info_cgroup_mode mode;
	uint32_t hierarchy;  /* number in /proc/PID/cgroup; 0 for v2 */
	char path[PATH_MAX]; /* of the hierarchy's root directory */
};

/*
 * Reads /proc/self/cgroup and /proc/self/mountinfo (cgroups(7), proc(5)). The mode is v1 when the memory controller is
 * bound to a v1 hierarchy, else v2. 0; -ENOENT: that hierarchy is not mounted; -ENAMETOOLONG; another negative errno
 * of opening or reading the files. *ret is written on success only.
 */
int cgroup_mount_find(struct cgroup_mount *ret);

/* The two steps, on open files; exported for tests. The first sets mode and hierarchy, the second path. */
int cgroup_mount_parse_hierarchy(FILE *proc_cgroup, struct cgroup_mount *mount);
int cgroup_mount_parse_path(FILE *mountinfo, struct cgroup_mount *mount);

#endif
