/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Removes entries of the kernel's metadata map whose cgroup does not exist any more and whose removal was not recorded, so
 * that the map does not fill up: the recorder was not running, or removals are not recorded.
 *
 * An entry is removed when two passes have not found its cgroup. The second pass is later than the creation of a cgroup
 * takes, because a cgroup is in the map a moment before its directory can be seen; and it waits until everything that was
 * in the ring at the first pass is stored, because such a record may need the entry to name its cgroup. Entries below a
 * directory of which the walk did not see everything stay, and so do, while there is such a directory, all entries
 * without a path.
 */
#ifndef CRI_CONSUMER_CONTAINER_SWEEP_H
#define CRI_CONSUMER_CONTAINER_SWEEP_H

#include <stddef.h>
#include <stdint.h>

struct cgroup_fs;
struct kernel_maps;
struct sweep;

/* Both must outlive it. fs: of the root of the hierarchy, or cgroups elsewhere would seem to be gone. -ENOMEM. */
int sweep_open(const struct kernel_maps *maps, struct cgroup_fs *fs, struct sweep **ret);
void sweep_close(struct sweep *sweep);

/*
 * Takes the next step if one is due at now_ns (boot time): checks some hundred entries, or removes some. A pass over the
 * map begins at once, and then every ten minutes. produced, stored: the producer position of the ring, and the position up
 * to which its records are stored. Returns the number of entries removed.
 */
size_t sweep_step(struct sweep *sweep, uint64_t now_ns, uint64_t produced, uint64_t stored);
/* As cgroup_fs_cut. */
const char *sweep_cut(const struct sweep *sweep, size_t *ret_count);

#endif
