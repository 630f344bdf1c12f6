/* SPDX-License-Identifier: BSD-2-Clause */
/* Clocks, and the id of this boot. Records of the ring carry boot time; the database holds wall time. */
#ifndef CRI_CONSUMER_TEXT_CLOCK_H
#define CRI_CONSUMER_TEXT_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_BOOT_ID_SIZE 40

/* To be called once when the program starts, because it reads /proc. Without it the clocks are those of the process's
 * time namespace. */
void clock_start(void);

uint64_t clock_boot_ns(void);	   /* CLOCK_BOOTTIME of the kernel, also in a time namespace */
uint64_t clock_monotonic_ns(void); /* CLOCK_MONOTONIC: for durations and deadlines */
int64_t clock_wall_ns(void);	   /* CLOCK_REALTIME, since 1970 */

/*
 * Nanoseconds to add to boot time to get wall time; read once per batch. Returns `previous` (0: none) while the clocks
 * have not drifted apart by more than 50 us, so that an instant has the same wall time in all batches.
 */
int64_t clock_offset(int64_t previous);

/* Wall time of a boot time; 0 when it is out of range. */
int64_t clock_to_wall(uint64_t boot_ns, int64_t offset);

/* The random id of this boot, "xxxxxxxx-xxxx-...". Reads /proc, hence before the sandbox. 0 or a negative errno. */
int clock_boot_id(char ret[CLOCK_BOOT_ID_SIZE]);

#endif
