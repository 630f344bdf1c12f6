/* SPDX-License-Identifier: BSD-2-Clause */
/* What this kernel and this host are like, as far as loading depends on it. */
#ifndef CRI_LOADER_HOST_H
#define CRI_LOADER_HOST_H

#include <stdbool.h>

#include "common/cgroup_mount.h"

struct host {
	char release[65];           /* uname -r */
	char machine[65];
	bool btf;                   /* /sys/kernel/btf/vmlinux can be read */
	bool ring_fixed;            /* CVE-2024-41009: struct bpf_ringbuf has pending_pos */
	bool bpffs;                 /* something of type bpf is mounted at /sys/fs/bpf */
	int cgroup_error;           /* negative errno of cgroup_mount_find; 0: cgroup is valid */
	struct cgroup_mount cgroup;
	bool memory_controller;     /* cgroups have limits */
	int unprivileged_bpf_disabled; /* sysctl; -1: not there */
	int perf_event_paranoid;
	char lockdown[32];          /* none, integrity, confidentiality; "" : not known */
};

void host_look(struct host *ret);

/* The first thing that makes loading impossible, as a sentence with its remedy; NULL: none. Static. */
const char *host_obstacle(const struct host *host);

/* Looks. -EOPNOTSUPP, after saying why: nothing can be loaded here. */
int host_require(struct host *ret);

#endif
