/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A second look for what the kernel skipped. A program is not run on a CPU where the same program has been
 * preempted half way (kernel/trace/bpf_trace.c, __bpf_trace_run: prog->active), and from 7.0 on tracepoints can be
 * preempted. Nothing counts that where we could see it. So the programs whose every event matters have twins on the
 * same tracepoint, behind them: each finds what one before it noted, or does the work itself.
 *
 * With n programs an event is missed only when n processes, one after the other, lose the same CPU within them.
 */
#ifndef CRI_BPF_AGAIN_H
#define CRI_BPF_AGAIN_H

#include "bpf/maps.bpf.h"

/* By pid: two processes that share a slot and are between program and twin at once would be told twice. */
#define HANDLED_SLOTS 4096

enum { HANDLED_EXIT, HANDLED_FORK, HANDLED_EXEC, HANDLED_COUNT };

/* Start times of processes. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HANDLED_COUNT * HANDLED_SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} handled SEC(".maps") __weak;

/* True when the work is to be done: always in the first program, in a twin when nothing is noted. Notes it. */
static __always_inline bool handle(const bool again, __u32 what, __u32 pid, __u64 start_ns)
{
	__u32 key = what * HANDLED_SLOTS + (pid & (HANDLED_SLOTS - 1));
	__u64 *slot = bpf_map_lookup_elem(&handled, &key);

	if (!slot)
		return !again;
	if (again && *slot == start_ns)
		return false;
	*slot = start_ns;
	return true;
}

/* In the last twin, of what one process does more than once: what was noted was for this time. */
static __always_inline void handle_next(__u32 what, __u32 pid)
{
	__u32 key = what * HANDLED_SLOTS + (pid & (HANDLED_SLOTS - 1));
	__u64 *slot = bpf_map_lookup_elem(&handled, &key);

	if (slot)
		*slot = 0;
}

#endif
