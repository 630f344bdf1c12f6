/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Knobs the loader sets before the load; the verifier then removes what is switched off. */
#ifndef CRI_BPF_CONFIG_H
#define CRI_BPF_CONFIG_H

/* bpf_probe_read_kernel is refused under lockdown=confidentiality: everything but names and the memory
 * controller's numbers must then still work. */
const volatile bool cfg_probe_read __weak = true;
const volatile bool cfg_record_host __weak = false;
/* The kernel does not tell which exit is the last one: two threads leaving together look like two. */
const volatile bool cfg_exit_twice __weak = false;
/* No hook for a limit that was hit: the OOM kill tells it. */
const volatile bool cfg_limit_from_kill __weak = false;
/* The signal program runs, so a mark without a kill can be told from a kill. */
const volatile bool cfg_kill_noted __weak = false;
/* Tells the programs of this load from those they replace, or by which they are replaced. */
const volatile __u64 cfg_set __weak = 0;
const volatile __u32 cfg_memory_hierarchy __weak = 0;
const volatile __u32 cfg_page_shift __weak = 12;
const volatile __u32 cfg_threshold __weak = 90;
const volatile __u32 cfg_rearm __weak = 85;
const volatile __u32 cfg_wakeup_events __weak = 64;
const volatile __u64 cfg_ring_bytes __weak = 1 << 20;

#define REARM_HIGH_NS  10000000000ULL
#define REARM_LEAST_NS 100000000ULL
#define REARM_LIMIT_NS 1000000000ULL

#endif
