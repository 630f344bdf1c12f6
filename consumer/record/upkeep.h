/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the recorder does to its database while the ring is quiet: builds indexes that the database lacks. Recording never
 * waits for it.
 */
#ifndef CRI_CONSUMER_RECORD_UPKEEP_H
#define CRI_CONSUMER_RECORD_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

struct db;

/* Zero: everything is due at once. Times are boot times. */
struct upkeep {
	uint64_t index_ns;   /* when missing indexes are looked for again */
	uint64_t backoff_ns; /* after an attempt that was interrupted or failed */
	bool told;	     /* of a failure, which is logged once */
};

/*
 * Does what is due. stop is called during a long statement, must not use the database, and ends the statement by
 * returning true. 0, or a failure of db.h's after which the database must be opened again. Logs.
 */
int upkeep_step(struct upkeep *upkeep, struct db *db, uint64_t now_ns, bool (*stop)(void *context), void *context);

/* When something is due. */
uint64_t upkeep_due(const struct upkeep *upkeep);

#endif
