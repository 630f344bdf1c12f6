/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Exits and forks of processes.
 *
 * sched_process_exit runs in the exiting thread for every thread; only the last one of its process is an
 * exit. Since 6.16 the tracepoint tells so (group_dead); before, signal->live is 0, which two threads
 * leaving at the same time can both see, hence `seen`. Thread group leaders are no substitute: they may be
 * gone long before the process, or be replaced by execve.
 */
#include "bpf/bpf.bpf.h"
#include "bpf/again.bpf.h"
#include "bpf/filter.bpf.h"
#include "bpf/task.bpf.h"

/* kernel/exit.c: what wait(2) reports is the group's code once the group exits as one, else the leader's. */
static __always_inline __u32 exit_status(const bool typed, struct task_struct *task)
{
	struct signal_struct *signal = GET(typed, task, signal);
	struct task_struct *leader = GET(typed, task, group_leader);

	if (GET(typed, signal, flags) & SIGNAL_GROUP_EXIT)
		return GET(typed, signal, group_exit_code);
	return GET(typed, leader, exit_code);
}

/* oom_mm is also set on processes that were dying anyway when the OOM killer looked at them. */
static __always_inline bool exit_is_oom_victim(const bool typed, struct task_struct *task, __u32 tgid, __u64 start_ns)
{
	struct map_seen_key key = { .kind = EV_OOM_KILL, .tgid = tgid, .start_ns = start_ns };
	struct signal_struct *signal = GET(typed, task, signal);
	__u64 *value;

	if (!GET(typed, signal, oom_mm))
		return false;
	value = bpf_map_lookup_elem(&seen, &key);
	return !value || *value == SEEN_RECORDED;
}

static __always_inline int exit_emit(const bool typed, struct task_struct *task, const bool twice, const bool again)
{
	const struct turn turn = turn_take();
	struct task_struct *leader = GET(typed, task, group_leader);
	const __u32 tgid = GET(typed, task, tgid);
	const __u64 start_ns = GET(typed, leader, start_boottime);
	struct ev_cgroup cgroup = {};
	struct ev_process_exit *e;
	struct emit out = { .unnumbered = again };
	enum emit_room room = EMIT_ALWAYS;
	bool victim;

	if (!turn.ours)
		return 0;
	task_identify_cgroup(typed, task, &cgroup);
	victim = exit_is_oom_victim(typed, task, tgid, start_ns);
	if (!victim && !filter_bulk(EV_PROCESS_EXIT, &cgroup, &room))
		return 0;
	if ((twice || turn.shared) && !seen_first(EV_PROCESS_EXIT, tgid, start_ns, SEEN_RECORDED))
		return 0;

	e = emit_reserve(&out, EV_PROCESS_EXIT, sizeof(*e), room);
	if (!e)
		return 0;
	task_fill(typed, task, &e->task);
	e->cgroup = cgroup;
	e->status = exit_status(typed, task);
	e->flags = victim ? EV_F_OOM_VICTIM : 0;
	e->ns_init = task_is_ns_init(typed, task, tgid, &e->ns_level);
	emit_submit(&out, e);
	return 0;
}

/* What one of them did, the next must find. */
static __always_inline int exit_once(struct task_struct *task, const bool again)
{
	struct task_struct *leader = task->group_leader;

	return handle(again, HANDLED_EXIT, task->tgid, leader->start_boottime) ? exit_emit(true, task, false, again) : 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(exit_group_dead, struct task_struct *task, bool group_dead)
{
	return group_dead ? exit_once(task, false) : 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(exit_again, struct task_struct *task, bool group_dead)
{
	return group_dead ? exit_once(task, true) : 0;
}

/* When many processes are killed at once, the second look is interrupted too now and then. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(exit_third, struct task_struct *task, bool group_dead)
{
	return group_dead ? exit_once(task, true) : 0;
}

/* Without twins: it is for kernels before 6.16, which preempt no tracepoint, and each exit of a thread would pay. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(exit_live, struct task_struct *task)
{
	return task->signal->live.counter == 0 ? exit_emit(true, task, true, false) : 0;
}

/* Of two threads that both see 0 each is handled, and `seen` tells. */
static __always_inline int exit_raw_once(struct task_struct *task, const bool again)
{
	if (BPF_CORE_READ(task, signal, live.counter) != 0 ||
	    !handle(again, HANDLED_EXIT, BPF_CORE_READ(task, tgid), BPF_CORE_READ(task, group_leader, start_boottime)))
		return 0;
	return exit_emit(false, task, true, again);
}

SEC("raw_tp/sched_process_exit")
int BPF_PROG(exit_raw, struct task_struct *task)
{
	return exit_raw_once(task, false);
}

SEC("raw_tp/sched_process_exit")
int BPF_PROG(exit_raw_again, struct task_struct *task)
{
	return exit_raw_once(task, true);
}

SEC("raw_tp/sched_process_exit")
int BPF_PROG(exit_raw_third, struct task_struct *task)
{
	return exit_raw_once(task, true);
}

static __always_inline int fork_emit(const bool typed, struct task_struct *parent, struct task_struct *child,
				     const bool again)
{
	struct ev_cgroup cgroup = {};
	struct ev_process_fork *e;
	struct emit out = { .unnumbered = again };
	enum emit_room room;
	const struct turn turn = turn_take();

	if (!turn.ours)
		return 0;
	if (GET(typed, child, pid) != GET(typed, child, tgid))
		return 0; /* a thread */
	if (!handle(again, HANDLED_FORK, GET(typed, child, tgid), GET(typed, child, start_boottime)))
		return 0;
	task_identify_cgroup(typed, child, &cgroup);
	if (!filter_bulk(EV_PROCESS_FORK, &cgroup, &room))
		return 0;
	if (turn.shared &&
	    !seen_first(EV_PROCESS_FORK, GET(typed, child, tgid), GET(typed, child, start_boottime), SEEN_RECORDED))
		return 0;

	e = emit_reserve(&out, EV_PROCESS_FORK, sizeof(*e), room);
	if (!e)
		return 0;
	task_fill(typed, parent, &e->task);
	task_fill(typed, child, &e->child);
	e->cgroup = cgroup;
	emit_submit(&out, e);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(fork_btf, struct task_struct *parent, struct task_struct *child)
{
	return fork_emit(true, parent, child, false);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(fork_again, struct task_struct *parent, struct task_struct *child)
{
	return fork_emit(true, parent, child, true);
}

SEC("raw_tp/sched_process_fork")
int BPF_PROG(fork_raw, struct task_struct *parent, struct task_struct *child)
{
	return fork_emit(false, parent, child, false);
}

SEC("raw_tp/sched_process_fork")
int BPF_PROG(fork_raw_again, struct task_struct *parent, struct task_struct *child)
{
	return fork_emit(false, parent, child, true);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
