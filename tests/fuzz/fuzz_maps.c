/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as values of the pinned maps, since members of the pins' group can write them: texts are terminated and
 * lengths are within bounds. The functions below replace those of libbpf.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/pins.h"
#include "consumer/container/kernel_maps.h"
#include "tests/fuzz/fuzz.h"

#define CPUS 3

static const uint8_t *input;
static size_t left;

/* The next bytes of the input; zeros behind its end. */
static void take(void *out, size_t size)
{
	size_t n = size < left ? size : left;

	memset(out, 0, size);
	memcpy(out, input, n);
	input += n;
	left -= n;
}

/* The map of a descriptor; descriptors are numbered in the order of opening. */
static struct {
	const char *name;
	uint32_t key_size, value_size, room;
	int fd;
} maps[] = {
	{ PIN_INFO, sizeof(uint32_t), sizeof(struct map_info), sizeof(struct map_info), -1 },
	{ PIN_METADATA, sizeof(struct ev_cgroup), sizeof(struct map_metadata), sizeof(struct map_metadata), -1 },
	{ PIN_COUNTERS, sizeof(uint32_t), sizeof(struct map_counters), CPUS * sizeof(struct map_counters), -1 },
};

#define MAPS (sizeof(maps) / sizeof(maps[0]))

static size_t map_of(int fd)
{
	for (size_t i = 0; i < MAPS; i++)
		if (maps[i].fd == fd)
			return i;
	abort();
}

int libbpf_num_possible_cpus(void)
{
	return CPUS;
}

int bpf_obj_get_opts(const char *pathname, const struct bpf_obj_get_opts *opts)
{
	const char *name = strrchr(pathname, '/') + 1;

	(void)opts;
	for (size_t i = 0; i < MAPS; i++)
		if (strcmp(maps[i].name, name) == 0)
			return maps[i].fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	errno = ENOENT;
	return -1;
}

int bpf_obj_get_info_by_fd(int fd, void *info, __u32 *length)
{
	struct bpf_map_info *map = info;

	(void)length;
	map->key_size = maps[map_of(fd)].key_size;
	map->value_size = maps[map_of(fd)].value_size;
	return 0;
}

int bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	(void)key;
	take(value, maps[map_of(fd)].room);
	return 0;
}

int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags)
{
	const struct map_metadata *metadata = value;

	(void)key;
	(void)flags;
	FUZZ_ASSERT(map_of(fd) == 1 && metadata->class <= META_CONTAINER);
	return 0;
}

static void check_info(const struct pinned_maps *opened)
{
	struct map_info info;

	FUZZ_ASSERT(kernel_maps_read_info(opened, &info) == 0);
	FUZZ_ASSERT(memchr(info.version, '\0', sizeof(info.version)));
	for (size_t i = 0; i < INFO_PROBES; i++) {
		FUZZ_ASSERT(memchr(info.probes[i].name, '\0', sizeof(info.probes[i].name)));
		FUZZ_ASSERT(memchr(info.probes[i].rung, '\0', sizeof(info.probes[i].rung)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ev_cgroup key = { .id = 1 };
	struct map_metadata metadata;
	struct map_counters counters;
	struct pinned_maps *opened = NULL;
	const char *failed;
	struct kernel_maps names;

	input = data;
	left = size;
	FUZZ_ASSERT(kernel_maps_open("/nowhere", &opened, &failed) == 0);
	names = kernel_maps_view(opened);
	check_info(opened);
	FUZZ_ASSERT(names.lookup(names.context, &key, &metadata) == 0);
	FUZZ_ASSERT(metadata.path_length <= META_PATH_MAX);
	FUZZ_ASSERT(names.classify(names.context, &key, META_CONTAINER, 1) == 0);
	FUZZ_ASSERT(names.counters(names.context, EV_OOM_KILL, &counters) == 0);
	kernel_maps_close(opened);
	return 0;
}
