/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts and stops of containers, and the row of a stop whose record was lost. */
#ifndef CRI_CONSUMER_RECORD_KIND_LIFECYCLE_H
#define CRI_CONSUMER_RECORD_KIND_LIFECYCLE_H

#include <stdint.h>

#include "consumer/store/row.h"

struct instance_row;

struct lifecycle_detail {
	int64_t container; /* row number of the instance */
	uint64_t memory_limit, peak, oom_kills;
};

/* *ret points to *detail. time: wall time at which the stop was noticed. */
void kind_lifecycle_lost_stop(const struct instance_row *instance, int64_t time, struct lifecycle_detail *detail,
			      struct ev_row *ret);

#endif
