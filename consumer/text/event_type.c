/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/text/event_type.h"

#include <stddef.h>
#include <string.h>

/* Types begin at 1, the array at 0. */
#define NAME_OF_TYPE(number, NAME, name) [(number) - 1] = #name,

const char *const type_names[TYPE_COUNT] = { EV_TYPES(NAME_OF_TYPE) };

/* The creation of a cgroup is not stored as an event, but belongs to a container_start. */
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

const char *event_type_name(enum event_type type)
{
	return type && (unsigned int)type < TYPE_COUNT ? type_names[type - 1] : NULL;
}

enum event_type event_type_from_name(const char *name)
{
	for (unsigned int i = 1; i < TYPE_COUNT; i++)
		if (strcmp(type_names[i - 1], name) == 0)
			return (enum event_type)i;

	return (enum event_type)0;
}

enum event_type event_type_of_kind(unsigned int kind)
{
	return kind < EV_KIND_COUNT ? (enum event_type)kind_types[kind] : (enum event_type)0;
}
