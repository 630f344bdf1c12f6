/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Twin programs: further programs on the same tracepoint that handle an event which the kernel skipped for the first.
 *
 * The kernel does not run a BPF program on a CPU where that program is already running and was preempted
 * (kernel/trace/bpf_trace.c, __bpf_trace_run() and prog->active), and counts this nowhere that user space can read.
 * Tracepoints can be preempted since 7.0. Programs that must not miss an event therefore have one or two twins,
 * attached behind them. Every program notes the events that it handled; a twin handles only what is not noted.
 *
 * With n programs an event is missed only if n processes in turn lose the same CPU while inside one of the programs.
 */
#ifndef CRI_BPF_TWIN_H
#define CRI_BPF_TWIN_H

#include "bpf/maps.bpf.h"

/*
 * A note is the start time of a process, in two slots chosen by its pid: a global one, valid when the process moves to
 * another CPU, and one of this CPU, which no process of another CPU overwrites. A container that chooses its pids can
 * make two of its processes share a global slot; an event is then recorded twice only if the process is also moved to
 * another CPU between two programs.
 */
#define HANDLED_SLOTS	  4096
#define HANDLED_CPU_SLOTS 64

enum handled_kind { HANDLED_EXIT, HANDLED_FORK, HANDLED_EXEC, HANDLED_COUNT };

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

/* The two slots of one process; NULL where the lookup failed. */
struct twin_note {
	__u64 *global, *cpu;
};

static __always_inline struct twin_note twin_note_of(__u32 kind, __u32 pid)
{
	__u32 global = kind * HANDLED_SLOTS + (pid & (HANDLED_SLOTS - 1));
	__u32 cpu = kind * HANDLED_CPU_SLOTS + (pid & (HANDLED_CPU_SLOTS - 1));

	return (struct twin_note){ bpf_map_lookup_elem(&handled, &global), bpf_map_lookup_elem(&handled_here, &cpu) };
}

/* Notes the event as handled. Returns whether the caller must handle it: always in the first program (is_twin false),
 * in a twin only if no program before it noted the event. */
static __always_inline bool twin_claim(const bool is_twin, __u32 kind, __u32 pid, __u64 start_ns)
{
	struct twin_note note = twin_note_of(kind, pid);

	if (!note.global || !note.cpu)
		return !is_twin;
	if (is_twin && (*note.global == start_ns || *note.cpu == start_ns))
		return false;
	*note.global = *note.cpu = start_ns;
	return true;
}

/* Clears the note, in the last twin, for events that a process causes more than once: the next one is not handled
 * yet. */
static __always_inline void twin_release(__u32 kind, __u32 pid)
{
	struct twin_note note = twin_note_of(kind, pid);

	if (note.global && note.cpu)
		*note.global = *note.cpu = 0;
}

#endif
