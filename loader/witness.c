/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/witness.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "common/cleanup.h"
#include "common/maps.h"
#include "common/pins.h"
#include "loader/pin.h"

/* bpf_prog_info.recursion_misses of a pinned program. */
static uint64_t skipped_by(const char *dir, const char *name)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	char path[PATH_MAX];
	AUTO_CLOSE int fd = -1;

	if (pin_path(path, sizeof(path), dir, name) < 0)
		return WITNESS_UNKNOWN;
	fd = bpf_obj_get(path);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0 ||
	    size < offsetof(struct bpf_prog_info, recursion_misses) + sizeof(info.recursion_misses))
		return WITNESS_UNKNOWN;
	return info.recursion_misses;
}

static uint64_t sum_late(int fd, struct map_counters *values, int cpus)
{
	const __u32 kind = EV_PROCESS_EXIT;
	uint64_t sum = 0;

	if (bpf_map_lookup_elem(fd, &kind, values) < 0)
		return WITNESS_UNKNOWN;
	for (int cpu = 0; cpu < cpus; cpu++)
		sum += values[cpu].late;
	return sum;
}

/* map_counters.late of all CPUs. */
static uint64_t found_late(const char *dir)
{
	LIBBPF_OPTS(bpf_obj_get_opts, options, .file_flags = BPF_F_RDONLY);
	const int cpus = libbpf_num_possible_cpus();
	AUTO_FREE struct map_counters *values = cpus > 0 ? calloc(cpus, sizeof(*values)) : NULL;
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	char path[PATH_MAX];
	AUTO_CLOSE int fd = -1;

	if (!values || pin_path(path, sizeof(path), dir, PIN_COUNTERS) < 0)
		return WITNESS_UNKNOWN;
	fd = bpf_obj_get_opts(path, &options);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0 || info.type != BPF_MAP_TYPE_PERCPU_ARRAY ||
	    info.value_size != sizeof(*values))
		return WITNESS_UNKNOWN;
	return sum_late(fd, values, cpus);
}

void witness_read(const char *dir, struct witness *ret)
{
	ret->exit = skipped_by(dir, PIN_PROGRAM_EXIT);
	ret->lost = skipped_by(dir, PIN_PROGRAM_LATE);
	ret->late = ret->lost == WITNESS_UNKNOWN ? WITNESS_UNKNOWN : found_late(dir);
}
