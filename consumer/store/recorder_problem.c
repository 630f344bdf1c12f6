/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/recorder_problem.h"

const char *const recorder_problem_names[RECORDER_PROBLEM_COUNT] = {
	[RECORDER_LINKS_GONE] = "links_gone",
	[RECORDER_STANDSTILL] = "counters_stand_still",
	[RECORDER_LOSING] = "losing_events",
	[RECORDER_METADATA_FROZEN] = "metadata_frozen",
	[RECORDER_RETENTION_FAILS] = "retention_fails",
};
