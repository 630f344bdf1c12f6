/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/type.h"

#include <stddef.h>
#include <string.h>

#include "common/event.h"

static const char *const names[TYPE_COUNT] = {
	[TYPE_OOM_KILL] = "oom_kill",
	[TYPE_MEMORY_PRESSURE] = "memory_pressure",
	[TYPE_PROCESS_EXIT] = "process_exit",
	[TYPE_PROCESS_FORK] = "process_fork",
	[TYPE_CONTAINER_START] = "container_start",
	[TYPE_CONTAINER_STOP] = "container_stop",
	[TYPE_GAP] = "gap",
};

/* A cgroup's birth alone makes no row, but it is the beginning of a container_start. */
static const unsigned char kind_types[EV_KIND_COUNT] = {
	[EV_OOM_KILL] = TYPE_OOM_KILL,
	[EV_MEMORY_HIGH] = TYPE_MEMORY_PRESSURE,
	[EV_MEMORY_LIMIT] = TYPE_MEMORY_PRESSURE,
	[EV_PROCESS_EXIT] = TYPE_PROCESS_EXIT,
	[EV_PROCESS_FORK] = TYPE_PROCESS_FORK,
	[EV_CGROUP_MKDIR] = TYPE_CONTAINER_START,
	[EV_CGROUP_EXEC] = TYPE_CONTAINER_START,
	[EV_CGROUP_RMDIR] = TYPE_CONTAINER_STOP,
};

const char *type_name(enum type type)
{
	return (unsigned int)type < TYPE_COUNT ? names[type] : NULL;
}

enum type type_from_name(const char *name)
{
	for (unsigned int i = 1; i < TYPE_COUNT; i++)
		if (strcmp(names[i], name) == 0)
			return (enum type)i;

	return (enum type)0;
}

enum type type_of_kind(unsigned int kind)
{
	return kind < EV_KIND_COUNT ? (enum type)kind_types[kind] : (enum type)0;
}
