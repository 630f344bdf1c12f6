/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/log_limit.h"

bool log_allowed(struct log_limit *limit, uint64_t now_ns, uint64_t interval_ns, unsigned int burst)
{
	/* A clock that went backwards starts a new window; else nothing would be allowed until it catches up. */
	bool fresh =
		limit->count == 0 || now_ns < limit->window_start_ns || now_ns - limit->window_start_ns >= interval_ns;

	/* count is burst + 1 while messages are suppressed, so that the number stays readable until after the next
	 * true. */
	if (limit->count <= burst)
		limit->suppressed = 0;
	if (fresh) {
		limit->window_start_ns = now_ns;
		limit->count = 0;
	}

	if (limit->count < burst) {
		limit->count++;
		return true;
	}

	limit->count = burst + 1;
	limit->suppressed++;
	return false;
}
