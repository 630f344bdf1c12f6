/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/standstill.h"

#include <stdlib.h>
#include <string.h>

#include "consumer/test_hook.h"

uint64_t standstill_note(struct standstill *standstill, uint64_t now_ns, uint64_t tasks, uint64_t ends)
{
	/* Counters that went back are those of another load. */
	if (!standstill->begun || ends != standstill->ends || tasks < standstill->tasks)
		*standstill = (struct standstill){ true, ends, tasks, now_ns };
	if (now_ns - standstill->since_ns < test_number("CRI_TEST_STANDSTILL", STANDSTILL_NS) ||
	    tasks - standstill->tasks < STANDSTILL_TASKS)
		return 0;
	return tasks - standstill->tasks;
}

bool standstill_find_tasks(const char *text, uint64_t *ret)
{
	static const char name[] = "\nprocesses ";
	const char *found = strstr(text, name);

	if (!found || !strchr(found + 1, '\n'))
		return false;
	*ret = strtoull(found + strlen(name), NULL, 10);
	return true;
}
