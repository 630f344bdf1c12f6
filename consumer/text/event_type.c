/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/text/event_type.h"

#include <stddef.h>
#include <string.h>

/* Types begin at 1, the array at 0. */
#define NAME_OF_TYPE(number, NAME, name) [(number) - 1] = #name,

const char *const type_names[TYPE_COUNT] = { EV_TYPES(NAME_OF_TYPE) };

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
