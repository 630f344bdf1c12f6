/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pinned maps and scratch memory. The loader sets a size where max_entries is 1 (except `info`); that of an LRU hash
 * grows with the number of CPUs. All maps are preallocated, because a hook in the memory controller must not allocate.
 * Layouts: common/maps.h. */
#ifndef CRI_BPF_MAPS_H
#define CRI_BPF_MAPS_H

#include "common/event.h"
#include "common/limits.h"
#include "common/maps.h"

/* ring_buffer_size bytes. When full, a reservation fails and the record is counted as lost. */
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

/* metadata_cache_size entries. When full, the failure is counted and the recorder resolves the cgroup by itself. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct ev_cgroup);
	__type(value, struct map_metadata);
} metadata SEC(".maps") __weak;

/* At least LIMIT_SEEN entries. When too small, an event may be recorded twice. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct map_seen_key);
	__type(value, __u64);
} seen SEC(".maps") __weak;

/* LIMIT_EXITED entries. The loader creates this map and the next one only for process_exit_late. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} exited SEC(".maps") __weak;

/* LIMIT_DISPLACED entries. When too small, an exit may be recorded a second time, as late. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct map_displaced_key);
	__type(value, __u32);
} displaced SEC(".maps") __weak;

/* At least LIMIT_ARMED entries. When too small, pressure on a cgroup may be reported more often than it should. */
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

/* Memory in which records with tails are built. The last name may begin before LIMIT_SCRATCH and end behind it. Each
 * family of hooks that can interrupt another one on the same CPU has a slot of its own. */
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
