/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/event_storage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool event_storage_owns_table(const struct event_storage *const *list, size_t index)
{
	if (!list[index]->table)
		return false;
	for (size_t i = 0; i < index; i++)
		if (list[i]->table && strcmp(list[i]->table, list[index]->table) == 0)
			return false;
	return true;
}

/* Without the events of the type that keep_flags retains. */
static int format_type(const struct event_storage *storage, const char *separator, char *out, size_t size)
{
	return storage->keep_flags ?
		       snprintf(out, size, "%s(+type = %d AND coalesce(flags, 0) & %u = 0)", separator, (int)storage->type,
				storage->keep_flags) :
		       snprintf(out, size, "%s+type = %d", separator, (int)storage->type);
}

/* The types of one retention, joined by OR; "0" when there is none. */
static int format_types(const struct event_storage *const *list, enum event_retention retention, char *out, size_t size)
{
	size_t used = 0;

	for (; *list; list++) {
		if ((*list)->retention != retention)
			continue;

		int n = format_type(*list, used > 0 ? " OR " : "", out + used, size - used);

		if (n < 0 || (size_t)n >= size - used)
			return -EINVAL;
		used += (size_t)n;
	}
	return used > 0 ? (int)used : snprintf(out, size, "0");
}

int event_storage_condition(const struct event_storage *const *list, enum event_retention retention, char *out,
			    size_t size)
{
	char brief[EVENT_STORAGE_SQL_MAX / 2], shorter[EVENT_STORAGE_SQL_MAX / 2 - 32];
	int n;

	if (retention != RETAIN_LONGEST)
		return format_types(list, retention, out, size) < 0 ? -EINVAL : 0;
	if (format_types(list, RETAIN_BRIEFLY, brief, sizeof(brief)) < 0 ||
	    format_types(list, RETAIN_SHORTER, shorter, sizeof(shorter)) < 0)
		return -EINVAL;
	n = snprintf(out, size, "NOT (%s) AND NOT (%s)", brief, shorter);
	return n < 0 || (size_t)n >= size ? -EINVAL : 0;
}
