/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reporting pressure: once per crossing, not once per charge. */
#ifndef CRI_BPF_PRESSURE_H
#define CRI_BPF_PRESSURE_H

#include "bpf/emit.bpf.h"
#include "bpf/memcg.bpf.h"
#include "bpf/names.bpf.h"

/* True for whoever crosses first; the others stay silent until the entry is gone or too old. */
static __always_inline bool pressure_claim(__u32 kind, const struct ev_cgroup *cgroup, __u64 rearm_ns)
{
	struct map_armed_key key = { .hierarchy = cgroup->hierarchy, .kind = kind, .id = cgroup->id };
	__u64 now = bpf_ktime_get_boot_ns();
	__u64 *since = bpf_map_lookup_elem(&armed, &key);
	int err;

	if (since) {
		if (now - *since < rearm_ns)
			return false;
		bpf_map_delete_elem(&armed, &key);
	}
	err = map_add(&armed, &key, &now);
	if (err == -EEXIST)
		return false;
	if (err)
		emit_map_error(kind);
	return true;
}

/* Usage fell again. Not at once: a process that goes to and fro round the line must not fill the ring. */
static __always_inline void pressure_rearm(__u32 kind, const struct ev_cgroup *cgroup)
{
	struct map_armed_key key = { .hierarchy = cgroup->hierarchy, .kind = kind, .id = cgroup->id };
	__u64 *since = bpf_map_lookup_elem(&armed, &key);

	if (since && bpf_ktime_get_boot_ns() - *since >= REARM_LEAST_NS)
		bpf_map_delete_elem(&armed, &key);
}

static __always_inline void pressure_emit(__u32 kind, __u32 slot, const struct limit *limit)
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
	e->flags = names_append(s, &end, &e->names, limit->kn) ? EV_F_NAMES_CUT : 0;
	emit_output(s, kind, end, EMIT_URGENT); /* a container can provoke it */
}

/* The limit was hit and nothing could be reclaimed. */
static __always_inline void pressure_limit(const struct limit *limit)
{
	if (pressure_claim(EV_MEMORY_LIMIT, &limit->cgroup, REARM_LIMIT_NS))
		pressure_emit(EV_MEMORY_LIMIT, SCRATCH_LIMIT, limit);
}

#endif
