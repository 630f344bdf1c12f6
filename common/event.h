/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The wire format: the records that the BPF programs write to the ring buffer.
 *
 * Compiled by clang for the BPF programs and by the host compiler for user space; the assertions at the end of this
 * file make a difference in layout a compile error. Types have a fixed width, padding is explicit, and there are no
 * pointers. Variable data follows the fixed part as tails, each described by an offset from the start of the record
 * and a length.
 *
 * Times are CLOCK_BOOTTIME nanoseconds. Pids and uids are those of the initial namespaces. Sizes are bytes. EV_UNKNOWN
 * stands for a number that could not be read, EV_UNLIMITED for a limit that is not set.
 */
#ifndef CRI_COMMON_EVENT_H
#define CRI_COMMON_EVENT_H

#include <linux/types.h>

/* Version of the format. Raise it whenever a record's layout or meaning changes; a reader knows this version and the
 * one before. */
#ifndef EV_ABI
#define EV_ABI 1
#endif

#define EV_UNKNOWN   (~0ULL)
#define EV_UNLIMITED (~0ULL - 1)
#define EV_COMM_LEN  16

/* A build with -DCRI_TEST_KIND has one more kind, which shows what a new one needs. */
#ifdef CRI_TEST_KIND
#define EV_TEST_KINDS(KIND) KIND(9, TEST, test)
#define EV_TEST_TYPES(TYPE) TYPE(8, TEST, test)
#else
#define EV_TEST_KINDS(KIND)
#define EV_TEST_TYPES(TYPE)
#endif

/*
 * Record kinds, one row each: number, the constant EV_NAME, name. Numbers are part of the ABI and of the database:
 * never reuse one. They have no holes; 0 is no kind.
 */
#define EV_KINDS(KIND)                                                                                            \
	KIND(1, OOM_KILL, oom_kill)         /* one victim process of one kill decision */                         \
	KIND(2, MEMORY_HIGH, memory_high)   /* usage crossed the threshold of a limit */                          \
	KIND(3, MEMORY_LIMIT, memory_limit) /* the limit was hit and reclaim failed */                            \
	KIND(4, PROCESS_EXIT, process_exit) /* the last thread of a process exited */                             \
	KIND(5, PROCESS_FORK, process_fork) /* a new process, not a thread */                                     \
	KIND(6, CGROUP_MKDIR, cgroup_mkdir) /* a cgroup was created in the memory hierarchy */                    \
	KIND(7, CGROUP_EXEC, cgroup_exec)   /* the first exec in a cgroup, or by the init of a pid namespace */   \
	KIND(8, CGROUP_RMDIR, cgroup_rmdir) /* a cgroup was removed from the memory hierarchy */                  \
	EV_TEST_KINDS(KIND)

enum ev_kind {
#define EV_KIND_CONSTANT(number, NAME, name) EV_##NAME = (number),
	EV_KINDS(EV_KIND_CONSTANT)
#undef EV_KIND_CONSTANT
	EV_KIND_COUNT, /* size of tables indexed by kind */
};

/*
 * Event types, as user space stores and shows events, one row each: number, the constant TYPE_NAME, name. Each kind is
 * stored as one type; a gap is written by the recorder itself. Numbers and names are part of the database and of every
 * output: never change or reuse one. They have no holes; 0 is no type.
 */
#define EV_TYPES(TYPE)                           \
	TYPE(1, OOM_KILL, oom_kill)               \
	TYPE(2, MEMORY_PRESSURE, memory_pressure) \
	TYPE(3, PROCESS_EXIT, process_exit)       \
	TYPE(4, PROCESS_FORK, process_fork)       \
	TYPE(5, CONTAINER_START, container_start) \
	TYPE(6, CONTAINER_STOP, container_stop)   \
	TYPE(7, GAP, gap)                         \
	EV_TEST_TYPES(TYPE)

/*
 * Identity of a cgroup; also the key of the metadata map. hierarchy is the number in /proc/PID/cgroup (0: cgroup v2).
 * id is the kernfs node id, which is st_ino of the directory; 0: no cgroup.
 */
struct ev_cgroup {
	__u32 hierarchy;
	__u32 zero;
	__u64 id;
};

