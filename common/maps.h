/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Layout of the pinned maps other than the ring: keys and values shared by the BPF programs, the loader
 * and the recorder. Changing one is a change of EV_ABI.
 */
#ifndef CRI_COMMON_MAPS_H
#define CRI_COMMON_MAPS_H

#include "common/event.h"

/* `counters`: per-CPU array, key = enum ev_kind. Only the kernel side writes. */
struct map_counters {
	__u64 seq;        /* the last sequence number given out */
	__u64 sent;       /* records submitted to the ring */
	__u64 lost;       /* the ring had no room */
	__u64 filtered;   /* not wanted: host processes, OOM marks of processes already dying */
	__u64 map_errors; /* updates of metadata, seen or armed that failed */
	__u64 since_wakeup; /* bulk records since the reader was last woken */
};

/* `metadata`: hash, key = struct ev_cgroup. */
enum meta_class {
	META_UNKNOWN = 0,   /* not looked at yet: recorded, with half of the ring at most */
	META_HOST = 1,      /* no container: bulk records are dropped in the kernel */
	META_CONTAINER = 2,
};

enum meta_source {
	META_SEED = 1,  /* found by the loader in the cgroup file system */
	META_BIRTH = 2, /* seen at its creation */
	META_SCAN = 3,  /* found by the recorder */
};

#define META_PATH_MAX 372

struct map_metadata {
	__u8 class;        /* enum meta_class */
	__u8 source;       /* enum meta_source */
	__u16 path_length; /* 0: not known */
	__u8 path_cut;     /* 1: the beginning of the path is missing */
	__u8 unit;         /* 1: the hierarchy's root, or a plain systemd unit below it: host for sure */
	__u8 zero[2];
	char path[META_PATH_MAX + 4]; /* from the hierarchy's root, "/a/b"; the last META_PATH_MAX bytes of it */
};

/* `seen`: LRU hash; an entry means that this was recorded already. */
struct map_seen_key {
	__u32 kind;      /* enum ev_kind */
	__u32 tgid;      /* or the hierarchy, for kinds of a cgroup */
	__u64 start_ns;  /* of the process, or the kernfs id */
};

enum map_seen_value {
	SEEN_RECORDED = 1,
	SEEN_DYING = 2, /* marked by the OOM killer when it was already dying: not a kill */
};

/* `armed`: LRU hash; an entry means that pressure on this cgroup was reported, value: when
 * (CLOCK_BOOTTIME). It goes when usage falls below the re-arm line. With EV_OOM_KILL, value: the cgroup's own count
 * of OOMs at the last recorded kill. */
struct map_armed_key {
	__u32 hierarchy;
	__u32 kind; /* EV_MEMORY_HIGH, EV_MEMORY_LIMIT or EV_OOM_KILL */
	__u64 id;
};

#define INFO_PROBES   8
#define INFO_NAME_MAX 24
#define INFO_RUNG_OFF "off" /* switched off by the configuration */

enum info_cgroup_mode { /* where the memory controller is */
	INFO_CGROUP_V1 = 1,
	INFO_CGROUP_V2 = 2,
};

/*
 * While one set of programs replaces another, both are attached. NONE to BOTH to NEW and back to NONE: nowhere does
 * an event find none that records it, and whatever two record is told apart by `seen`.
 */
enum info_overlap {
	OVERLAP_NONE = 0, /* only map_info.set records */
	OVERLAP_BOTH = 1, /* all that are attached record, through `seen` */
	OVERLAP_NEW = 2,  /* only map_info.set records, through `seen`: the others are on their way out */
};

/* `info`: array of one, written by the loader before the first program is attached. */
struct map_info {
	__u32 abi;      /* EV_ABI of the programs */
	__u32 overlap;  /* enum info_overlap */
	__u64 generation; /* random, never 0: tells this ring from any other */
	__u64 set;        /* the programs that record; those of another load are silent */
	__u64 ring_bytes;
	__u64 loaded_ns; /* since when the ring is there, CLOCK_BOOTTIME */
	__u32 memory_hierarchy; /* ev_cgroup.hierarchy of everything recorded here */
	__u32 cgroup_mode;      /* enum info_cgroup_mode */
	char version[INFO_NAME_MAX]; /* of the loader, NUL-terminated */
	struct {
		char name[INFO_NAME_MAX]; /* "" after the last */
		char rung[INFO_NAME_MAX]; /* "" : not available on this kernel; INFO_RUNG_OFF */
	} probes[INFO_PROBES];
};

EV_ASSERT(sizeof(struct map_counters) == 48);
EV_ASSERT(sizeof(struct map_metadata) == 384);
EV_ASSERT(sizeof(struct map_seen_key) == 16);
EV_ASSERT(sizeof(struct map_armed_key) == 16);
EV_ASSERT(sizeof(struct map_info) == 72 + INFO_PROBES * 2 * INFO_NAME_MAX);

#endif
