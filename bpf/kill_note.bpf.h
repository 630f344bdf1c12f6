/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A SIGKILL the kernel itself sent, noted until mark_victim asks a moment later in the same thread. */
#ifndef CRI_BPF_KILL_NOTE_H
#define CRI_BPF_KILL_NOTE_H

#include "bpf/kernel.bpf.h"

/* Key: tgid that was killed, value: pid_tgid of who did it. Kernel kills are rare, and the question comes
 * at once: an evicted entry is one from long ago. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} kill_notes SEC(".maps") __weak;

static __always_inline void kill_note(__u32 tgid)
{
	__u64 sender = bpf_get_current_pid_tgid();

	bpf_map_update_elem(&kill_notes, &tgid, &sender, BPF_ANY);
}

static __always_inline bool kill_noted(__u32 tgid)
{
	__u64 *noted = bpf_map_lookup_elem(&kill_notes, &tgid);
	bool by_current = noted && *noted == bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&kill_notes, &tgid); /* it answers one question only */
	return by_current;
}

#endif
