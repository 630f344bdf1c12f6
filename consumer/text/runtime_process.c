/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/text/runtime_process.h"

#include <string.h>

/* runc and crun enter the cgroup before they execute the container's process; conmon may stay in it. */
static const char *const names[] = { "runc", "runc:[", "crun", "conmon", "exe", NULL };

const char *runtime_process_name(size_t i)
{
	return names[i];
}

bool runtime_process_is(const char *comm, size_t length)
{
	for (size_t i = 0; names[i]; i++) {
		size_t known = strlen(names[i]);
		bool begins = length >= known && memcmp(comm, names[i], known) == 0;

		if (begins && (length == known || names[i][known - 1] == '['))
			return true;
	}
	return false;
}
