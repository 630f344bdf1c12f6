/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Exits and forks of processes.
 *
 *   exit        sched_process_exit   rung tp_btf (6.16 and later), rung tp_btf_live, rung raw_tp
 *   late exit   sched_process_free   rung tp_btf, rung raw_tp; where the kernel may skip the program of the exit
 *   fork        sched_wakeup_new     rung tp_btf, rung raw_tp
 *
 * sched_process_exit runs in every exiting thread; only the last thread of a process is an exit of the process. Since
 * 6.16 the tracepoint says which one that is (group_dead). Before, it is the one that sees signal->live == 0; two
 * threads that exit at the same time may both see 0, and `seen` lets only one of them record the exit. The thread
 * group leader cannot serve as the criterion: it may exit long before the process, or be replaced by execve.
 *
 * Since 7.0 a program on a tracepoint can be preempted, and the kernel skips it for every other process that reaches the
 * tracepoint on that CPU meanwhile (kernel/trace/bpf_trace.c, __bpf_trace_run() and prog->active). sched_process_free
 * runs with bottom halves off, when a process is released, and cannot be preempted: an exit that was not handled
 * (exited.bpf.h) gets its second chance there. sched_wakeup_new runs under the lock of a run queue, and is never skipped
 * either.
 */
#include "bpf/bpf.bpf.h"
#include "bpf/exited.bpf.h"
#include "bpf/filter.bpf.h"
#include "bpf/kill_state.bpf.h"
#include "bpf/task.bpf.h"

/* The status that wait(2) reports (kernel/exit.c, wait_task_zombie()): the group's code if the group exits as a whole,
 * else the leader's. */
static __always_inline __u32 exit_status(const bool typed, struct task_struct *task)
{
	struct signal_struct *signal = GET(typed, task, signal);
	struct task_struct *leader = GET(typed, task, group_leader);

	if (GET(typed, signal, flags) & SIGNAL_GROUP_EXIT)
		return GET(typed, signal, group_exit_code);
	return GET(typed, leader, exit_code);
}

/*
 * The OOM killer sets oom_mm of every process that it kills, and of processes that were exiting already. kill_state() tells
 * them apart. Without an entry it was no kill, if an entry is made before each kill (cfg_kill_seen); the programs at
 * mark_victim run after the signal, and the exit may be faster than they are: then the signal must do.
 */
static __always_inline bool exit_is_oom_victim(const bool typed, struct task_struct *task, __u32 tgid, __u64 start_ns)
{
	struct signal_struct *signal = GET(typed, task, signal);
	__u64 state;

	if (likely(!GET(typed, signal, oom_mm)))
		return false;
	state = kill_state(tgid, start_ns);
	if (state)
		return state != SEEN_DYING;
	return !cfg_kill_seen && (exit_status(typed, task) & 0x7f) == SIGKILL;
}

/* The exit of an OOM victim may use as much of the ring as the record of the kill. */
static __always_inline enum emit_room exit_room(__u32 tgid, __u64 start_ns)
{
	__u64 state = kill_state(tgid, start_ns);

	if (!state)
		state = kill_state(tgid, 0); /* rung mark_victim_pid */
	return state == SEEN_RECORDED ? EMIT_FIRST_VICTIM : EMIT_VICTIM;
}

/* What distinguishes the exit programs. */
struct exit_how {
	bool late;  /* the process is being released: its parent and its namespaces are not known any more */
	bool twice; /* two threads may record the same exit: `seen` decides */
};

static __always_inline void exit_fill(const bool typed, struct task_struct *task, const struct exit_how how,
				      struct ev_process_exit *e)
{
	task_fill(typed, task, &e->task, !how.late);
	e->status = exit_status(typed, task);
	e->ns_level = 0;
	e->ns_init = !how.late && task_is_ns_init(typed, task, e->task.pid, &e->ns_level);
}

static __always_inline int exit_emit(const bool typed, struct task_struct *task, const struct exit_how how,
				     const struct role role, __u32 tgid, __u64 start_ns)
{
	/* Two sets of programs may preempt each other; the second chance interrupts both. */
	struct emit out = { .unnumbered = how.late || (cfg_preempted && role.shared),
			    .counters = emit_counters(EV_PROCESS_EXIT) };
	enum emit_room room;
	struct ev_cgroup cgroup = {};
	struct ev_process_exit *e;
	bool victim;

	if (!out.counters)
		return 0;
	if (how.late)
		count(&out.counters->late);
	task_identify_cgroup(typed, task, &cgroup);
	victim = exit_is_oom_victim(typed, task, tgid, start_ns);
	if (unlikely(victim))
		room = exit_room(tgid, start_ns);
	else if (!filter_bulk(out.counters, &cgroup, &room))
		return 0;
	if ((how.twice || unlikely(role.shared)) && !seen_first(EV_PROCESS_EXIT, tgid, start_ns, SEEN_RECORDED))
		return 0;

	e = emit_reserve(&out, EV_PROCESS_EXIT, sizeof(*e), room);
	if (!e)
		return 0;
	/* The CPU fetches the memory of the record, which was last used by the recorder, while it reads the process. */
	e->cgroup = cgroup;
	e->flags = (victim ? EV_F_OOM_VICTIM : 0) | (how.late ? EV_F_LATE : 0);
	exit_fill(typed, task, how, e);
	emit_submit(&out, e);
	return 0;
}

