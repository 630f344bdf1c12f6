/* SPDX-License-Identifier: BSD-2-Clause */
/* A rate limit for messages that a container can provoke. */
#ifndef CRI_COMMON_LOG_LIMIT_H
#define CRI_COMMON_LOG_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialised by its owner. */
struct log_limit {
	uint64_t window_start_ns;
	unsigned int count;
	unsigned int suppressed; /* messages refused since the last one that was allowed */
};

/*
 * True at most `burst` times per `interval_ns`; a clock that goes backwards starts a new interval. After true,
 * limit->suppressed is the number of messages refused since the previous true.
 */
bool log_allowed(struct log_limit *limit, uint64_t now_ns, uint64_t interval_ns, unsigned int burst);

#endif
