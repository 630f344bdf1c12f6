/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which exits have been handled: the notes by which the second chance, exit_late() in process.bpf.c, recognises the
 * others. Layout: common/maps.h, `exited`.
 *
 * Two processes that share a slot and exit at the same moment on two CPUs may overwrite each other's note; the second
 * chance then records one of them again, as late.
 */
#ifndef CRI_BPF_EXITED_H
#define CRI_BPF_EXITED_H

#include "bpf/emit.bpf.h"

static __always_inline struct map_displaced_key displaced_key(__u32 pid, __u64 mark)
{
	return (struct map_displaced_key){ .slot = pid & (LIMIT_EXITED - 1), .mark = mark };
}

static __always_inline __u64 *exited_slot(__u32 pid)
{
	__u32 slot = pid & (LIMIT_EXITED - 1);

	return bpf_map_lookup_elem(&exited, &slot);
}

/* Remembers a mark whose slot another process takes. Not inlined: it seldom runs. */
static __noinline void exited_displace(__u32 pid, __u64 mark)
{
	struct map_displaced_key key = displaced_key(pid, mark);
	__u32 value = 0;

	if (bpf_map_update_elem(&displaced, &key, &value, BPF_ANY))
		emit_map_error(EV_PROCESS_EXIT);
}

/* Notes that the exit of the process with this leader is being handled. */
static __always_inline void exited_note(__u32 pid, const struct task_struct *leader)
{
	const __u64 mark = (__u64)leader;
	__u64 *slot = exited_slot(pid);

	if (unlikely(!slot))
		return;
	if (unlikely(*slot && *slot != mark))
		exited_displace(pid, *slot);
	*slot = mark;
}

/* True when the exit of this process was noted. keep false: removes the note, because the process is released. */
static __always_inline bool exited_take(__u32 pid, const struct task_struct *leader, bool keep)
{
	const __u64 mark = (__u64)leader;
	const struct map_displaced_key key = displaced_key(pid, mark);
	__u64 *slot = exited_slot(pid);

	if (slot && *slot == mark) {
		if (!keep)
			*slot = 0;
		return true;
	}
	if (!bpf_map_lookup_elem(&displaced, &key))
		return false;
	if (!keep)
		bpf_map_delete_elem(&displaced, &key);
	return true;
}

#endif
