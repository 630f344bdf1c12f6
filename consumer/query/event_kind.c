/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/event_kind.h"

/* Table aliases, as EVENT_JOIN names them: e event, t type, b boot, g cgroup, c container, p pod. */
static const struct event_column common_columns[FIELD_COMMON_COUNT] = {
	[FIELD_V] = { "v", "1", COLUMN_NUMBER },
	[FIELD_ID] = { "id", "e.id", COLUMN_DECIMAL },
	[FIELD_TYPE] = { "type", "t.name", COLUMN_STRING },
	[FIELD_TIME] = { "time", "e.time", COLUMN_TIME },
	[FIELD_TIME_NANO] = { "time_unix_nano", "e.time", COLUMN_DECIMAL },
	[FIELD_BOOT_ID] = { "boot_id", "b.boot_id", COLUMN_STRING },
	[FIELD_CGROUP_ID] = { "cgroup_id", "g.kernfs_id", COLUMN_UNSIGNED },
	[FIELD_CGROUP] = { "cgroup", "g.path", COLUMN_STRING },
	[FIELD_CONTAINER_ID] = { "container.id", "c.id", COLUMN_STRING },
	[FIELD_CONTAINER_NAME] = { "container.name", "c.name", COLUMN_STRING },
	[FIELD_CONTAINER_RUNTIME] = { "container.runtime", "c.runtime", COLUMN_STRING },
	[FIELD_CONTAINER_IMAGE] = { "container.image", "c.image", COLUMN_STRING },
	[FIELD_CONTAINER_OWNER] = { "container.owner_uid", "c.owner_uid", COLUMN_NUMBER },
	[FIELD_POD_UID] = { "pod.uid", "p.uid", COLUMN_STRING },
	[FIELD_POD_NAME] = { "pod.name", "p.name", COLUMN_STRING },
	[FIELD_POD_NAMESPACE] = { "pod.namespace", "p.namespace", COLUMN_STRING },
	[FIELD_META_SOURCE] = { "meta_source", "g.meta_source", COLUMN_STRING },
	[FIELD_PID] = { "pid", "e.pid", COLUMN_NUMBER },
	[FIELD_PPID] = { "ppid", "e.ppid", COLUMN_NUMBER },
	[FIELD_UID] = { "uid", "e.uid", COLUMN_NUMBER },
	[FIELD_COMM] = { "comm", "e.comm", COLUMN_STRING },
	[FIELD_TYPE_NUMBER] = { NULL, "e.type", COLUMN_NUMBER },
};

#define ADDRESS(number, NAME, name) &event_kind_##name,

const struct event_kind *const event_kinds[] = { EV_TYPES(ADDRESS) NULL };

size_t event_column_count(void)
{
	size_t count = FIELD_COMMON_COUNT;

	for (size_t i = 0; event_kinds[i]; i++)
		count += event_kinds[i]->count;
	return count;
}

const struct event_column *event_column(size_t index)
{
	const struct event_kind *const *kind = event_kinds;

	if (index < FIELD_COMMON_COUNT)
		return &common_columns[index];
	index -= FIELD_COMMON_COUNT;
	for (; index >= (*kind)->count; kind++)
		index -= (*kind)->count;
	return &(*kind)->columns[index];
}

unsigned int event_column_types(size_t index)
{
	size_t type = 0;

	if (index < FIELD_COMMON_COUNT)
		return 0;
	index -= FIELD_COMMON_COUNT;
	for (; index >= event_kinds[type]->count; type++)
		index -= event_kinds[type]->count;
	return 1U << (type + 1);
}

const struct value *event_values(const struct value *row, const struct event_kind *kind)
{
	row += FIELD_COMMON_COUNT;
	for (size_t i = 0; event_kinds[i] != kind; i++)
		row += event_kinds[i]->count;
	return row;
}
