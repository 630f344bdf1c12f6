/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/object_maps.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "common/cleanup.h"
#include "common/limits.h"
#include "common/maps.h"
#include "common/pins.h"
#include "loader/map_memory.h"
#include "loader/pin.h"

/* Of bpf/; they are not pinned. */
#define MAP_KILL_NOTES "kill_notes"
#define MAP_SCANS      "scans"
#define MAP_SHARES     "shares"

static const struct {
	enum object_maps_need need;
	const char *name;
} needed[] = {
	{ OBJECT_MAPS_KILL_NOTES, MAP_KILL_NOTES },
	{ OBJECT_MAPS_SCANS, MAP_SCANS },
	{ OBJECT_MAPS_SECOND, PIN_EXITED },
	{ OBJECT_MAPS_SECOND, PIN_DISPLACED },
};

static struct bpf_map *find(const struct bpf_object *object, const char *name)
{
	return bpf_object__find_map_by_name(object, name);
}

void object_maps_make_none(struct bpf_object *object)
{
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		(void)bpf_map__set_autocreate(find(object, needed[i].name), false);
}

void object_maps_make(struct bpf_object *object, enum object_maps_need need)
{
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (needed[i].need == need)
			(void)bpf_map__set_autocreate(find(object, needed[i].name), true);
}

static void set_size(struct bpf_object *object, const char *name, uint32_t entries)
{
	(void)bpf_map__set_max_entries(find(object, name), entries);
}

static uint32_t lru_entries(uint32_t least)
{
	const uint32_t by_cpus = (uint32_t)libbpf_num_possible_cpus() * LIMIT_LRU_PER_CPU;

	return by_cpus > least ? by_cpus : least;
}

void object_maps_size_pinned(struct bpf_object *object, const struct config *config)
{
	set_size(object, PIN_EVENTS, config->ring_buffer_size);
	set_size(object, PIN_METADATA, config->metadata_cache_size);
	set_size(object, PIN_SEEN, lru_entries(LIMIT_SEEN));
	set_size(object, PIN_ARMED, lru_entries(LIMIT_ARMED));
}

void object_maps_size_own(struct bpf_object *object)
{
	set_size(object, MAP_KILL_NOTES, lru_entries(LIMIT_ARMED));
	set_size(object, MAP_SHARES, lru_entries(LIMIT_SHARES));
}

void object_maps_size_second(struct bpf_object *object)
{
	set_size(object, PIN_EXITED, LIMIT_EXITED);
	set_size(object, PIN_DISPLACED, lru_entries(LIMIT_DISPLACED));
}

void object_maps_size_small(struct bpf_object *object)
{
	set_size(object, PIN_EVENTS, getpagesize());
	set_size(object, PIN_METADATA, 1);
	set_size(object, PIN_SEEN, 1);
	set_size(object, PIN_ARMED, 1);
}

/* -EPROTO when the pinned map has another layout: programs would write behind a smaller value or misread another
 * one. */
static int check_layout(const struct bpf_map *map, int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return -errno;
	return info.type == bpf_map__type(map) && info.key_size == bpf_map__key_size(map) &&
			       info.value_size == bpf_map__value_size(map) ?
		       0 :
		       -EPROTO;
}

static int reuse(struct bpf_object *object, const char *dir, const char *name)
{
	struct bpf_map *map = find(object, name);
	char path[PATH_MAX];
	AUTO_CLOSE int fd = -1;
	int r = pin_path(path, sizeof(path), dir, name);

	if (r < 0)
		return r;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	r = check_layout(map, fd);
	return r == 0 ? bpf_map__reuse_fd(map, fd) : r;
}

int object_maps_reuse(struct bpf_object *object, const char *dir)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < PIN_MAPS; i++)
		r = reuse(object, dir, pin_maps[i]);
	return r;
}

int object_maps_take_second(struct bpf_object *object, const char *dir, bool *ret_new)
{
	int r = dir ? 0 : -ENOENT;

	for (size_t i = 0; r == 0 && i < PIN_SECOND_MAPS; i++)
		r = reuse(object, dir, pin_second_maps[i]);
	*ret_new = r == -ENOENT;
	if (r != -ENOENT)
		return r;
	object_maps_size_second(object);
	return 0;
}

uint64_t object_maps_memory(const struct bpf_object *object)
{
	const uint64_t cpus = libbpf_num_possible_cpus(), page_size = getpagesize();
	const struct bpf_map *map;
	uint64_t sum = 0;

	bpf_object__for_each_map(map, object) {
		const struct map_shape shape = { bpf_map__type(map), bpf_map__key_size(map), bpf_map__value_size(map),
						 bpf_map__max_entries(map) };

		sum += bpf_map__autocreate(map) ? map_memory(&shape, cpus, page_size) : 0;
	}
	return sum;
}
