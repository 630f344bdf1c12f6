/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sizes, each with its reason. */
#ifndef CRI_COMMON_LIMITS_H
#define CRI_COMMON_LIMITS_H

/* Longest name of a directory, with NUL (NAME_MAX + 1). */
#define LIMIT_NAME 256

/* Room for the largest record; a power of two, so that a mask bounds every offset for the verifier. */
#define LIMIT_SCRATCH 4096

/* Depth looked at for limits and names. Kubernetes in Docker in a slice has 9 levels. */
#define LIMIT_DEPTH 16

/* Processes and cgroups remembered as recorded; an LRU hash needs 256 entries a CPU to keep its order. */
#define LIMIT_SEEN         8192
#define LIMIT_SEEN_PER_CPU 256

/* Limits under pressure at one time. */
#define LIMIT_ARMED 4096

/* A CPU number from here on is nonsense; it bounds what is remembered for each CPU. NR_CPUS is at most this. */
#define LIMIT_CPUS 8192

#endif
