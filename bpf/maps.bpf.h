/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All maps. Sizes of one are set by the loader. Everything is preallocated: a hook in the memory
 * controller must not allocate. */
#ifndef CRI_BPF_MAPS_H
#define CRI_BPF_MAPS_H

#include "common/event.h"
#include "common/limits.h"
#include "common/maps.h"

/* Full: a reserve fails, the record is counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, EV_KIND_COUNT);
	__type(key, __u32);
	__type(value, struct map_counters);
} counters SEC(".maps") __weak;

/* metadata_cache_size entries. Full: counted, the recorder then learns the cgroup from the ring. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct ev_cgroup);
	__type(value, struct map_metadata);
} metadata SEC(".maps") __weak;

/* LRU, LIMIT_SEEN entries or more on hosts with many CPUs. Too small: something may be recorded twice. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct map_seen_key);
	__type(value, __u64);
} seen SEC(".maps") __weak;

/* LRU. Too small: pressure on a cgroup may be reported more often than every ten seconds. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct map_armed_key);
	__type(value, __u64);
} armed SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct map_info);
} info SEC(".maps") __weak;

/* Records with tails are put together here; names may overrun the record's bound by one component. One
 * slot for each family of hooks that can interrupt another on the same CPU. */
struct scratch {
	char bytes[LIMIT_SCRATCH + LIMIT_NAME];
};

enum { SCRATCH_OOM, SCRATCH_HIGH, SCRATCH_LIMIT, SCRATCH_CGROUP, SCRATCH_COUNT };

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCH_COUNT);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps") __weak;

#endif
