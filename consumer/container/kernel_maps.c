/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/container/kernel_maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/pins.h"
#include "consumer/text/error.h"

struct pinned_maps {
	int metadata_fd;
	int counters_fd;
	int info_fd;
	int cpus;
	struct map_counters *per_cpu; /* one for each CPU */
};

/* -ERROR_MAP_LAYOUT: key or value have another size than the buffers here. */
static int open_map(const char *pin_dir, const char *name, unsigned int flags, unsigned int key_size,
		    unsigned int value_size, int *ret)
{
	LIBBPF_OPTS(bpf_obj_get_opts, options, .file_flags = flags);
	struct bpf_map_info info = { 0 };
	__u32 length = sizeof(info);
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", pin_dir, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;

	AUTO_CLOSE int fd = bpf_obj_get_opts(path, &options);

	if (fd < 0)
		return -errno;
	if (bpf_obj_get_info_by_fd(fd, &info, &length) < 0)
		return -errno;
	if (info.key_size != key_size || info.value_size != value_size)
		return -ERROR_MAP_LAYOUT;
	*ret = TAKE_FD(fd);
	return 0;
}

void kernel_maps_close(struct pinned_maps *maps)
{
	if (!maps)
		return;
	cleanup_close(&maps->metadata_fd);
	cleanup_close(&maps->counters_fd);
	cleanup_close(&maps->info_fd);
	free(maps->per_cpu);
	free(maps);
}

static void cleanup_maps(struct pinned_maps **maps)
{
	kernel_maps_close(*maps);
}

int kernel_maps_open(const char *pin_dir, struct pinned_maps **ret, const char **ret_failed)
{
	CLEANUP(cleanup_maps) struct pinned_maps *maps = calloc(1, sizeof(*maps));

	(void)libbpf_set_print(NULL); /* failures are reported by the caller */
	*ret_failed = PIN_INFO;
	if (!maps)
		return -ENOMEM;
	maps->metadata_fd = maps->counters_fd = maps->info_fd = -1;
	maps->cpus = libbpf_num_possible_cpus();
	if (maps->cpus < 0)
		return maps->cpus;
	maps->per_cpu = calloc((size_t)maps->cpus, sizeof(*maps->per_cpu));
	if (!maps->per_cpu)
		return -ENOMEM;

	const struct {
		const char *name;
		unsigned int flags, key_size, value_size;
		int *fd;
	} pins[] = {
		{ PIN_INFO, BPF_F_RDONLY, sizeof(__u32), sizeof(struct map_info), &maps->info_fd },
		{ PIN_METADATA, 0, sizeof(struct ev_cgroup), sizeof(struct map_metadata), &maps->metadata_fd },
		{ PIN_COUNTERS, BPF_F_RDONLY, sizeof(__u32), sizeof(struct map_counters), &maps->counters_fd },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pins); i++) {
		int r = open_map(pin_dir, pins[i].name, pins[i].flags, pins[i].key_size, pins[i].value_size,
				 pins[i].fd);

		*ret_failed = pins[i].name;
		if (r)
			return r;
	}
	*ret = TAKE_PTR(maps);
	return 0;
}

int kernel_maps_read_info(const struct pinned_maps *maps, struct map_info *ret)
{
	struct map_info info;
	__u32 key = 0;

	if (bpf_map_lookup_elem(maps->info_fd, &key, &info) < 0)
		return -errno;
	map_info_terminate(&info);
	*ret = info;
	return 0;
}

static int lookup(void *context, const struct ev_cgroup *key, struct map_metadata *ret)
{
	const struct pinned_maps *maps = context;

	if (bpf_map_lookup_elem(maps->metadata_fd, key, ret) < 0)
		return -errno;
	if (ret->path_length > META_PATH_MAX)
		ret->path_length = 0;
	return 0;
}

static int classify(void *context, const struct ev_cgroup *key, enum meta_class class, int found_by_scan)
{
	const struct pinned_maps *maps = context;
	struct map_metadata value;
	__u64 flags = BPF_EXIST;

	if (bpf_map_lookup_elem(maps->metadata_fd, key, &value) < 0) {
		if (errno != ENOENT || !found_by_scan)
			return -errno;
		value = (struct map_metadata){ .source = META_SCAN };
		flags = BPF_NOEXIST;
	}
	if (value.class == class)
		return 0;
	value.class = (__u8)class;
	return bpf_map_update_elem(maps->metadata_fd, key, &value, flags) < 0 ? -errno : 0;
}

static int forget(void *context, const struct ev_cgroup *key)
{
	const struct pinned_maps *maps = context;

	return bpf_map_delete_elem(maps->metadata_fd, key) < 0 ? -errno : 0;
}

static int next(void *context, const struct ev_cgroup *after, struct ev_cgroup *ret)
{
	const struct pinned_maps *maps = context;

	return bpf_map_get_next_key(maps->metadata_fd, after, ret) < 0 ? -errno : 0;
}

static int counters(void *context, enum ev_kind kind, struct map_counters *ret)
{
	const struct pinned_maps *maps = context;
	struct map_counters sum = { 0 };
	__u32 key = kind;

	if (bpf_map_lookup_elem(maps->counters_fd, &key, maps->per_cpu) < 0)
		return -errno;
	for (int cpu = 0; cpu < maps->cpus; cpu++) {
		const struct map_counters *one = &maps->per_cpu[cpu];

		sum.seq += one->seq;
		sum.unnumbered += one->unnumbered;
		sum.lost += one->lost;
		sum.filtered += one->filtered;
		sum.map_errors += one->map_errors;
	}
	*ret = sum;
	return 0;
}

struct kernel_maps kernel_maps_view(struct pinned_maps *maps)
{
	return (struct kernel_maps){
		.context = maps,
		.lookup = lookup,
		.classify = classify,
		.forget = forget,
		.next = next,
		.counters = counters,
	};
}
