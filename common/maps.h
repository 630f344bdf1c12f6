/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keys and values of the pinned maps, except the ring (common/event.h). Shared by the BPF programs, the loader and the
 * recorder. A change of layout or meaning needs a new EV_ABI.
 */
#ifndef CRI_COMMON_MAPS_H
#define CRI_COMMON_MAPS_H

#include "common/event.h"

/* `counters`: per-CPU array, key: enum ev_kind. Written by the BPF programs only. They count since the map was made. */
struct map_counters {
	__u64 seq;        /* last sequence number assigned */
	__u64 unnumbered; /* records that got none */
	__u64 lost;       /* records for which the ring had no room, numbered or not; all others were sent */
	__u64 filtered;   /* events not recorded: of the host, and OOM marks of exiting processes */
	__u64 map_errors; /* failed updates of any hash */
	__u32 since_wakeup; /* records since the reader was last woken */
	__u32 woken_bytes;  /* of the ring that were in use then; less when fewer were since */
	__u64 container; /* exits, forks: kernfs id of a container, the last one on this CPU; 0: none yet */
	__u64 late; /* exits that the second chance found, recorded or not (`exited`) */
};

/* `metadata`: hash, key: struct ev_cgroup. Written by the loader, the BPF programs and the recorder. */
enum meta_class {
	META_UNKNOWN = 0,   /* not classified yet: recorded, in at most half of the ring */
	META_HOST = 1,      /* no container: exits, forks and cgroup events are dropped in the kernel */
	META_CONTAINER = 2,
	META_HOST_RECORDED = 3, /* no container, but the recorder wants its events */
};

enum meta_source {
	META_SEED = 1,  /* found by the loader in the cgroup file system */
	META_BIRTH = 2, /* seen at its creation */
	META_SCAN = 3,  /* found by the recorder */
};

enum meta_cut { /* the path lacks */
	META_CUT_BEGINNING = 1 << 0,
	META_CUT_END = 1 << 1,
};

#define META_PATH_MAX 372

struct map_metadata {
	__u8 class;        /* enum meta_class */
	__u8 source;       /* enum meta_source */
	__u16 path_length; /* bytes; 0: unknown */
	__u8 path_cut;     /* enum meta_cut */
	__u8 unit;         /* 1: the hierarchy's root, or a plain systemd unit below one: certainly the host's */
	__u8 made_by_host; /* 1: created by a process of a cgroup that is the host's; 0: not, or not known */
	__u8 zero;
	char path[META_PATH_MAX + 4]; /* from the hierarchy's root, "/a/b"; the last META_PATH_MAX bytes of it */
};

/* `seen`: LRU hash; an entry means that the event was recorded already. */
struct map_seen_key {
	__u32 kind;      /* enum ev_kind */
	__u32 tgid;      /* for cgroup events: the hierarchy */
	__u64 start_ns;  /* of the process; for cgroup events: the kernfs id */
};

enum map_seen_value {
	SEEN_RECORDED = 1,
	SEEN_DYING = 2, /* the OOM killer marked a process that was exiting already: no kill */
	SEEN_REPEATED = 3, /* recorded, and not the first OOM kill of its container */
};

/*
 * `exited`: array of LIMIT_EXITED; `displaced`: LRU hash. Both exist only where process_exit_late is attached, the second
 * chance of an exit whose program the kernel skipped. exited[pid & (LIMIT_EXITED - 1)] is the mark of the last process in
 * that slot whose exit the program of process_exit has handled, 0 after its release. `displaced` holds a mark that another
 * process with the same slot has overwritten meanwhile. The mark of a process is the address of its leader's task_struct:
 * until the process is released, no other task_struct can have this address.
 */
struct map_displaced_key {
	__u32 slot;
	__u32 zero;
	__u64 mark;
};

