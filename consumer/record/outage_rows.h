/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Outages in the database: a gap event of each, whose end is NULL while it lasts. The row is written when the outage is seen,
 * so that it outlives the recorder, and the recorder that sees its end completes it. Failures are db.h's.
 */
#ifndef CRI_CONSUMER_RECORD_OUTAGE_ROWS_H
#define CRI_CONSUMER_RECORD_OUTAGE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "consumer/text/event_type.h"

struct db;
struct outages;
struct ring_rows;

/* Begins as all bytes zero. */
struct outage_rows {
	bool lasting[TYPE_COUNT]; /* the database has a row without an end */
	int64_t attached; /* wall time at which the programs were still attached, for want of a look; 0: not known */
};

/* What the database knows. generation: of the ring; loaded: wall time of its load, 0: not known. */
int outage_rows_read(struct db *db, uint64_t generation, int64_t loaded, struct outage_rows *ret);

/* Whether the database lacks something of what was seen. */
bool outage_rows_differ(const struct outage_rows *rows, const struct outages *outages);
/* Writes it, inside a transaction. now: wall time. */
int outage_rows_write(const struct outage_rows *rows, const struct outages *outages, struct db *db,
		      struct ring_rows *ring_rows, int64_t now);
/* To be called after the commit. */
void outage_rows_committed(struct outage_rows *rows, const struct outages *outages);

#endif
