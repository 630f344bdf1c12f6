/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The room of the ring between containers: the first OOM kill of a container, and its first memory pressure, may use more
 * of it than those that follow, so that one container cannot displace another one's.
 *
 * A record counts for the outermost container around its cgroup: what a container does in cgroups that it made is its
 * own. While no recorder runs, new cgroups have no class yet. Among these a record counts for the innermost one that was
 * made by a process of the host, as the kernel saw at its creation; a container cannot make such a cgroup. If there is
 * none, for the outermost one that is not the host's.
 */
#ifndef CRI_BPF_SHARE_H
#define CRI_BPF_SHARE_H

#include "bpf/emit.bpf.h"
#include "bpf/filter.bpf.h"
#include "bpf/task.bpf.h"

/* A record is the first one when there was none in this time. */
#define SHARE_NS 60000000000ULL

/* The owner where none can be found: cgroups with more than LIMIT_DEPTH ancestors below the host's, and kills of which
 * nothing is known. They share the room of one container. */
#define SHARE_COMMON ~0ULL

struct share_key {
	__u32 kind; /* EV_OOM_KILL, EV_MEMORY_HIGH or EV_MEMORY_LIMIT */
	__u32 zero;
	__u64 owner;
};

/* Value: time of the owner's last record of that kind. Not `armed`, from which a container could evict entries by
 * pressure in many cgroups; here it has one entry for each kind. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct share_key);
	__type(value, __u64);
} shares SEC(".maps") __weak;

/* kernfs id of the cgroup for which a record about `cgroup` counts; 0: all its ancestors are the host's. */
static __always_inline __u64 share_walk(const bool typed, struct cgroup *cgroup)
{
	struct ev_cgroup key = { .hierarchy = cfg_memory_hierarchy };
	__u64 container = 0, made = 0, outermost = 0;

	for (int level = 0; level < LIMIT_DEPTH; level++) {
		struct kernfs_node *kn = GET(typed, cgroup, kn);
		struct cgroup_subsys_state *parent;
		struct map_metadata *m;

		key.id = GET(typed, kn, id);
		m = bpf_map_lookup_elem(&metadata, &key);
		if (!key.id || (m && filter_class_is_host(m)))
			return container ? container : made ? made : outermost;
		if (m && m->class == META_CONTAINER)
			container = key.id;
		if (m && m->made_by_host && !made)
			made = key.id;
		outermost = key.id;
		parent = GET(typed, cgroup, self.parent);
		cgroup = GET(typed, parent, cgroup);
	}
	return SHARE_COMMON;
}

/* Not inlined, so that the verifier checks it once and its paths do not multiply with those of its callers. Before 6.8 it
 * checks such a function even when nobody calls it: without cfg_probe_read it must not read memory. */
__weak __noinline __u64 share_walk_read(__u64 cgroup)
{
	return cfg_probe_read ? share_walk(false, (struct cgroup *)cgroup) : SHARE_COMMON;
}

/* Where memory may not be read, typed must be true. */
static __always_inline __u64 share_owner(const bool typed, struct cgroup *cgroup)
{
	return cfg_probe_read ? share_walk_read((__u64)to_number(cgroup)) : share_walk(typed, cgroup);
}

/* Returns true for the first record of its kind that counts for this owner; the next one is first again when SHARE_NS
 * passed without any. When this cannot be noted, no record is the first: the bound holds. */
static __always_inline bool share_take(__u32 kind, __u64 owner)
{
	const struct share_key key = { .kind = kind, .owner = owner };
	__u64 *last = bpf_map_lookup_elem(&shares, &key);
	__u64 now = bpf_ktime_get_boot_ns();
	bool first = !last || (__s64)(now - *last) >= (__s64)SHARE_NS;

	if (bpf_map_update_elem(&shares, &key, &now, BPF_ANY)) {
		emit_map_error(kind);
		return false;
	}
	return first;
}

#endif
