/* SPDX-License-Identifier: BSD-2-Clause */
/* How much kernel memory a BPF map takes. */
#ifndef CRI_LOADER_MAP_MEMORY_H
#define CRI_LOADER_MAP_MEMORY_H

#include <stdint.h>

struct map_shape {
	uint32_t type; /* enum bpf_map_type: an array, a hash or a ring buffer, per CPU or not */
	uint32_t key_size, value_size, entries;
};

/* The bytes that the kernel accounts for a preallocated map on a host with so many possible CPUs, up to a kilobyte of its
 * own structures. page_size: of the kernel. 0: a type that no map of ours has. */
uint64_t map_memory(const struct map_shape *map, uint64_t cpus, uint64_t page_size);

#endif
