/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/time_namespace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"

#define NS_PER_SECOND 1000000000LL

int64_t time_namespace_offset(void)
{
	AUTO_FCLOSE FILE *file = fopen("/proc/self/timens_offsets", "re");
	char clock[16];
	int64_t seconds, nanoseconds;

	while (file && fscanf(file, "%15s %" SCNd64 " %" SCNd64, clock, &seconds, &nanoseconds) == 3)
		if (!strcmp(clock, "boottime"))
			return seconds * NS_PER_SECOND + nanoseconds;
	return 0;
}
