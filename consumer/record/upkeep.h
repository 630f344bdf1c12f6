/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the recorder does with its database while the ring is quiet: builds indexes that the database lacks, and after a
 * stop that was not clean reads all rows, for damage. Recording never waits for it.
 */
#ifndef CRI_CONSUMER_RECORD_UPKEEP_H
#define CRI_CONSUMER_RECORD_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

struct db;
struct row_check;

/* Zero: everything is due at once. Times are boot times. */
struct upkeep {
	uint64_t index_ns;   /* when missing indexes are looked for again */
	uint64_t backoff_ns; /* after an attempt that was interrupted or failed */
	bool told;	     /* of a failure, which is logged once */
};

struct upkeep_target {
	struct db *db;
	struct row_check *check;
	/* Called during a long statement, which it ends by returning true. Must not use the database. */
	bool (*stop)(void *context);
	void *context;
};

/* Does what is due. 0, or a failure of db.h's after which the database must be opened again. Logs. */
int upkeep_step(struct upkeep *upkeep, const struct upkeep_target *target, uint64_t now_ns);

/* When something is due; 0: at once. */
uint64_t upkeep_due(const struct upkeep *upkeep, const struct row_check *check);

#endif
