/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Notes of SIGKILLs that the kernel itself sent. mm/oom_kill.c sends the signal immediately before it calls
 * mark_oom_victim() in the same thread; a mark without a note is no kill.
 */
#ifndef CRI_BPF_KILL_NOTE_H
#define CRI_BPF_KILL_NOTE_H

#include "bpf/kernel.bpf.h"

/* Key: tgid of the killed process. Value: pid_tgid of the task that sent the signal. Such kills are rare and the note
 * is read immediately, so only old entries are evicted. The loader sets the size as for `armed`. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} kill_notes SEC(".maps") __weak;

static __always_inline void kill_note(__u32 tgid)
{
	__u64 sender = bpf_get_current_pid_tgid();

	bpf_map_update_elem(&kill_notes, &tgid, &sender, BPF_ANY);
}

/* True when the current task has just sent the process a SIGKILL. Deletes the note, which is good for one mark. */
static __always_inline bool kill_noted(__u32 tgid)
{
	__u64 *noted = bpf_map_lookup_elem(&kill_notes, &tgid);
	bool by_current = noted && *noted == bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&kill_notes, &tgid);
	return by_current;
}

#endif
