/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The records that go into one transaction. They are read twice: batch_scan() counts them and finds the most urgent one,
 * and batch_store() adds them to the database, in a transaction that is as durable as that one needs.
 */
#ifndef CRI_CONSUMER_RECORD_BATCH_H
#define CRI_CONSUMER_RECORD_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "consumer/record/kind.h"

struct enrich;
struct loss;
struct ring;
struct ring_rows;

/* What was scanned and is not committed: the ring's cursor stands behind it. */
struct batch {
	uint64_t records;
	enum kind_urgency urgency; /* of its most urgent record */
	bool broken;		   /* ends with bytes that are no record, or with a record that was never completed */
	bool newer;		   /* ends before a record of a newer version */
	uint64_t busy_since_ns;	   /* boot time when an incomplete record was first seen at its end; 0: there is none */
};

struct batch_limits {
	uint64_t records;
	uint64_t busy_ns; /* an incomplete record older than this is skipped */
};

enum batch_due {
	BATCH_NOTHING, /* no record waits */
	BATCH_LATER,   /* commit with the next flush */
	BATCH_NOW,     /* commit at once */
};

/* Forgets the batch: the ring's cursor goes back to the last acknowledged position. */
void batch_reset(struct batch *batch, struct ring *ring);
/* Adds the records that have arrived in the ring since. Stores nothing. */
enum batch_due batch_scan(struct batch *batch, struct ring *ring, const struct batch_limits *limits);

/* Where a batch is stored. offset: of the batch (clock.h). */
struct batch_target {
	struct ring *ring;
	struct enrich *enrich;
	struct loss *loss;
	struct ring_rows *ring_rows;
	int64_t offset;
};

/*
 * Stores everything from the acknowledged position of the ring to `end`, inside a transaction; then the cursor stands at
 * `end`. Records that cannot be used are counted as rejected. 0, or db.h's.
 */
int batch_store(const struct batch_target *target, uint64_t end);

#endif
