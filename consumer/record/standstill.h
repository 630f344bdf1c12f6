/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the kernel side has stopped counting while processes come and go. Pure. What the kernel calls "processes" in
 * /proc/stat includes threads, whose ends are not counted: both bounds together are beyond what threads do on a machine
 * where no process ends, not even a kernel thread or a timer's job.
 */
#ifndef CRI_CONSUMER_RECORD_STANDSTILL_H
#define CRI_CONSUMER_RECORD_STANDSTILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STANDSTILL_NS	 300000000000ULL
#define STANDSTILL_TASKS 1000

/* Begins as all bytes zero. */
struct standstill {
	bool begun;
	uint64_t ends, tasks, since_ns;
};

/*
 * Notes the counters of one moment. tasks: threads created since boot; ends: of processes, as the kernel side counted
 * them. Returns how many were created since `ends` changed last, if it should have changed again by now; else 0.
 */
uint64_t standstill_note(struct standstill *standstill, uint64_t now_ns, uint64_t tasks, uint64_t ends);

/* Finds the number of threads created since boot in a part of /proc/stat, which begins after a newline. */
bool standstill_find_tasks(const char *text, uint64_t *ret);

#endif
