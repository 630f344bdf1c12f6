/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory pressure: usage reaches the threshold of a limit (high), or the limit itself when reclaim fails (limit).
 *
 *   high    rung fentry         page_counter_try_charge: one call for up to 64 pages; exact, for every ancestor
 *           rung fentry_typed   try_charge_memcg, or try_charge in older kernels: one call per charge; needs no helper
 *           rung kprobe         page_counter_try_charge
 *           rung runtime        sched_stat_runtime: samples the cgroups of a task whenever its run time is accounted:
 *                               at each tick and when it sleeps; at most once a jiffy for each cgroup and CPU
 *           rung clock          a perf clock event on each CPU samples the cgroups of the running task; wakes idle
 *                               CPUs, and misses a task that mostly sleeps
 *   limit   rungs fentry, kprobe   mem_cgroup_out_of_memory
 *
 * A charge can come from softirq or on behalf of another cgroup, so the record names the cgroup that owns the limit.
 */
#include "bpf/bpf.bpf.h"
#include "bpf/pressure.bpf.h"

/* Time of the last report (CLOCK_BOOTTIME), of any cgroup. A cgroup needs to be re-armed only within REARM_HIGH_NS of
 * it. */
__u64 last_report_ns = 0;

static __always_inline bool usage_is_high(__u64 usage, __u64 max)
{
	return usage * 100 >= max * cfg_threshold;
}

static __always_inline bool usage_is_rearmed(__u64 usage, __u64 max)
{
	return usage * 100 < max * cfg_rearm;
}

/* True when high_check() has something to do. Arguments in pages. */
static __always_inline bool needs_check(__u64 usage, __u64 max)
{
	if (limit_is_none(max) || !max)
		return false;
	if (usage_is_high(usage, max))
		return true;
	return last_report_ns && usage_is_rearmed(usage, max) &&
	       bpf_ktime_get_boot_ns() - last_report_ns < REARM_HIGH_NS;
}

/* Reports pressure when usage is at the threshold, else re-arms. Only after needs_check(). */
static __always_inline void high_check(const bool typed, const struct limit *limit, __u64 usage, __u64 max)
{
	if (!usage_is_high(usage, max)) {
		pressure_rearm(EV_MEMORY_HIGH, &limit->cgroup);
		return;
	}
	if (!pressure_claim(EV_MEMORY_HIGH, &limit->cgroup, REARM_HIGH_NS))
		return;
	last_report_ns = bpf_ktime_get_boot_ns();
	pressure_emit(typed, EV_MEMORY_HIGH, SCRATCH_HIGH, limit);
}

static __always_inline void high_check_memcg(struct mem_cgroup *memcg, __u64 usage, __u64 max)
{
	struct limit limit = {};

	limit_fill(false, memcg, &limit);
	limit.usage_bytes = pages_to_bytes(usage);
	high_check(false, &limit, usage, max);
}

/* Swap, kernel memory and huge pages have page counters too. A counter is mem_cgroup.memory only if the struct around
 * it has a css of the memory controller at the offset of mem_cgroup.css. */
static __always_inline void high_check_counter(struct page_counter *counter, __u64 usage, __u64 max)
{
	struct mem_cgroup *memcg = (void *)counter - bpf_core_field_offset(struct mem_cgroup, memory);
	struct cgroup_subsys_state *own = task_memory_css(false, (struct task_struct *)bpf_get_current_task());

	if (BPF_CORE_READ(memcg, css.ss) == BPF_CORE_READ(own, ss))
		high_check_memcg(memcg, usage, max);
}

SEC("fentry/page_counter_try_charge")
int BPF_PROG(high_fentry, struct page_counter *counter, unsigned long pages)
{
	for (int level = 0; level < LIMIT_DEPTH && counter; level++) {
		__u64 max = counter->max;
		__u64 usage = counter->usage.counter + pages;

		if (needs_check(usage, max))
			high_check_counter(to_number(counter), usage, max);
		counter = counter->parent;
	}
	return 0;
}

SEC("kprobe/page_counter_try_charge")
int BPF_KPROBE(high_kprobe, struct page_counter *counter, unsigned long pages)
{
	for (int level = 0; level < LIMIT_DEPTH && counter; level++) {
		__u64 max = BPF_CORE_READ(counter, max);
		__u64 usage = BPF_CORE_READ(counter, usage.counter) + pages;

		if (needs_check(usage, max))
			high_check_counter(counter, usage, max);
		counter = BPF_CORE_READ(counter, parent);
	}
	return 0;
}

