/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which CPU reports an edge of memory pressure. A report arms its cgroup; the next one is due when that entry was removed
 * or is old enough. Many CPUs charge the same cgroup and see the same edge, and only one may report it.
 *
 * An entry is replaced or removed by the CPU that has added its claim: a key with the time of the entry. So no CPU acts
 * on a time that another one has replaced meanwhile. Exchanging the time atomically would do the same, but kernels
 * before 5.12 cannot return the result of an atomic operation.
 */
#ifndef CRI_BPF_ARMED_H
#define CRI_BPF_ARMED_H

#include "bpf/compat.bpf.h"
#include "bpf/config.bpf.h"
#include "bpf/maps.bpf.h"

static __always_inline struct map_armed_key armed_key(__u32 kind, const struct ev_cgroup *cgroup)
{
	return (struct map_armed_key){ .kind = kind, .id = cgroup->id };
}

static __always_inline struct map_armed_key armed_claim_key(const struct map_armed_key *key, __u64 since)
{
	return (struct map_armed_key){ .kind = key->kind, .claim = (__u32)since | 1, .id = key->id };
}

/* Time of the last report; 0 when there is none. */
static __always_inline __u64 armed_since(const struct map_armed_key *key)
{
	__u64 *since = bpf_map_lookup_elem(&armed, key);

	return since ? *since : 0;
}

/* Signed, because the clocks of two CPUs may differ by a little. */
static __always_inline bool armed_is_older(__u64 since, __u64 now, __u64 age_ns)
{
	return (__s64)(now - since) >= (__s64)age_ns;
}

static __always_inline void armed_release(const struct map_armed_key *key, __u64 since)
{
	const struct map_armed_key claim = armed_claim_key(key, since);

	bpf_map_delete_elem(&armed, &claim);
}

/* Returns 0 when the caller, and no other CPU, may replace or remove the entry; it must call armed_release() then.
 * -EEXIST: another CPU does, or has done. Else the map's error. */
static __always_inline int armed_take(const struct map_armed_key *key, __u64 since)
{
	const struct map_armed_key claim = armed_claim_key(key, since);
	int err = map_add(&armed, &claim, &since);

	if (err)
		return err;
	if (armed_since(key) == since)
		return 0;
	armed_release(key, since);
	return -EEXIST;
}

/* Returns 1 when the caller must report, 0 when it must not. An error of the map is returned as such, and the caller
 * must report: an event recorded twice is better than one that is missing. */
static __always_inline int armed_claim(const struct map_armed_key *key, __u64 rearm_ns)
{
	__u64 since = armed_since(key);
	__u64 now = bpf_ktime_get_boot_ns();
	int err;

	if (since && !armed_is_older(since, now, rearm_ns))
		return 0;
	if (since) {
		err = armed_take(key, since);
		if (!err) {
			err = bpf_map_update_elem(&armed, key, &now, BPF_ANY);
			armed_release(key, since);
		}
	} else {
		err = map_add(&armed, key, &now);
	}
	if (err == -EEXIST)
		return 0;
	return err ? err : 1;
}

/* Allows the next report, at the earliest REARM_LEAST_NS after the last one. */
static __always_inline void armed_rearm(const struct map_armed_key *key)
{
	__u64 since = armed_since(key);

	if (!since || !armed_is_older(since, bpf_ktime_get_boot_ns(), REARM_LEAST_NS) || armed_take(key, since))
		return;
	bpf_map_delete_elem(&armed, key);
	armed_release(key, since);
}

#endif
