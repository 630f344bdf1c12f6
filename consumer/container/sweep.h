/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries of the kernel's metadata map whose cgroup is gone although nobody saw it go: the recorder was not there, or
 * removals are not recorded. They are taken out, or the map would fill with them.
 *
 * An entry goes when its cgroup was missing at two looks. Between them is more time than a birth takes, because a
 * cgroup is in the map a moment before its directory can be seen; and everything the ring held at the first look is
 * stored by the second, because such a record may need the entry for its name. Where somebody has more cgroups than are
 * looked at, the entries of what is below that place stay, and while there is such a place those whose path is not
 * known.
 */
#ifndef CRI_CONSUMER_CONTAINER_SWEEP_H
#define CRI_CONSUMER_CONTAINER_SWEEP_H

#include <stddef.h>
#include <stdint.h>

struct cgroup_fs;
struct kernel_maps;
struct sweep;

/* Both must outlive it. scan: of the hierarchy's root, or what is elsewhere would look gone. -ENOMEM. */
int sweep_open(const struct kernel_maps *maps, struct cgroup_fs *fs, struct sweep **ret);
void sweep_close(struct sweep *sweep);

/*
 * The next step, when one is due at now_ns (boot time): looks at some hundred entries, or takes some out. A walk over
 * the map begins at once, and then every ten minutes. produced, stored: positions of the ring, what is in it and what
 * need not be any more. Returns how many were taken out.
 */
size_t sweep_step(struct sweep *sweep, uint64_t now_ns, uint64_t produced, uint64_t stored);
/* Below which cgroup the last look did not see all; the first, and how many there are. NULL: none. */
const char *sweep_cut(const struct sweep *sweep, size_t *ret_count);

#endif
