/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel structs that the programs read, with only the fields used: the complete list of dependencies on the
 * kernel. CO-RE relocates each field to its offset in the running kernel, so order, size and missing fields do not
 * matter. Structs that differ between kernels are in compat.bpf.h.
 */
#ifndef CRI_BPF_KERNEL_H
#define CRI_BPF_KERNEL_H

#include <linux/types.h>
#include <stdbool.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	long counter;
} atomic_long_t;

struct kernfs_node {
	const char *name;
	__u64 id;
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup_subsys;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys *ss;
	struct cgroup_subsys_state *parent;
};

/* subsys[] is indexed by enum cgroup_subsys_id, whose values depend on the kernel's configuration. */
struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	struct cgroup_subsys_state *subsys[1];
	struct cgroup_root *root;
};

struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;
};

typedef struct {
	__u32 val;
} kuid_t;

struct cred {
	kuid_t uid;
};

struct mm_struct {
	atomic_long_t pgtables_bytes;
};

struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
	short oom_score_adj;
	struct mm_struct *oom_mm;
};

struct pid_namespace {
	struct task_struct *child_reaper;
	unsigned int level;
};

struct nsproxy {
	struct pid_namespace *pid_ns_for_children;
};

struct task_struct {
	int pid;
	int tgid;
	int exit_code;
	char comm[16];
	__u64 start_boottime;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct signal_struct *signal;
	struct cred *real_cred;
	struct css_set *cgroups;
	struct mm_struct *mm;
	struct nsproxy *nsproxy;
};

struct page_counter {
	atomic_long_t usage;
	unsigned long max;
	unsigned long watermark;
	struct page_counter *parent;
};

struct mem_cgroup {
	struct cgroup_subsys_state css;
	struct page_counter memory;
	bool oom_group;
	atomic_long_t memory_events[1];
	atomic_long_t memory_events_local[1];
};

/* Declared by name: CO-RE does not match a field of enum type with an int. */
enum oom_constraint {
	CONSTRAINT_NONE,
};

struct oom_control {
	struct mem_cgroup *memcg;
	struct task_struct *chosen;
	enum oom_constraint constraint;
};

/* The context of an iterator over tasks. */
struct bpf_iter__task {
	struct task_struct *task;
};

#pragma clang attribute pop

enum cgroup_subsys_id {
	memory_cgrp_id = 4,
};

enum memcg_memory_event {
	MEMCG_OOM = 3,
	MEMCG_OOM_KILL = 4,
};

/* include/linux/sched/signal.h */
#define SIGNAL_GROUP_EXIT 0x00000004
/* include/linux/sched/signal.h: the siginfo pointer of a signal that the kernel itself sends */
#define SEND_SIG_PRIV 1
#define SIGKILL 9
#define ENOENT 2
#define EEXIST 17

#endif
