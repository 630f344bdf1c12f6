/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Limits and usage of memory cgroups. */
#ifndef CRI_BPF_MEMCG_H
#define CRI_BPF_MEMCG_H

#include "bpf/task.bpf.h"

/* A memory limit and the cgroup that owns it. The pointer is valid within one run of a program. */
struct limit {
	struct ev_cgroup cgroup;
	__u64 usage_bytes;
	__u64 limit_bytes;
	struct cgroup *owner;
};

static __always_inline __u64 pages_to_bytes(__u64 pages)
{
	return pages << cfg_page_shift;
}

/* include/linux/page_counter.h: PAGE_COUNTER_MAX is LONG_MAX / PAGE_SIZE */
static __always_inline bool limit_is_none(unsigned long max_pages)
{
	return max_pages >= (~0UL >> 1) >> cfg_page_shift;
}

static __always_inline __u64 limit_to_bytes(unsigned long max_pages)
{
	return limit_is_none(max_pages) ? EV_UNLIMITED : pages_to_bytes(max_pages);
}

/* The css is embedded in the memcg. The verifier allows this arithmetic only on a pointer that is a plain number. */
static __always_inline struct mem_cgroup *memcg_of_css(struct cgroup_subsys_state *css)
{
	return css ? (void *)css - bpf_core_field_offset(struct mem_cgroup, css) : NULL;
}

static __always_inline struct mem_cgroup *memcg_parent(struct mem_cgroup *memcg)
{
	return memcg_of_css(BPF_CORE_READ(memcg, css.parent));
}

/* One counter of memory_events or memory_events_local, whose first element is at `first`. */
static __always_inline __u64 memcg_event(const void *first, int event)
{
	__u64 count;

	return bpf_probe_read_kernel(&count, sizeof(count), (const char *)first + event * sizeof(count)) ? EV_UNKNOWN :
													     count;
}

/* Reads the limit and the usage of a memory cgroup. */
static __always_inline void limit_fill(const bool typed, struct mem_cgroup *memcg, struct limit *out)
{
	struct cgroup *cgroup = GET(typed, memcg, css.cgroup);

	cgroup_identify(typed, cgroup, &out->cgroup);
	out->owner = cgroup;
	out->usage_bytes = pages_to_bytes(GET(typed, memcg, memory.usage.counter));
	out->limit_bytes = limit_to_bytes(GET(typed, memcg, memory.max));
}

#endif
