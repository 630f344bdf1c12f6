/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All differences between kernels, and how a kernel field is read. Each entry names the kernel change, declares both
 * forms of the struct, offers one accessor, and names the release that must become the oldest supported kernel (5.10
 * today) before the entry can be deleted.
 */
#ifndef CRI_BPF_COMPAT_H
#define CRI_BPF_COMPAT_H

#include "bpf/kernel.bpf.h"

/*
 * Reads p->f. typed true: the verifier knows the type of p (BTF), so the program may load the field directly; this
 * needs no helper and works under lockdown=confidentiality. typed false: p is a plain number for the verifier, and
 * bpf_probe_read_kernel() reads the field. `typed` must be a compile-time constant, so that only one branch is
 * compiled.
 */
#define GET(typed, p, f)                                      \
	({                                                    \
		typeof((p)->f) get_value_;                    \
		if (typed)                                    \
			get_value_ = (p)->f;                  \
		else                                          \
			get_value_ = BPF_CORE_READ((p), f);   \
		get_value_;                                   \
	})

/* Reads p->array[index], an array of pointers whose index is known only when the program is loaded. */
#define GET_AT(typed, p, array, index)                                                            \
	({                                                                                        \
		typeof((p)->array[0]) get_at_value_ = NULL;                                       \
		if (typed)                                                                        \
			get_at_value_ = (p)->array[index];                                        \
		else                                                                              \
			bpf_probe_read_kernel(&get_at_value_, sizeof(get_at_value_),              \
					      (char *)__builtin_preserve_access_index(            \
						      &(p)->array[0]) + (index) * sizeof(void *)); \
		get_at_value_;                                                                    \
	})

/* Turns a typed pointer into a plain number, because the verifiers of kernels up to 6.12 refuse arithmetic on the
 * former. */
static __always_inline void *to_number(void *pointer)
{
	void *number = NULL;

	bpf_probe_read_kernel(&number, sizeof(number), &pointer);
	return number;
}

/* kernfs_node.parent is __parent (RCU) since 6.15. Delete when 6.15 is the oldest kernel. */
struct kernfs_node___before_6_15 {
	struct kernfs_node *parent;
} __attribute__((preserve_access_index));

struct kernfs_node___since_6_15 {
	struct kernfs_node *__parent;
} __attribute__((preserve_access_index));

static __always_inline const struct kernfs_node *kernfs_parent(const struct kernfs_node *kn)
{
	const struct kernfs_node___since_6_15 *since = (const void *)kn;
	const struct kernfs_node___before_6_15 *before = (const void *)kn;

	if (bpf_core_field_exists(since->__parent))
		return BPF_CORE_READ(since, __parent);
	return BPF_CORE_READ(before, parent);
}

/* mm_struct.rss_stat was one struct of counters until f1a7941243c1 (6.2) made each one a percpu_counter, whose .count
 * does not include what CPUs have not folded in yet. Delete when 6.2 is the oldest kernel. */
struct mm_rss_stat___before_6_2 {
	atomic_long_t count[4];
} __attribute__((preserve_access_index));

struct mm_struct___before_6_2 {
	struct mm_rss_stat___before_6_2 rss_stat;
} __attribute__((preserve_access_index));

struct percpu_counter {
	__s64 count;
} __attribute__((preserve_access_index));

struct mm_struct___since_6_2 {
	struct percpu_counter rss_stat[4];
} __attribute__((preserve_access_index));

enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES }; /* include/linux/mm_types_task.h */

/* Reads one counter of mm_struct.rss_stat in bytes; EV_UNKNOWN where that is not possible. The verifier cannot follow
 * an array of a typedef, so the older form always needs the helper. */
#define GET_RSS(typed, mm, member)                                                        \
	({                                                                                \
		struct mm_struct___since_6_2 *since_ = (void *)(mm);                      \
		struct mm_struct___before_6_2 *before_ = (void *)(mm);                    \
		const bool old_ = bpf_core_field_exists(before_->rss_stat.count);         \
		__s64 pages_ = 0;                                                         \
		if (!old_)                                                                \
			pages_ = GET(typed, since_, rss_stat[member].count);              \
		else if (cfg_probe_read)                                                  \
			pages_ = BPF_CORE_READ(before_, rss_stat.count[member].counter);  \
		old_ && !cfg_probe_read ? EV_UNKNOWN :                                    \
		pages_ < 0              ? 0ULL :                                          \
					  (__u64)pages_ << cfg_page_shift;                \
	})

/* Adds an entry that must not exist. Returns 0, -EEXIST, or another negative errno. Until d7ba4cc900bf (6.4)
 * map_update_elem returned an int, and the verifier calls it directly instead of the helper, so the upper half of the
 * register is undefined: read as a long, an error would not be negative. Delete when 6.4 is the oldest kernel. */
static __always_inline int map_add(void *map, const void *key, const void *value)
{
	return bpf_map_update_elem(map, key, value, BPF_NOEXIST);
}

/* mem_cgroup.oom_lock does not exist where CONFIG_MEMCG_V1 is off (possible since 6.12). */
struct mem_cgroup___v1 {
	bool oom_lock;
} __attribute__((preserve_access_index));

#endif
