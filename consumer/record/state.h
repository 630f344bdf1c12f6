/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes the recorder state: one JSON object under the key "recorder" of the status table, for `cri-ebpf status`. */
#ifndef CRI_CONSUMER_RECORD_STATE_H
#define CRI_CONSUMER_RECORD_STATE_H

#include <stdbool.h>
#include <stdint.h>

struct kernel_maps;
struct pipeline;
struct ring;
struct watch;

struct recorder_status {
	const struct watch *watch;
	const char *boot_id;
	uint64_t generation; /* of the ring */
	bool unpinned;       /* the programs are not loaded any more */
	bool running;
	bool keeps_bpf;      /* runs with CAP_BPF, for a kernel before 5.19 */
	int64_t started;     /* wall time */
	uint64_t metrics_interval_ns;
};

/*
 * Reads ring, kernel counters and database at one moment and stores the object, in a transaction of its own. -ENOENT:
 * the database is not open; else db.h's. maps may be NULL.
 */
int recorder_status_write(const struct recorder_status *status, struct pipeline *pipeline, const struct ring *ring,
			  const struct kernel_maps *maps);

#endif
