/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which probes have all their links, judged by the names in the pin directory and by what the loader wrote in `info`. A
 * link without a pin is gone, and its program records nothing any more. Pure.
 */
#ifndef CRI_COMMON_PROBE_LINKS_H
#define CRI_COMMON_PROBE_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/maps.h"

/* Of one probe. */
struct probe_links {
	uint32_t pinned;
	uint32_t fresh; /* link_NAME_new: about to replace the one without the suffix */
};

/* Adds one name of the pin directory to the probe that it belongs to. Returns the probe's index, or -1: to none. */
int probe_links_add(const struct map_info *info, const char *name, struct probe_links links[INFO_PROBES]);

/* The probe has a rung: its events are to be recorded, by programs of its own or of another probe. */
bool probe_links_wanted(const struct map_info *info, size_t probe);

/* The index of the probe whose links serve this one: itself, unless its rung is the name of another probe. */
size_t probe_links_source(const struct map_info *info, size_t probe);

/* All links of a probe that is wanted are there. While programs are replaced, both generations of links count. */
bool probe_links_complete(const struct map_info *info, const struct probe_links links[INFO_PROBES], size_t probe);

#endif