/* The last thread of a process exits. */
static __always_inline int exit_now(const bool typed, struct task_struct *task, const bool twice)
{
	const struct exit_how how = { .twice = twice };
	const struct role role = role_read();
	struct task_struct *leader = GET(typed, task, group_leader);
	const __u32 tgid = GET(typed, task, tgid);
	const __u64 start_ns = GET(typed, leader, start_boottime);

	if (!role.records || (cfg_skip_exits && tgid % cfg_skip_exits == 0))
		return 0;
	if (cfg_second_chance)
		exited_note(tgid, leader);
	return exit_emit(typed, task, how, role, tgid, start_ns);
}

/* A task is released, for a process its thread group leader as the last one. While two sets of programs are attached,
 * both look for the note, so it must stay. */
static __always_inline int exit_late(const bool typed, struct task_struct *task, const bool twice)
{
	const struct exit_how how = { .late = true, .twice = twice };
	const __u32 tgid = GET(typed, task, tgid);
	struct role role;

	if (GET(typed, task, pid) != (int)tgid)
		return 0;
	role = role_read();
	if (!role.records || likely(exited_take(tgid, task, role.shared)) || GET(typed, task, group_leader) != task)
		return 0;
	return exit_emit(typed, task, how, role, tgid, GET(typed, task, start_boottime));
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(exit_group_dead, struct task_struct *task, bool group_dead)
{
	return group_dead ? exit_now(true, task, false) : 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(exit_live, struct task_struct *task)
{
	return task->signal->live.counter == 0 ? exit_now(true, task, true) : 0;
}

SEC("raw_tp/sched_process_exit")
int BPF_PROG(exit_raw, struct task_struct *task)
{
	return BPF_CORE_READ(task, signal, live.counter) == 0 ? exit_now(false, task, true) : 0;
}

SEC("tp_btf/sched_process_free")
int BPF_PROG(exit_late_btf, struct task_struct *task)
{
	return exit_late(true, task, cfg_exit_twice);
}

SEC("raw_tp/sched_process_free")
int BPF_PROG(exit_late_raw, struct task_struct *task)
{
	return exit_late(false, task, cfg_exit_twice);
}

/* Run once by the loader, before an exit program is attached: notes the processes that have exited already and are not
 * released yet, since their exits are from before the load. */
SEC("iter/task")
int exit_before(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task && task->pid == task->tgid && task->signal->live.counter == 0)
		exited_note(task->tgid, task);
	return 0;
}

/*
 * A new task is about to run for the first time, woken by the task that made it. The record names the parent that gets
 * the SIGCHLD (real_parent) as the one that forked: it is also what a typed load can reach on every kernel. With
 * CLONE_PARENT that is the parent of the caller of clone().
 */
static __always_inline int fork_emit(const bool typed, struct task_struct *child)
{
	struct task_struct *parent = GET(typed, child, real_parent);
	struct ev_cgroup cgroup = {};
	struct ev_process_fork *e;
	struct emit out = { .counters = emit_counters(EV_PROCESS_FORK) };
	enum emit_room room;
	const struct role role = role_read();

	if (!role.records || !out.counters)
		return 0;
	if (GET(typed, child, pid) != GET(typed, child, tgid))
		return 0; /* a thread */
	task_identify_cgroup(typed, child, &cgroup);
	if (!filter_bulk(out.counters, &cgroup, &room))
		return 0;
	if (role.shared &&
	    !seen_first(EV_PROCESS_FORK, GET(typed, child, tgid), GET(typed, child, start_boottime), SEEN_RECORDED))
		return 0;

	e = emit_reserve(&out, EV_PROCESS_FORK, sizeof(*e), room);
	if (!e)
		return 0;
	task_fill(typed, parent, &e->task, true);
	task_fill(typed, child, &e->child, true);
	e->cgroup = cgroup;
	emit_submit(&out, e);
	return 0;
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(fork_btf, struct task_struct *child)
{
	return fork_emit(true, child);
}

SEC("raw_tp/sched_wakeup_new")
int BPF_PROG(fork_raw, struct task_struct *child)
{
	return fork_emit(false, child);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
