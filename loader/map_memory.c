/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/map_memory.h"

#include <linux/bpf.h>

/* kernel/bpf/hashtab.c: struct htab_elem before the key, struct bucket */
#define HASH_ELEMENT 48
#define HASH_BUCKET  16
/* kernel/bpf/ringbuf.c: pages for positions and the waiters; a pointer for each page, twice for those with records */
#define RING_PAGES 3
#define POINTER    8

static uint64_t round_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

static uint64_t power_of_two(uint64_t least)
{
	uint64_t value = 1;

	while (value < least)
		value <<= 1;
	return value;
}

static uint64_t hash_memory(const struct map_shape *map, uint64_t spare)
{
	const uint64_t element = HASH_ELEMENT + round_up(map->key_size, 8) + round_up(map->value_size, 8);

	return power_of_two(map->entries) * HASH_BUCKET + (map->entries + spare) * element;
}

static uint64_t ring_memory(const struct map_shape *map, uint64_t page_size)
{
	const uint64_t pages = map->entries / page_size;

	return (pages + RING_PAGES) * page_size + (2 * pages + RING_PAGES) * POINTER;
}

uint64_t map_memory(const struct map_shape *map, uint64_t cpus, uint64_t page_size)
{
	const uint64_t values = map->entries * round_up(map->value_size, 8);

	switch (map->type) {
	case BPF_MAP_TYPE_ARRAY:
		return values;
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return values * cpus + (uint64_t)map->entries * POINTER;
	case BPF_MAP_TYPE_HASH:
		return hash_memory(map, cpus); /* each CPU has a spare element */
	case BPF_MAP_TYPE_LRU_HASH:
		return hash_memory(map, 0);
	case BPF_MAP_TYPE_RINGBUF:
		return ring_memory(map, page_size);
	default:
		return 0;
	}
}
