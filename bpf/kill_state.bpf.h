/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is known of a process that the OOM killer marked (enum map_seen_value), from the mark to its exit.
 *
 * `seen` is shared with the programs that replace these or are replaced. It also gets an entry for exits and execs of
 * containers, so that a container could evict the entry of another one's victim before the victim has exited. `killed` has
 * nothing but marks, in slots chosen by pid, and no entry is evicted: only a mark of a pid with the same slot overwrites one.
 */
#ifndef CRI_BPF_KILL_STATE_H
#define CRI_BPF_KILL_STATE_H

#include "bpf/emit.bpf.h"

/* Slots of `killed`, a power of two. */
#define KILLED_SLOTS 1024

/* Start time of the process and state in one number, so that both are written at once. */
#define KILLED_STATE_BITS 2
#define KILLED_STATE_MASK ((1ULL << KILLED_STATE_BITS) - 1)

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KILLED_SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} killed SEC(".maps") __weak;

static __always_inline __u64 *killed_slot(__u32 tgid)
{
	__u32 slot = tgid & (KILLED_SLOTS - 1);

	return bpf_map_lookup_elem(&killed, &slot);
}

static __always_inline void killed_set(__u32 tgid, __u64 start_ns, __u64 state)
{
	__u64 *slot = killed_slot(tgid);

	if (slot)
		*slot = start_ns << KILLED_STATE_BITS | state;
}

/* 0: the process was not marked, as far as is known. */
static __always_inline __u64 kill_state(__u32 tgid, __u64 start_ns)
{
	struct map_seen_key key = { .kind = EV_OOM_KILL, .tgid = tgid, .start_ns = start_ns };
	__u64 *slot = killed_slot(tgid), *value;

	if (slot && *slot >> KILLED_STATE_BITS == start_ns && *slot & KILLED_STATE_MASK)
		return *slot & KILLED_STATE_MASK;
	value = bpf_map_lookup_elem(&seen, &key);
	return value ? *value : 0;
}

/* Returns true for the first mark of the process, and remembers its state. */
static __always_inline bool kill_state_first(__u32 tgid, __u64 start_ns, __u64 state)
{
	if (kill_state(tgid, start_ns) || !seen_first(EV_OOM_KILL, tgid, start_ns, state))
		return false;
	killed_set(tgid, start_ns, state);
	return true;
}

/* Replaces the state. */
static __always_inline void kill_state_set(__u32 tgid, __u64 start_ns, __u64 state)
{
	seen_set(EV_OOM_KILL, tgid, start_ns, state);
	killed_set(tgid, start_ns, state);
}

#endif
