/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* libbpf's headers for the kernel side, in the order they need. */
#ifndef CRI_BPF_BPF_H
#define CRI_BPF_BPF_H

#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#endif
