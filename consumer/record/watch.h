/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks for what lasts and keeps events from being recorded, and that no record shows: links that are gone, counters that
 * stand still or report losses, a map that was frozen, retention that fails.
 */
#ifndef CRI_CONSUMER_RECORD_WATCH_H
#define CRI_CONSUMER_RECORD_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/maps.h"

struct json;
struct outages;
struct pinned_maps;
struct watch;

/*
 * Opens what is read later, before the sandbox. pin_dir_fd: the pin directory; it and the maps must outlive the watch.
 * What cannot be opened is not watched. -ENOMEM.
 */
int watch_open(int pin_dir_fd, struct pinned_maps *maps, struct watch **ret);
void watch_close(struct watch *watch);

/* Looks at everything. loaded: the pins were not removed by an unload. */
void watch_look(struct watch *watch, bool loaded);
/* Retention failed, and why; NULL: it works. A failure that is over within a minute is none. */
void watch_note_retention(struct watch *watch, const char *failure);

/* What the loader wrote, as of the last look. */
const struct map_info *watch_info(const struct watch *watch);
/* As of the last look; valid until watch_close(). */
const struct outages *watch_outages(const struct watch *watch);
/* 1: all links of the probe are there, 0: not all, -1: not known, or the probe has no rung. */
int watch_attached(const struct watch *watch, size_t probe);

/* Writes the array "problems": name, since when (RFC 3339), detail (text or null) of each. */
void watch_write(const struct watch *watch, struct json *json);

#endif
