/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pinned maps beside the ring: metadata of cgroups, counters, information about the loaded programs. Any entry may be
 * missing, and no value is trusted.
 */
#ifndef CRI_CONSUMER_CONTAINER_KERNEL_MAPS_H
#define CRI_CONSUMER_CONTAINER_KERNEL_MAPS_H

#include <stddef.h>

#include "common/maps.h"

/* Access to the maps; tests replace these functions. */
struct kernel_maps {
	void *context;
	/* 0, or -ENOENT; path and path_length of the result are within bounds. */
	int (*lookup)(void *context, const struct ev_cgroup *key, struct map_metadata *ret);
	/* Sets the class of the cgroup for the kernel's filter. Adds a cgroup that is not in the map only if it was found by
	 * a scan. */
	int (*classify)(void *context, const struct ev_cgroup *key, enum meta_class class, int found_by_scan);
	int (*forget)(void *context, const struct ev_cgroup *key);
	/* The key after *after (NULL: the first): 0, or -ENOENT behind the last. */
	int (*next)(void *context, const struct ev_cgroup *after, struct ev_cgroup *ret);
	/* Summed over the CPUs. */
	int (*counters)(void *context, enum ev_kind kind, struct map_counters *ret);
};

struct pinned_maps;

/*
 * Opens the pins below a directory: metadata to read and write, counters and info to read. Reads
 * /sys/devices/system/cpu: before the sandbox. *ret_failed names the pin that could not be opened.
 */
int kernel_maps_open(const char *pin_dir, struct pinned_maps **ret, const char **ret_failed);
void kernel_maps_close(struct pinned_maps *maps);

/* What the loader wrote; texts are NUL-terminated here. */
int kernel_maps_read_info(const struct pinned_maps *maps, struct map_info *ret);
/* The view of these maps; valid as long as they are. */
struct kernel_maps kernel_maps_view(struct pinned_maps *maps);

#endif
