/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/container/place_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

#define NO_SLOT UINT32_MAX

struct slot {
	struct place place;
	uint32_t next; /* in the chain of its bucket */
	bool used;     /* holds a place */
	bool recent;   /* found since the hand last passed */
};

struct place_cache {
	size_t capacity;
	size_t count;
	size_t hand; /* of the CLOCK algorithm: where the search for a slot continues */
	size_t mask;
	uint32_t *buckets;
	struct slot *slots; /* pages are touched only when they are needed */
};

void place_cache_close(struct place_cache *cache)
{
	if (!cache)
		return;
	free(cache->buckets);
	free(cache->slots);
	free(cache);
}

static void cleanup_cache(struct place_cache **cache)
{
	place_cache_close(*cache);
}

int place_cache_open(size_t capacity, struct place_cache **ret)
{
	CLEANUP(cleanup_cache) struct place_cache *cache = calloc(1, sizeof(*cache));
	size_t buckets = 16;

	if (!cache || capacity < 1 || capacity >= NO_SLOT)
		return cache ? -EINVAL : -ENOMEM;
	while (buckets < capacity)
		buckets *= 2;
	cache->capacity = capacity;
	cache->mask = buckets - 1;
	cache->buckets = malloc(buckets * sizeof(*cache->buckets));
	cache->slots = calloc(capacity, sizeof(*cache->slots));
	if (!cache->buckets || !cache->slots)
		return -ENOMEM;
	(void)memset(cache->buckets, 0xff, buckets * sizeof(*cache->buckets));
	*ret = TAKE_PTR(cache);
	return 0;
}

static uint32_t *bucket_of(struct place_cache *cache, const struct ev_cgroup *key)
{
	uint64_t hash = (key->id ^ ((uint64_t)key->hierarchy << 48)) * 0x9e3779b97f4a7c15ULL;

	return &cache->buckets[(hash >> 32) & cache->mask];
}

static bool is_key(const struct ev_cgroup *a, const struct ev_cgroup *b)
{
	return a->id == b->id && a->hierarchy == b->hierarchy;
}

struct place *place_cache_find(struct place_cache *cache, const struct ev_cgroup *key)
{
	for (uint32_t i = *bucket_of(cache, key); i != NO_SLOT; i = cache->slots[i].next) {
		if (is_key(&cache->slots[i].place.key, key)) {
			cache->slots[i].recent = true;
			return &cache->slots[i].place;
		}
	}
	return NULL;
}

void place_cache_drop(struct place_cache *cache, const struct ev_cgroup *key)
{
	for (uint32_t *link = bucket_of(cache, key); *link != NO_SLOT; link = &cache->slots[*link].next) {
		struct slot *slot = &cache->slots[*link];

		if (is_key(&slot->place.key, key)) {
			*link = slot->next;
			slot->used = false;
			cache->count--;
			return;
		}
	}
}

/* Terminates: after one round no slot is recent. */
static size_t free_slot(struct place_cache *cache)
{
	for (;;) {
		size_t at = cache->hand;
		struct slot *slot = &cache->slots[at];

		cache->hand = (cache->hand + 1) % cache->capacity;
		if (!slot->used)
			return at;
		if (!slot->recent) {
			place_cache_drop(cache, &slot->place.key);
			return at;
		}
		slot->recent = false;
	}
}

void place_cache_put(struct place_cache *cache, const struct place *place)
{
	struct place *known = place_cache_find(cache, &place->key);

	if (known) {
		*known = *place;
		return;
	}

	size_t at = free_slot(cache);
	uint32_t *bucket = bucket_of(cache, &place->key);

	cache->slots[at] = (struct slot){ .place = *place, .next = *bucket, .used = true, .recent = true };
	*bucket = (uint32_t)at;
	cache->count++;
}

void place_cache_clear(struct place_cache *cache)
{
	(void)memset(cache->buckets, 0xff, (cache->mask + 1) * sizeof(*cache->buckets));
	for (size_t i = 0; i < cache->capacity && cache->count > 0; i++) {
		if (cache->slots[i].used)
			cache->count--;
		cache->slots[i].used = false;
	}
	cache->hand = 0;
}

size_t place_cache_count(const struct place_cache *cache)
{
	return cache->count;
}
