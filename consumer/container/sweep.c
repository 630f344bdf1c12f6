/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/container/sweep.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "consumer/container/cgroup_fs.h"
#include "consumer/container/kernel_maps.h"
#include "consumer/container/map_walk.h"

/* Three system calls for each: a step takes a millisecond at most. */
#define STEP_ENTRIES 256
#define STEP_NS      100000000ULL
/* The most entries that the first pass notes; the others wait for the next. */
#define MISSING_MAX 1024
/* A cgroup is created in microseconds, or some milliseconds if that is preempted. */
#define SECOND_PASS_NS 3000000000ULL
#define INTERVAL_NS    600000000000ULL

struct sweep {
	const struct kernel_maps *maps;
	struct cgroup_fs *fs;
	bool begun;           /* a pass is in the middle of the map */
	struct map_walk walk; /* its place there */
	uint64_t next_ns;     /* when the next step is due */
	uint64_t missing_ns;  /* when the first pass ended; 0: it has not */
	uint64_t missing_end; /* producer position at that time */
	size_t missing_count;
	struct ev_cgroup missing[MISSING_MAX];
};

int sweep_open(const struct kernel_maps *maps, struct cgroup_fs *fs, struct sweep **ret)
{
	struct sweep *sweep = calloc(1, sizeof(*sweep));

	if (!sweep)
		return -ENOMEM;
	sweep->maps = maps;
	sweep->fs = fs;
	*ret = sweep;
	return 0;
}

void sweep_close(struct sweep *sweep)
{
	free(sweep);
}

/* NULL: there is no path, or its beginning is missing. out: META_PATH_MAX + 1 bytes. */
static const char *whole_path(const struct map_metadata *metadata, char *out)
{
	if (metadata->path_length == 0 || metadata->path_cut)
		return NULL;
	(void)memcpy(out, metadata->path, metadata->path_length);
	out[metadata->path_length] = '\0';
	return out;
}

/* By its path; an entry without a path is left to the second pass. */
static bool is_there(const struct sweep *sweep, const struct ev_cgroup *key, const struct map_metadata *metadata)
{
	char room[META_PATH_MAX + 1];
	const char *path = whole_path(metadata, room);

	return path && cgroup_fs_exists(sweep->fs, path, key->id) > 0;
}

/* After a walk of the file system. False also for what the walk may have missed. */
static bool is_gone(const struct sweep *sweep, const struct ev_cgroup *key)
{
	const struct kernel_maps *maps = sweep->maps;
	struct map_metadata metadata;
	char room[META_PATH_MAX + 1];

	return !cgroup_fs_saw(sweep->fs, key->id) && maps->lookup(maps->context, key, &metadata) == 0 &&
	       !cgroup_fs_hides(sweep->fs, whole_path(&metadata, room));
}

/* False at the end of the map. */
static bool check_next(struct sweep *sweep)
{
	const struct kernel_maps *maps = sweep->maps;
	struct map_metadata metadata;
	struct ev_cgroup key;

	if (map_walk_next(&sweep->walk, maps, &key) != 0)
		return false;
	sweep->begun = true;
	if (maps->lookup(maps->context, &key, &metadata) == 0 && !is_there(sweep, &key, &metadata))
		sweep->missing[sweep->missing_count++] = key;
	return true;
}

static void first_pass(struct sweep *sweep, uint64_t now_ns, uint64_t produced)
{
	bool more = true;

	for (size_t i = 0; more && i < STEP_ENTRIES && sweep->missing_count < MISSING_MAX; i++)
		more = check_next(sweep);
	if (!more)
		sweep->begun = false;
	sweep->next_ns = now_ns + (more ? STEP_NS : INTERVAL_NS);
	if (sweep->missing_count == 0 || (more && sweep->missing_count < MISSING_MAX))
		return;
	sweep->missing_ns = now_ns;
	sweep->missing_end = produced;
	sweep->next_ns = now_ns + SECOND_PASS_NS;
}

static size_t second_pass(struct sweep *sweep, uint64_t now_ns)
{
	const struct kernel_maps *maps = sweep->maps;
	size_t removed = 0;
	int r = cgroup_fs_walk(sweep->fs, sweep->missing_ns + SECOND_PASS_NS, now_ns);

	if (r == -EAGAIN) {
		sweep->next_ns = now_ns + STEP_NS;
		return 0;
	}
	for (size_t i = 0; r == 0 && i < sweep->missing_count; i++)
		if (is_gone(sweep, &sweep->missing[i]))
			removed += maps->forget(maps->context, &sweep->missing[i]) == 0;
	sweep->missing_ns = sweep->missing_count = 0;
	sweep->next_ns = now_ns + (sweep->begun ? STEP_NS : INTERVAL_NS);
	return removed;
}

size_t sweep_step(struct sweep *sweep, uint64_t now_ns, uint64_t produced, uint64_t stored)
{
	if (now_ns < sweep->next_ns)
		return 0;
	if (sweep->missing_ns == 0)
		first_pass(sweep, now_ns, produced);
	else if (stored >= sweep->missing_end)
		return second_pass(sweep, now_ns);
	return 0;
}

const char *sweep_cut(const struct sweep *sweep, size_t *ret_count)
{
	return cgroup_fs_cut(sweep->fs, ret_count);
}
