/* SPDX-License-Identifier: BSD-2-Clause */
/* Names in the pin directory. bpffs refuses names with a dot. */
#ifndef CRI_COMMON_PINS_H
#define CRI_COMMON_PINS_H

#define PIN_DIR_DEFAULT "/sys/fs/bpf/cri-ebpf"

#define PIN_EVENTS   "events"
#define PIN_METADATA "metadata"
#define PIN_COUNTERS "counters"
#define PIN_SEEN     "seen"
#define PIN_ARMED    "armed"
#define PIN_EXITED   "exited"
#define PIN_DISPLACED "displaced"
#define PIN_INFO     "info"
#define PIN_LINK_PREFIX "link_"
#define PIN_PROGRAM_PREFIX "prog_"
#define PIN_PROGRAM_EXIT   PIN_PROGRAM_PREFIX "exit" /* the program of process_exit, for its count of skipped events */
#define PIN_PROGRAM_LATE   PIN_PROGRAM_PREFIX "exit_late"
#define PIN_NEW_SUFFIX  "_new" /* a pin that is about to replace the one without this suffix */
#define PIN_LOCK        "lock" /* a directory that a running loader has locked with flock(2) */
#define PIN_TRY_PREFIX  "try_" /* a link pinned for a moment to find out whether that works; followed by PID_ */

/* Accounts, as the units and sysusers.d name them. */
#define USER_RECORDER "cri-ebpf"
#define USER_LOADER   "cri-ebpf-loader"
#define GROUP_READERS "cri-ebpf"
#define GROUP_RING    "cri-ebpf-ring"

#endif
