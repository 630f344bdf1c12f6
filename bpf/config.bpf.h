/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Constants that the loader sets before it loads the programs. The verifier removes code that they switch off. */
#ifndef CRI_BPF_CONFIG_H
#define CRI_BPF_CONFIG_H

/* False under lockdown=confidentiality, where the kernel refuses bpf_probe_read_kernel(). Everything except names and
 * the memory controller's numbers must work without it. */
const volatile bool cfg_probe_read __weak = true;
const volatile bool cfg_record_host __weak = false;
/* The exit hook may take each of two threads for the last one of their process. */
const volatile bool cfg_exit_twice __weak = false;
/* There is no hook for a limit that is hit; the OOM kill reports it instead. */
const volatile bool cfg_limit_from_kill __weak = false;
/* `seen` gets every process before the OOM killer kills it. */
const volatile bool cfg_kill_seen __weak = false;
/* The kernel may skip the program of an exit; process_exit_late finds these exits by `exited`. */
const volatile bool cfg_second_chance __weak = false;
/* Tracepoints can be preempted, so that one program may run within another on the same CPU. */
const volatile bool cfg_preempted __weak = false;
/* For tests: exits of processes whose pid is a multiple of this are skipped; 0: none. */
const volatile __u32 cfg_skip_exits __weak = 0;
/* signal_kernel_kill is attached, so that a mark without a kill is distinguished from a kill. */
const volatile bool cfg_kill_noted __weak = false;
/* map_info.set of the programs of this load; it differs from the programs that they replace. */
const volatile __u64 cfg_set __weak = 0;
const volatile __u32 cfg_memory_hierarchy __weak = 0;
const volatile __u32 cfg_page_shift __weak = 12;
const volatile __u32 cfg_threshold __weak = 90;
const volatile __u32 cfg_rearm __weak = 85;
const volatile __u32 cfg_wakeup_events __weak = 64;
const volatile __u64 cfg_ring_bytes __weak = 1 << 20;

/* Pressure on a cgroup whose usage stays at the threshold (HIGH) or the limit (LIMIT) is reported again after this. */
#define REARM_HIGH_NS  10000000000ULL
#define REARM_LIMIT_NS 1000000000ULL
/* Shortest time between two reports, however usage moves. */
#define REARM_LEAST_NS 100000000ULL

#endif
