/* SPDX-License-Identifier: BSD-2-Clause */
/* The cgroups that exist already go into the metadata map, as the kernel side does at each birth. */
#ifndef CRI_LOADER_SEED_H
#define CRI_LOADER_SEED_H

#include "common/cgroup_mount.h"

/*
 * Walks the hierarchy's directories and adds those the map does not have yet. Nothing of a name is
 * interpreted but whether it is a plain systemd unit. Returns how many were added, or a negative errno;
 * -E2BIG: the map is full, the others will be learnt from the ring.
 */
int seed_metadata(int map_fd, const struct cgroup_mount *mount);

#endif
