/* SPDX-License-Identifier: BSD-2-Clause */
/* What retention would remove, without removing it: needs no more than reading. */
#ifndef CRI_CONSUMER_STORE_RETENTION_PLAN_H
#define CRI_CONSUMER_STORE_RETENTION_PLAN_H

#include <stdint.h>

#include "consumer/text/event_type.h"

struct db;
struct retention_settings;

/* Events of one type. from, to: wall times of the first and the last; 0 without events. */
struct retention_range {
	int64_t events, from, to;
};

struct retention_plan {
	struct retention_range types[TYPE_COUNT];
	int64_t events;	    /* of all types */
	double event_bytes; /* what an event takes, with its share of indexes and names */
};

/*
 * By age it is exact. By size it is about so many, since rows differ: the mean is taken for each. Failures are db.h's.
 */
int retention_plan(struct db *db, const struct retention_settings *settings, int64_t now, struct retention_plan *ret);

/* All there are: as if everything went. */
int retention_plan_all(struct db *db, struct retention_plan *ret);

#endif
