/* SPDX-License-Identifier: BSD-2-Clause */
/* How long the recorder's loop may wait. Pure. */
#ifndef CRI_CONSUMER_RECORD_SCHEDULE_H
#define CRI_CONSUMER_RECORD_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

/* Points in boot time, unless they are intervals. */
struct schedule {
	uint64_t interval_ns;  /* between two looks at the ring */
	uint64_t flush_ns;     /* how long a record may wait, interval */
	uint64_t noticed_ns;   /* when the first waiting record was seen; 0: none waits */
	bool failing;	       /* the last commit failed: nothing is stored before retry_ns */
	uint64_t retry_ns;
	bool open;	       /* the database: while it is not, neither retention nor upkeep runs */
	uint64_t care_ns;      /* the earlier one of these two */
	uint64_t metrics_ns;
	uint64_t watchdog_ns;  /* 0: none */
};

/* Milliseconds until something is due that can be done then, rounded up; 0: something is due now. */
int schedule_wait_ms(const struct schedule *schedule, uint64_t now);

#endif
