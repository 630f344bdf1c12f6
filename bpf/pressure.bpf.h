/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reports of memory pressure, limited to one per crossing of the threshold. */
#ifndef CRI_BPF_PRESSURE_H
#define CRI_BPF_PRESSURE_H

#include "bpf/armed.bpf.h"
#include "bpf/emit.bpf.h"
#include "bpf/memcg.bpf.h"
#include "bpf/names.bpf.h"
#include "bpf/share.bpf.h"

/* Returns true for the first caller, which must report. Others get false until pressure_rearm(), or until rearm_ns after
 * the report. */
static __always_inline bool pressure_claim(__u32 kind, const struct ev_cgroup *cgroup, __u64 rearm_ns)
{
	const struct map_armed_key key = armed_key(kind, cgroup);
	const int r = armed_claim(&key, rearm_ns);

	if (r < 0)
		emit_map_error(kind);
	return r != 0;
}

/* Allows the next report after usage has fallen below the re-arm level. A process whose usage moves up and down quickly
 * must not fill the ring: see armed_rearm(). */
static __always_inline void pressure_rearm(__u32 kind, const struct ev_cgroup *cgroup)
{
	const struct map_armed_key key = armed_key(kind, cgroup);

	armed_rearm(&key);
}

/* A container can cause many of these, none of which may displace an OOM kill, and only its first one those of others. */
static __always_inline enum emit_room pressure_room(const bool typed, __u32 kind, const struct limit *limit)
{
	__u64 owner = share_owner(typed, limit->owner);

	return share_take(kind, owner ? owner : limit->cgroup.id) ? EMIT_FIRST_PRESSURE : EMIT_PRESSURE;
}

/* slot: SCRATCH_* of the calling family of hooks. */
static __always_inline void pressure_emit(const bool typed, __u32 kind, __u32 slot, const struct limit *limit)
{
	struct scratch *s = emit_scratch(slot);
	__u32 end = sizeof(struct ev_memory);
	struct ev_memory *e;

	if (!s)
		return;
	e = (struct ev_memory *)s->bytes;
	task_fill_current(&e->task);
	e->cgroup = limit->cgroup;
	e->usage_bytes = limit->usage_bytes;
	e->limit_bytes = limit->limit_bytes;
	__builtin_memset(&e->names, 0, sizeof(e->names));
	e->flags = cgroup_names_append(s, &end, &e->names, limit->owner) ? EV_F_NAMES_CUT : 0;
	emit_output(s, kind, end, pressure_room(typed, kind, limit));
}

/* Reports that the limit was hit and reclaim failed. */
static __always_inline void pressure_limit(const bool typed, const struct limit *limit)
{
	if (pressure_claim(EV_MEMORY_LIMIT, &limit->cgroup, REARM_LIMIT_NS))
		pressure_emit(typed, EV_MEMORY_LIMIT, SCRATCH_LIMIT, limit);
}

#endif
