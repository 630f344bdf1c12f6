/* SPDX-License-Identifier: BSD-2-Clause */
/* What cri-ebpf-loader has pinned, locked and opened for one recorder: the ring buffer and the maps. */
#ifndef CRI_CONSUMER_RECORD_PINS_H
#define CRI_CONSUMER_RECORD_PINS_H

#include <stdbool.h>

#include "consumer/container/kernel_maps.h"

struct ring;

/* Begins as PINS_CLOSED. */
struct pins {
	int lock_fd;   /* keeps the pin directory locked */
	int ring_fd;   /* the map of the ring buffer */
	int events_fd; /* O_PATH of the ring's pin: shows that it was removed or replaced */
	struct pinned_maps *pinned_maps;
	struct kernel_maps maps;
	struct map_info info;
	struct ring *ring;
};

#define PINS_CLOSED ((struct pins){ .lock_fd = -1, .ring_fd = -1, .events_fd = -1 })

/*
 * Locks pin_dir before it opens the ring: two readers of one ring would each get only part of the records. once: only
 * what is in the ring now will be read, so that a frozen ring will do. Returns 0; or logs why nothing can be recorded
 * and returns an exit code. The caller calls pins_close() in both cases.
 */
int pins_open(const char *pin_dir, bool once, struct pins *pins);
void pins_close(struct pins *pins);

#endif
