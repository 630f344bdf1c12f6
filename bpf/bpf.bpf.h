/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The libbpf headers for BPF programs, in the order in which they depend on each other. */
#ifndef CRI_BPF_BPF_H
#define CRI_BPF_BPF_H

#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* Hints with which the compiler moves code that seldom runs away from code that always runs. */
#ifndef unlikely
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#endif
#ifndef likely
#define likely(condition) __builtin_expect(!!(condition), 1)
#endif

#endif