/* `armed`: LRU hash. For EV_MEMORY_HIGH and EV_MEMORY_LIMIT an entry means that pressure on this cgroup was reported;
 * value: time of the report (CLOCK_BOOTTIME, ns); deleted when usage falls below the re-arm level. For EV_OOM_KILL the
 * value is the number of OOMs of the cgroup's own limit at its last recorded kill. */
struct map_armed_key {
	__u32 kind;  /* EV_MEMORY_HIGH, EV_MEMORY_LIMIT or EV_OOM_KILL */
	__u32 claim; /* not 0: a CPU is replacing or removing the entry with this time (its lower half, never 0) */
	__u64 id;    /* kernfs id in the memory controller's hierarchy */
};

#define INFO_PROBES   16 /* room for more than there are, so that a new probe keeps the layout */
#define INFO_NAME_MAX 24
#define INFO_RUNG_OFF "off" /* the configuration disables the probe */
#define INFO_RUNG_UNNEEDED "unneeded" /* this kernel does not need the probe */

enum info_cgroup_mode { /* where the memory controller is */
	INFO_CGROUP_V1 = 1,
	INFO_CGROUP_V2 = 2,
};

/*
 * Phases of a replacement, in which two sets of programs are attached: NONE, BOTH, NEW, NONE. In every phase at least
 * one set records each event, and `seen` prevents that both do.
 */
enum info_overlap {
	OVERLAP_NONE = 0, /* only the set map_info.set records, without `seen` */
	OVERLAP_BOTH = 1, /* all attached sets record, with `seen` */
	OVERLAP_NEW = 2,  /* only the set map_info.set records, with `seen`; the other one is being detached */
};

/* `info`: array of one element, written by the loader before the first program is attached and during a replacement. */
struct map_info {
	__u32 abi;      /* EV_ABI of the programs */
	__u32 overlap;  /* enum info_overlap */
	__u64 generation; /* random, never 0: identifies the ring */
	__u64 set;        /* the set of programs that records (enum info_overlap) */
	__u64 ring_bytes; /* size of the ring */
	__u64 loaded_ns; /* creation of the ring, CLOCK_BOOTTIME */
	__u32 memory_hierarchy; /* ev_cgroup.hierarchy of all records */
	__u32 cgroup_mode;      /* enum info_cgroup_mode */
	char version[INFO_NAME_MAX]; /* of the loader, NUL-terminated */
	struct {
		char name[INFO_NAME_MAX]; /* "" after the last */
		char rung[INFO_NAME_MAX]; /* "": no rung works on this kernel; or INFO_RUNG_* */
		/* Pinned for it: link_<name>, link_<name>_<number>. 0 also where another probe sees its events. */
		__u32 links;
		__u32 zero;
	} probes[INFO_PROBES];
};

/* Ends every string of a value that was read from a pinned map, whoever wrote it. */
static inline void map_info_terminate(struct map_info *info)
{
	info->version[INFO_NAME_MAX - 1] = 0;
	for (int i = 0; i < INFO_PROBES; i++) {
		info->probes[i].name[INFO_NAME_MAX - 1] = 0;
		info->probes[i].rung[INFO_NAME_MAX - 1] = 0;
	}
}

/* Records submitted to the ring. One that is about to be lost may be among them for a moment. */
static inline __u64 map_counters_sent(const struct map_counters *counters)
{
	__u64 tried = counters->seq + counters->unnumbered;

	return tried > counters->lost ? tried - counters->lost : 0;
}

EV_ASSERT(sizeof(struct map_counters) == 64);
EV_ASSERT(sizeof(struct map_metadata) == 384);
EV_ASSERT(sizeof(struct map_seen_key) == 16);
EV_ASSERT(sizeof(struct map_armed_key) == 16);
EV_ASSERT(sizeof(struct map_displaced_key) == 16);
EV_ASSERT(sizeof(struct map_info) == 72 + INFO_PROBES * (2 * INFO_NAME_MAX + 8));

#endif
