/* SPDX-License-Identifier: BSD-2-Clause */
/* Adds the cgroups that exist already to the metadata map, as the BPF programs do for each new one. */
#ifndef CRI_LOADER_SEED_H
#define CRI_LOADER_SEED_H

#include "common/cgroup_mount.h"

/*
 * Walks the directories of the hierarchy and adds those that are not in the map. The only thing it derives from a name
 * is whether it is a plain systemd unit (common/unit_name.h). Returns the number of cgroups added, or a negative
 * errno; -E2BIG: the map is full, and the recorder must resolve the others by itself.
 */
int seed_metadata(int map_fd, const struct cgroup_mount *mount);

#endif