struct ev_header {
	__u16 abi;     /* EV_ABI */
	__u16 kind;    /* enum ev_kind */
	__u32 length;  /* bytes of the record including tails */
	__u32 cpu;     /* on which the record was written */
	__u32 zero;
	/* Counts from 1 for each CPU and kind, taken before the reservation: a hole is a lost record. 0: none. */
	__u64 seq;
	__u64 time_ns; /* CLOCK_BOOTTIME */
};

/* A process (thread group), never a single thread. */
struct ev_task {
	__u32 pid;  /* tgid; 0: no process (interrupt or kernel idle) */
	__u32 ppid; /* tgid of real_parent, which gets the SIGCHLD */
	__u32 uid;  /* real uid, initial user namespace */
	__u32 zero;
	__u64 start_ns; /* start of the leader; together with pid unique within a boot */
	char comm[EV_COMM_LEN]; /* NUL-terminated; arbitrary bytes chosen by the process */
};

/* Position of variable data: offset from the start of the record and length in bytes; both 0 when there is none. */
struct ev_tail {
	__u16 offset;
	__u16 length;
};

/*
 * A tail of names: those of a cgroup and its ancestors without the hierarchy's root, leaf first, each NUL-terminated.
 * There is none where the programs may not read strings (lockdown=confidentiality). EV_F_NAMES_CUT in the record's
 * flags: ancestors are missing because of one of these bounds.
 */
#define EV_NAMES_LEVELS 10
#define EV_NAMES_MAX    1024

enum ev_constraint { /* include/linux/oom.h, enum oom_constraint, and "unknown" */
	EV_CONSTRAINT_NONE = 0,
	EV_CONSTRAINT_CPUSET = 1,
	EV_CONSTRAINT_MEMPOLICY = 2,
	EV_CONSTRAINT_MEMCG = 3,
	EV_CONSTRAINT_UNKNOWN = 255,
};

enum ev_oom_flags {
	EV_F_NAMES_CUT = 1 << 0,   /* of the record's names; in an OOM record those of the victim's cgroup */
	EV_F_LIMIT_EXACT = 1 << 1, /* the limit's owner was read from the kernel's oom_control, else it is inferred */
	EV_F_GROUP_KILL = 1 << 2,  /* killed by memory.oom.group */
	EV_F_CHOSEN = 1 << 3,      /* the OOM killer chose this process; not set for other members of a group kill */
	EV_F_TRIGGER_NAMES_CUT = 1 << 4, /* the same of trigger_names */
	EV_F_LIMIT_NAMES_CUT = 1 << 5,   /* the same of limit_names */
};

struct ev_oom_kill {
	struct ev_header h;
	struct ev_task victim;
	struct ev_task trigger;          /* the process whose allocation failed; pid 0: unknown */
	struct ev_cgroup cgroup;         /* of the victim */
	struct ev_cgroup trigger_cgroup;
	struct ev_cgroup limit_cgroup;   /* owner of the limit; id 0: the memory of the node, or unknown */
	__u64 decision_ns;               /* time of the decision; the same for all of its victims */
	__u64 limit_bytes;               /* of limit_cgroup */
	__u64 usage_bytes;               /* of limit_cgroup */
	__u64 rss_anon_bytes;            /* this and the next four: of the victim; approximate since 6.2 (percpu counters) */
	__u64 rss_file_bytes;
	__u64 rss_shmem_bytes;
	__u64 swap_bytes;
	__u64 pgtables_bytes;
	__s32 oom_score_adj;
	__u32 flags;                     /* enum ev_oom_flags */
	__u32 constraint;                /* enum ev_constraint */
	struct ev_tail names;            /* of cgroup */
	struct ev_tail trigger_names;
	struct ev_tail limit_names;
};

/* EV_MEMORY_HIGH and EV_MEMORY_LIMIT */
struct ev_memory {
	struct ev_header h;
	struct ev_task task;     /* current task; pid 0: none (interrupt) */
	struct ev_cgroup cgroup; /* owner of the limit; not necessarily the cgroup of task */
	__u64 usage_bytes;
	__u64 limit_bytes;
	__u32 flags;             /* EV_F_NAMES_CUT */
	struct ev_tail names;
};

