/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The process and its cgroup, as records describe them. */
#ifndef CRI_BPF_TASK_H
#define CRI_BPF_TASK_H

#include "bpf/compat.bpf.h"
#include "bpf/config.bpf.h"

/* Index of the memory controller in the running kernel's cgroup_subsys_id. */
static __always_inline int memory_subsys(void)
{
	return bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
}

static __always_inline void cgroup_identify(const bool typed, struct cgroup *cgroup, struct ev_cgroup *out)
{
	struct cgroup_root *root = GET(typed, cgroup, root);
	struct kernfs_node *kn = GET(typed, cgroup, kn);

	out->hierarchy = GET(typed, root, hierarchy_id);
	out->zero = 0;
	out->id = GET(typed, kn, id);
}

static __always_inline struct cgroup_subsys_state *task_memory_css(const bool typed, struct task_struct *task)
{
	struct css_set *set = GET(typed, task, cgroups);

	return GET_AT(typed, set, subsys, memory_subsys());
}

/*
 * The task's cgroup in the hierarchy of the memory controller. On v2 this is the task's default cgroup: the memory css
 * may belong to an ancestor, where the controller is not enabled further down. cfg_memory_hierarchy is constant, so
 * only one of the two branches remains in the program.
 */
static __always_inline struct cgroup *task_cgroup(const bool typed, struct task_struct *task)
{
	struct css_set *set = GET(typed, task, cgroups);
	struct cgroup_subsys_state *css;

	if (cfg_memory_hierarchy == 0)
		return GET(typed, set, dfl_cgrp);
	css = GET_AT(typed, set, subsys, memory_subsys());
	return GET(typed, css, cgroup);
}

static __always_inline void task_identify_cgroup(const bool typed, struct task_struct *task, struct ev_cgroup *out)
{
	struct cgroup *cgroup = task_cgroup(typed, task);
	struct kernfs_node *kn = GET(typed, cgroup, kn);

	out->hierarchy = cfg_memory_hierarchy;
	out->zero = 0;
	out->id = GET(typed, kn, id);
}

/* task: any thread of the process. The name is that of the thread group leader. has_parent false: ppid is 0, because the
 * process is being released and its parent may be gone. */
static __always_inline void task_fill(const bool typed, struct task_struct *task, struct ev_task *out,
				      const bool has_parent)
{
	struct task_struct *leader = GET(typed, task, group_leader);
	struct cred *cred = GET(typed, task, real_cred);

	out->pid = GET(typed, task, tgid);
	out->ppid = 0;
	if (has_parent) {
		struct task_struct *parent = GET(typed, leader, real_parent);

		out->ppid = GET(typed, parent, tgid);
	}
	out->uid = GET(typed, cred, uid.val);
	out->zero = 0;
	out->start_ns = GET(typed, leader, start_boottime);
	if (typed)
		__builtin_memcpy(out->comm, leader->comm, EV_COMM_LEN);
	else
		bpf_core_read(out->comm, EV_COMM_LEN, &leader->comm);
}

/* True when the process is the init of its pid namespace. *level: depth of that namespace, 0 for the host's. For a
 * process that has called unshare(CLONE_NEWPID), both describe the namespace of its children. */
static __always_inline bool task_is_ns_init(const bool typed, struct task_struct *task, __u32 tgid, __u32 *level)
{
	struct nsproxy *nsproxy = GET(typed, task, nsproxy);
	struct task_struct *reaper;
	struct pid_namespace *ns;

	*level = 0;
	if (!nsproxy)
		return false;
	ns = GET(typed, nsproxy, pid_ns_for_children);
	if (!ns)
		return false;
	*level = GET(typed, ns, level);
	reaper = GET(typed, ns, child_reaper);
	return reaper && GET(typed, reaper, tgid) == (int)tgid;
}

/* Describes the current process: completely where kernel memory may be read, else without parent and start time. pid
 * is 0 in the idle task, which is the only sign of interrupt context. */
static __always_inline void task_fill_current(struct ev_task *out)
{
	if (cfg_probe_read) {
		task_fill(false, (struct task_struct *)bpf_get_current_task(), out, true);
		return;
	}
	out->pid = bpf_get_current_pid_tgid() >> 32;
	out->ppid = 0;
	out->uid = bpf_get_current_uid_gid();
	out->zero = 0;
	out->start_ns = 0;
	bpf_get_current_comm(out->comm, EV_COMM_LEN);
}

#endif
