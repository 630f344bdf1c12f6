/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts what retention would delete; only reads. */
#ifndef CRI_CONSUMER_STORE_RETENTION_PLAN_H
#define CRI_CONSUMER_STORE_RETENTION_PLAN_H

#include <stdint.h>

#include "consumer/text/event_type.h"

struct db;
struct retention_settings;

/* Events of one type. from, to: wall times of the first and the last; 0 if there are none. */
struct retention_range {
	int64_t events, from, to;
};

struct retention_plan {
	struct retention_range types[TYPE_COUNT];
	int64_t events;	    /* of all types */
	double event_bytes; /* bytes of an event on average, with its share of indexes and names */
};

/*
 * Exact for age. For size an estimate from the average size of an event. 0 or an error of db.h.
 */
int retention_plan(struct db *db, const struct retention_settings *settings, int64_t now, struct retention_plan *ret);

/* The plan for deleting all events. */
int retention_plan_all(struct db *db, struct retention_plan *ret);

/* Turns the plan for all events before a removal into the events removed: those older than the oldest of `after`. */
void retention_plan_subtract(struct retention_plan *before, const struct retention_plan *after);

#endif
