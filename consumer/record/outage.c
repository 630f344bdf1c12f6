/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/outage.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "common/cleanup.h"

static const struct {
	const char *name;
	enum event_type type; /* of the events that are missing without it */
} probes[] = {
	{ "oom_kill", TYPE_OOM_KILL },
	{ "memory_pressure_high", TYPE_MEMORY_PRESSURE },
	{ "memory_pressure_limit", TYPE_MEMORY_PRESSURE },
	{ "process_exit", TYPE_PROCESS_EXIT },
	{ "process_exit_late", TYPE_PROCESS_EXIT },
	{ "process_fork", TYPE_PROCESS_FORK },
	{ "cgroup_mkdir", TYPE_CONTAINER_START },
	{ "cgroup_exec", TYPE_CONTAINER_START },
	{ "cgroup_rmdir", TYPE_CONTAINER_STOP },
};

static enum event_type find_type(const char *probe)
{
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
		if (strcmp(probes[i].name, probe) == 0)
			return probes[i].type;
	return (enum event_type)0;
}

void outages_note(struct outages *outages, const struct map_info *info, const int attached[INFO_PROBES], int64_t now)
{
	bool gone[TYPE_COUNT] = { false };

	for (size_t i = 0; i < INFO_PROBES && info->probes[i].name[0]; i++)
		if (attached[i] == 0)
			gone[find_type(info->probes[i].name)] = true;
	for (size_t type = 1; type < TYPE_COUNT; type++) {
		struct outage *outage = &outages->types[type];

		outage->state = gone[type] ? OUTAGE_LASTS : OUTAGE_NONE;
		if (!gone[type])
			outage->attached = now;
	}
}

void outages_note_standstill(struct outages *outages, int64_t since)
{
	outages->types[TYPE_PROCESS_EXIT] = (struct outage){ OUTAGE_LASTS, since };
}

void outages_note_nothing(struct outages *outages)
{
	for (size_t type = 1; type < TYPE_COUNT; type++)
		outages->types[type].state = OUTAGE_UNKNOWN;
}
