/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/schedule.h"

#include <limits.h>

#define NS_PER_MS 1000000ULL

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When the ring is looked at next. */
static uint64_t next_look(const struct schedule *schedule, uint64_t now)
{
	if (schedule->failing)
		return schedule->retry_ns;
	return schedule->noticed_ns ? schedule->noticed_ns + schedule->flush_ns : now + schedule->interval_ns;
}

int schedule_wait_ms(const struct schedule *schedule, uint64_t now)
{
	uint64_t at = next_look(schedule, now), wait;

	/* While storing fails the state is written with the next try. */
	if (!schedule->failing || schedule->metrics_ns > now)
		at = earlier(at, schedule->metrics_ns);
	if (!schedule->failing && schedule->open)
		at = earlier(at, schedule->care_ns);
	if (schedule->watchdog_ns)
		at = earlier(at, schedule->watchdog_ns);
	wait = at <= now ? 0 : (at - now + NS_PER_MS - 1) / NS_PER_MS;
	return wait > INT_MAX ? INT_MAX : (int)wait;
}
