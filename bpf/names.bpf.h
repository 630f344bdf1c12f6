/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of a cgroup and its ancestors. They are read in the kernel because a short-lived cgroup is gone before user
 * space can look it up. */
#ifndef CRI_BPF_NAMES_H
#define CRI_BPF_NAMES_H

#include "bpf/compat.bpf.h"
#include "bpf/config.bpf.h"
#include "bpf/maps.bpf.h"

/*
 * Writes the names at *end of the record in s, leaf first, each with its NUL, sets *tail to them and moves *end behind
 * them. Returns true when ancestors had to be left out (EV_F_NAMES_CUT).
 */
static __always_inline bool names_append(struct scratch *s, __u32 *end, struct ev_tail *tail,
					 const struct kernfs_node *kn)
{
	const __u32 begin = *end;
	__u32 at = begin;

	if (!cfg_probe_read || !kn)
		return false;
	for (int level = 0; level < EV_NAMES_LEVELS; level++) {
		const struct kernfs_node *parent = kernfs_parent(kn);
		long n;

		if (!parent || at - begin > EV_NAMES_MAX - LIMIT_NAME)
			break;
		at &= LIMIT_SCRATCH - 1;
		n = bpf_probe_read_kernel_str(&s->bytes[at], LIMIT_NAME, BPF_CORE_READ(kn, name));
		if (n <= 0)
			break;
		at += n & (2 * LIMIT_NAME - 1);
		kn = parent;
	}
	if (at > begin) {
		tail->offset = begin;
		tail->length = at - begin;
	}
	*end = at;
	return kernfs_parent(kn) != NULL;
}

/* The same for a cgroup, NULL: not known. */
static __always_inline bool cgroup_names_append(struct scratch *s, __u32 *end, struct ev_tail *tail,
						struct cgroup *cgroup)
{
	return cfg_probe_read && cgroup && names_append(s, end, tail, BPF_CORE_READ(cgroup, kn));
}

#endif
