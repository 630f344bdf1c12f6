/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts and stops of containers, and the row of a stop whose record was lost. */
#ifndef CRI_CONSUMER_RECORD_KIND_LIFECYCLE_H
#define CRI_CONSUMER_RECORD_KIND_LIFECYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "consumer/store/row.h"

struct enrich;
struct ev;
struct ev_task;
struct instance_row;
struct place;

struct lifecycle_detail {
	int64_t container; /* row number of the instance */
	uint64_t memory_limit, peak, oom_kills;
	bool inferred;
};

/*
 * The task was in a cgroup of a container, or acted on its memory. If the container's start was not recorded, it is
 * inferred, once (enrich_inferred_start). Failures are db.h's.
 */
int kind_lifecycle_infer_start(struct enrich *enrich, const struct ev *ev, const struct place *place,
			       const struct ev_task *task);

/* *ret points to *detail. time: wall time at which the stop was noticed. */
void kind_lifecycle_lost_stop(const struct instance_row *instance, int64_t time, struct lifecycle_detail *detail,
			      struct ev_row *ret);

#endif
