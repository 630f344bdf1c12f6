/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Exits and forks of processes.
 *
 *   exit   sched_process_exit   rung tp_btf (6.16 and later), rung tp_btf_live, rung raw_tp
 *   fork   sched_process_fork   rung tp_btf, rung raw_tp
 *
 * sched_process_exit runs in every exiting thread; only the last thread of a process is an exit of the process. Since
 * 6.16 the tracepoint says which one that is (group_dead). Before, it is the one that sees signal->live == 0; two
 * threads that exit at the same time may both see 0, and `seen` lets only one of them record the exit. The thread
 * group leader cannot serve as the criterion: it may exit long before the process, or be replaced by execve.
 */
#include "bpf/bpf.bpf.h"
#include "bpf/filter.bpf.h"
#include "bpf/task.bpf.h"
#include "bpf/twin.bpf.h"

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

/* oom_mm is also set on processes that were already exiting when the OOM killer chose them; `seen` then says
 * SEEN_DYING. */
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

/* check_seen: another thread may record the same exit. */
static __always_inline int exit_emit(const bool typed, struct task_struct *task, const bool check_seen,
				     const bool is_twin)
{
	const struct role role = role_read();
	struct task_struct *leader = GET(typed, task, group_leader);
	const __u32 tgid = GET(typed, task, tgid);
	const __u64 start_ns = GET(typed, leader, start_boottime);
	struct ev_cgroup cgroup = {};
	struct ev_process_exit *e;
	struct emit out = { .unnumbered = is_twin };
	enum emit_room room = EMIT_ALWAYS;
	bool victim;

	if (!role.records)
		return 0;
	task_identify_cgroup(typed, task, &cgroup);
	victim = exit_is_oom_victim(typed, task, tgid, start_ns);
	if (!victim && !filter_bulk(EV_PROCESS_EXIT, &cgroup, &room))
		return 0;
	if ((check_seen || role.shared) && !seen_first(EV_PROCESS_EXIT, tgid, start_ns, SEEN_RECORDED))
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

/* Records an exit exactly once among the twin programs. */
static __always_inline int exit_once(struct task_struct *task, const bool is_twin)
{
	struct task_struct *leader = task->group_leader;

	if (!twin_claim(is_twin, HANDLED_EXIT, task->tgid, leader->start_boottime))
		return 0;
	return exit_emit(true, task, false, is_twin);
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

/* A second twin: when many processes are killed at once, the first twin is sometimes preempted too. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(exit_third, struct task_struct *task, bool group_dead)
{
	return group_dead ? exit_once(task, true) : 0;
}

/* Has no twins: kernels before 6.16 do not preempt a tracepoint, and each exit of a thread would pay for them. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(exit_live, struct task_struct *task)
{
	return task->signal->live.counter == 0 ? exit_emit(true, task, true, false) : 0;
}

/* Two threads may both see 0; `seen` lets only one record the exit. */
static __always_inline int exit_raw_once(struct task_struct *task, const bool is_twin)
{
	if (BPF_CORE_READ(task, signal, live.counter) != 0 ||
	    !twin_claim(is_twin, HANDLED_EXIT, BPF_CORE_READ(task, tgid), BPF_CORE_READ(task, group_leader, start_boottime)))
		return 0;
	return exit_emit(false, task, true, is_twin);
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
				     const bool is_twin)
{
	struct ev_cgroup cgroup = {};
	struct ev_process_fork *e;
	struct emit out = { .unnumbered = is_twin };
	enum emit_room room;
	const struct role role = role_read();

	if (!role.records)
		return 0;
	if (GET(typed, child, pid) != GET(typed, child, tgid))
		return 0; /* a thread */
	if (!twin_claim(is_twin, HANDLED_FORK, GET(typed, child, tgid), GET(typed, child, start_boottime)))
		return 0;
	task_identify_cgroup(typed, child, &cgroup);
	if (!filter_bulk(EV_PROCESS_FORK, &cgroup, &room))
		return 0;
	if (role.shared &&
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
