/* SPDX-License-Identifier: BSD-2-Clause */
/* Gap events: a time for which the history is not complete. They are written by the recorder, not by the kernel side. */
#ifndef CRI_CONSUMER_RECORD_GAP_H
#define CRI_CONSUMER_RECORD_GAP_H

#include <stdint.h>

struct ring_rows;

struct gap {
	const char *reason; /* static, as documented for the column */
	unsigned int kind;  /* of the missing records; 0: any */
	uint64_t lost;      /* how many; EV_UNKNOWN: not known */
	int64_t from, to;   /* wall time; 0: not known; to 0: or it lasts */
};

/* Adds one, inside the batch's transaction. now: wall time of the row. Failures are db.h's. */
int gap_add(struct ring_rows *ring_rows, const struct gap *gap, int64_t now);

#endif
