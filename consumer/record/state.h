/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the recorder writes about itself for `cri-ebpf status`: one JSON object under the key "recorder" of
 * the status table.
 */
#ifndef CRI_CONSUMER_RECORD_STATE_H
#define CRI_CONSUMER_RECORD_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/maps.h"

struct kernel_maps;
struct pipeline;
struct ring;

struct recorder_status {
	const struct map_info *info; /* of the loaded programs */
	bool unpinned;               /* they are not loaded any more */
	bool running;
	bool keeps_bpf;              /* runs with CAP_BPF, for a kernel before 5.19 */
	int64_t started;             /* wall time */
	uint64_t metrics_interval_ns;
};

/* Looks at ring, counters and database at one moment and writes the row, in a transaction of its own.
 * Failures are db.h's. */
int recorder_status_write(const struct recorder_status *status, struct pipeline *pipeline, const struct ring *ring,
			  const struct kernel_maps *maps);

#endif