/* Walks the parents of the css and of the page counter in parallel: no typed pointer leads from one to the other. */
static __always_inline int high_typed(struct mem_cgroup *memcg, unsigned int pages)
{
	struct cgroup_subsys_state *css = memcg->css.parent;
	struct page_counter *counter = memcg->memory.parent;
	struct cgroup *cgroup = memcg->css.cgroup;
	__u64 usage = memcg->memory.usage.counter + pages;
	__u64 max = memcg->memory.max;

	for (int level = 0; level < LIMIT_DEPTH; level++) {
		if (needs_check(usage, max)) {
			struct limit limit = {
				.owner = cgroup,
				.limit_bytes = limit_to_bytes(max),
				.usage_bytes = pages_to_bytes(usage),
			};

			cgroup_identify(true, cgroup, &limit.cgroup);
			high_check(true, &limit, usage, max);
		}
		if (!css || !counter)
			break;
		cgroup = css->cgroup;
		usage = counter->usage.counter + pages;
		max = counter->max;
		css = css->parent;
		counter = counter->parent;
	}
	return 0;
}

SEC("fentry/try_charge_memcg")
int BPF_PROG(high_typed_memcg, struct mem_cgroup *memcg, unsigned int gfp, unsigned int pages)
{
	return high_typed(memcg, pages);
}

SEC("fentry/try_charge")
int BPF_PROG(high_typed_charge, struct mem_cgroup *memcg, unsigned int gfp, unsigned int pages)
{
	return high_typed(memcg, pages);
}

/* Checks a memory cgroup and its ancestors. */
static __always_inline void high_scan(struct cgroup_subsys_state *css)
{
	struct mem_cgroup *memcg = memcg_of_css(css);

	for (int level = 0; level < LIMIT_DEPTH && memcg; level++) {
		__u64 max = BPF_CORE_READ(memcg, memory.max);
		__u64 usage = BPF_CORE_READ(memcg, memory.usage.counter);

		if (needs_check(usage, max))
			high_check_memcg(memcg, usage, max);
		memcg = memcg_parent(memcg);
	}
}

/* When each cgroup was last scanned on this CPU, in a slot chosen by bits of the css's address. A collision causes an
 * additional scan. */
#define SCAN_SLOTS 64

struct last_scan {
	__u64 css;
	__u64 jiffies;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCAN_SLOTS);
	__type(key, __u32);
	__type(value, struct last_scan);
} scans SEC(".maps");

/* True when the cgroup was scanned in this jiffy; else notes the scan. */
static __always_inline bool was_scanned(__u64 css)
{
	__u32 slot = (css >> 8) % SCAN_SLOTS;
	struct last_scan *last = bpf_map_lookup_elem(&scans, &slot);
	__u64 now = bpf_jiffies64();

	if (!last || (last->css == css && last->jiffies == now))
		return true;
	last->css = css;
	last->jiffies = now;
	return false;
}

SEC("tp_btf/sched_stat_runtime")
int BPF_PROG(high_runtime, struct task_struct *task)
{
	struct cgroup_subsys_state *css = task_memory_css(true, task);

	if (!css->parent)
		return 0; /* the root has no limit */
	css = to_number(css);
	if (!was_scanned((__u64)css))
		high_scan(css);
	return 0;
}

SEC("perf_event")
int high_clock(void *ctx)
{
	high_scan(task_memory_css(false, (struct task_struct *)bpf_get_current_task()));
	return 0;
}

static __always_inline int limit_hit(const bool typed, struct mem_cgroup *memcg)
{
	struct limit limit = {};

	limit_fill(typed, memcg, &limit);
	pressure_limit(typed, &limit);
	return 0;
}

SEC("fentry/mem_cgroup_out_of_memory")
int BPF_PROG(limit_fentry, struct mem_cgroup *memcg)
{
	return limit_hit(true, memcg);
}

SEC("kprobe/mem_cgroup_out_of_memory")
int BPF_KPROBE(limit_kprobe, struct mem_cgroup *memcg)
{
	return limit_hit(false, memcg);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
