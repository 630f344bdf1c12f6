/* SPDX-License-Identifier: BSD-2-Clause */
/* Properties of the kernel and the host that decide whether programs can be loaded. */
#ifndef CRI_LOADER_HOST_H
#define CRI_LOADER_HOST_H

#include <stdbool.h>

#include "common/cgroup_mount.h"

struct host {
	char release[65];           /* uname -r */
	char machine[65];
	bool btf;                   /* /sys/kernel/btf/vmlinux can be read */
	bool ring_fixed;            /* CVE-2024-41009 is fixed: struct bpf_ringbuf has pending_pos */
	bool bpffs;                 /* something of type bpf is mounted at /sys/fs/bpf */
	int cgroup_error;           /* negative errno of cgroup_mount_find; 0: cgroup is valid */
	struct cgroup_mount cgroup;
	bool memory_controller;     /* the memory controller is enabled */
	int unprivileged_bpf_disabled; /* sysctl; -1: does not exist */
	int perf_event_paranoid;       /* the same */
	bool time_shifted;          /* this process is in a time namespace whose boot time is not the kernel's */
	char lockdown[32];          /* "none", "integrity", "confidentiality"; "": unknown (/sys/kernel/security/lockdown) */
};

/* Reads all of it; what cannot be read is false, -1 or "". */
void host_inspect(struct host *ret);

/* The first reason why nothing can be loaded, as a static sentence with its remedy; NULL when there is none. */
const char *host_obstacle(const struct host *host);

/* True before 5.11, where maps and programs count as locked memory (RLIMIT_MEMLOCK). Only for messages. */
bool host_locks_maps(void);

/* host_inspect(), then 0, or -EOPNOTSUPP after logging host_obstacle(). */
int host_require(struct host *ret);

#endif
