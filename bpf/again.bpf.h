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

/*
 * By pid, in two places: one that follows a process to another CPU, and one that no process of another CPU writes. A
 * container can choose pids that share a slot of the first, and be told twice only if it is moved at that moment too.
 */
#define HANDLED_SLOTS	  4096
#define HANDLED_CPU_SLOTS 64

enum { HANDLED_EXIT, HANDLED_FORK, HANDLED_EXEC, HANDLED_COUNT };

/* Start times of processes. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HANDLED_COUNT * HANDLED_SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} handled SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HANDLED_COUNT * HANDLED_CPU_SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} handled_here SEC(".maps") __weak;

struct handled {
	__u64 *anywhere, *here;
};

static __always_inline struct handled handled_of(__u32 what, __u32 pid)
{
	__u32 anywhere = what * HANDLED_SLOTS + (pid & (HANDLED_SLOTS - 1));
	__u32 here = what * HANDLED_CPU_SLOTS + (pid & (HANDLED_CPU_SLOTS - 1));

	return (struct handled){ bpf_map_lookup_elem(&handled, &anywhere), bpf_map_lookup_elem(&handled_here, &here) };
}

/* True when the work is to be done: always in the first program, in a twin when nothing is noted. Notes it. */
static __always_inline bool handle(const bool again, __u32 what, __u32 pid, __u64 start_ns)
{
	struct handled noted = handled_of(what, pid);

	if (!noted.anywhere || !noted.here)
		return !again;
	if (again && (*noted.anywhere == start_ns || *noted.here == start_ns))
		return false;
	*noted.anywhere = *noted.here = start_ns;
	return true;
}

/* In the last twin, of what one process does more than once: what was noted was for this time. */
static __always_inline void handle_next(__u32 what, __u32 pid)
{
	struct handled noted = handled_of(what, pid);

	if (noted.anywhere && noted.here)
		*noted.anywhere = *noted.here = 0;
}

#endif
