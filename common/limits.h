/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sizes, each with its reason. Shared by the BPF programs and user space. */
#ifndef CRI_COMMON_LIMITS_H
#define CRI_COMMON_LIMITS_H

/* Bytes of the longest name of a directory, with NUL (NAME_MAX + 1). */
#define LIMIT_NAME 256

/* Bytes of the largest record; a power of two, so that the verifier accepts a mask as the bound of an offset. */
#define LIMIT_SCRATCH 4096

/* Levels of cgroups that are searched for limits. Kubernetes in Docker in a slice has 9. */
#define LIMIT_DEPTH 16

/* An LRU hash needs this many entries for each CPU: every CPU keeps a list of free ones, and a smaller map evicts
 * entries that are still needed. */
#define LIMIT_LRU_PER_CPU 256

/* Least entries of `seen`: processes and cgroups that were recorded. */
#define LIMIT_SEEN 8192

/* Least entries of `armed`: memory limits that are under pressure at the same time; and of `kill_notes`. */
#define LIMIT_ARMED 4096

/* Slots of `exited`, a power of two: hosts with pid_max up to it never share one. Entries of `displaced`: processes that
 * have exited, are not released yet, and share a slot with a later exit. */
#define LIMIT_EXITED    65536
#define LIMIT_DISPLACED 4096

/* Least entries of `shares`: containers with an OOM kill or memory pressure in the last minute, three for each. */
#define LIMIT_SHARES 4096

/* CPU numbers are below this (largest NR_CPUS of the kernel); bounds tables indexed by CPU. */
#define LIMIT_CPUS 8192

#endif
