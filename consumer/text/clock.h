/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel stamps records with boot time; the database holds wall time. */
#ifndef CRI_CONSUMER_TEXT_CLOCK_H
#define CRI_CONSUMER_TEXT_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_BOOT_ID_SIZE 40

uint64_t clock_boot_ns(void);	   /* CLOCK_BOOTTIME */
uint64_t clock_monotonic_ns(void); /* CLOCK_MONOTONIC: how long something takes */
int64_t clock_wall_ns(void);  /* CLOCK_REALTIME, since 1970 */

/*
 * What to add to boot time to get wall time, taken once for a batch. previous (0: none) is kept while the two
 * clocks have not moved apart noticeably, so that one instant has one wall time in several batches.
 */
int64_t clock_offset(int64_t previous);

/* Wall time of a boot time; 0 for one that no clock can show. */
int64_t clock_to_wall(uint64_t boot_ns, int64_t offset);

/* The random id of this boot, "xxxxxxxx-xxxx-...". Reads /proc: before the sandbox. */
int clock_boot_id(char ret[CLOCK_BOOT_ID_SIZE]);

#endif