enum ev_exit_flags {
	EV_F_OOM_VICTIM = 1 << 0, /* the OOM killer killed this process */
	/* Found by the second chance: the header's time is that of the release of the process, after its parent or a
	 * reaper has waited for it; ppid is 0, ns_init and ns_level are 0, which means unknown. */
	EV_F_LATE = 1 << 1,
};

struct ev_process_exit {
	struct ev_header h;
	struct ev_task task;
	struct ev_cgroup cgroup;
	__u32 status; /* as wait(2) reports it: exit code << 8 | core dump 0x80 | signal */
	__u32 flags;  /* enum ev_exit_flags */
	__u32 ns_init;  /* 1: init of its pid namespace, else 0 */
	__u32 ns_level; /* depth of that namespace; 0: the host's */
};

struct ev_process_fork {
	struct ev_header h;
	struct ev_task task; /* the parent */
	struct ev_task child;
	struct ev_cgroup cgroup; /* the child's */
};

enum ev_lifecycle_flags {
	EV_F_NS_INIT = 1 << 4, /* EXEC: by the init of a pid namespace other than the host's */
};

/* EV_CGROUP_MKDIR, EV_CGROUP_EXEC and EV_CGROUP_RMDIR */
struct ev_lifecycle {
	struct ev_header h;
	struct ev_task task; /* created, execs in, or removed the cgroup */
	struct ev_cgroup cgroup;
	struct ev_cgroup parent;
	__u64 limit_bytes; /* EXEC and RMDIR only, else EV_UNKNOWN */
	__u64 peak_bytes; /* RMDIR only, else EV_UNKNOWN */
	__u64 oom_kills;  /* RMDIR only, else EV_UNKNOWN */
	__u32 flags;      /* EV_F_NAMES_CUT, EV_F_NS_INIT */
	struct ev_tail path; /* MKDIR only: path from the hierarchy's root, "/a/b", without NUL */
};

/* A path of EV_PATH_MAX - 1 bytes may lack its end. */
#define EV_PATH_MAX 1024 /* TRACE_CGROUP_PATH's buffer, kernel/cgroup/cgroup-internal.h */

#ifdef CRI_TEST_KIND
struct ev_test {
	struct ev_header h;
	struct ev_task task;
	struct ev_cgroup cgroup;
	__u64 number;
	__u32 zero;
	struct ev_tail names; /* of cgroup */
};
#define EV_TEST_BODY struct ev_test test;
#else
#define EV_TEST_BODY
#endif

/* The fixed parts of all kinds, as members of a union. */
#define EV_BODIES                            \
	struct ev_header h;                   \
	struct ev_oom_kill oom_kill;          \
	struct ev_memory memory;              \
	struct ev_process_exit process_exit;  \
	struct ev_process_fork process_fork;  \
	struct ev_lifecycle lifecycle;        \
	EV_TEST_BODY

/* The largest record: an OOM kill with three name tails. */
#define EV_RECORD_MAX (sizeof(struct ev_oom_kill) + 3 * EV_NAMES_MAX)

#define EV_ASSERT(cond) _Static_assert(cond, #cond)
#define EV_AT(type, field, offset) EV_ASSERT(__builtin_offsetof(struct type, field) == (offset))

EV_ASSERT(sizeof(struct ev_cgroup) == 16);
EV_ASSERT(sizeof(struct ev_header) == 32);
EV_ASSERT(sizeof(struct ev_task) == 40);
EV_ASSERT(sizeof(struct ev_tail) == 4);
EV_ASSERT(sizeof(struct ev_oom_kill) == 248);
EV_AT(ev_oom_kill, cgroup, 112);
EV_AT(ev_oom_kill, decision_ns, 160);
EV_AT(ev_oom_kill, oom_score_adj, 224);
EV_AT(ev_oom_kill, names, 236);
EV_ASSERT(sizeof(struct ev_memory) == 112);
EV_AT(ev_memory, cgroup, 72);
EV_AT(ev_memory, names, 108);
EV_ASSERT(sizeof(struct ev_process_exit) == 104);
EV_AT(ev_process_exit, status, 88);
EV_ASSERT(sizeof(struct ev_process_fork) == 128);
EV_ASSERT(sizeof(struct ev_lifecycle) == 136);
EV_AT(ev_lifecycle, limit_bytes, 104);
EV_AT(ev_lifecycle, path, 132);

#endif
