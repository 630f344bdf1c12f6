/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/event_kind.h"

#include "consumer/query/kind_exit.h"
#include "consumer/query/kind_fork.h"
#include "consumer/query/kind_gap.h"
#include "consumer/query/kind_lifecycle.h"
#include "consumer/query/kind_oom.h"
#include "consumer/query/kind_pressure.h"

/* e event, t its type, b boot, g cgroup, c container, p pod. */
static const struct event_column common_columns[FIELD_COMMON_COUNT] = {
	[FIELD_V] = { "v", "1", COLUMN_NUMBER, 0 },
	[FIELD_ID] = { "id", "e.id", COLUMN_DECIMAL, 0 },
	[FIELD_TYPE] = { "type", "t.name", COLUMN_STRING, 0 },
	[FIELD_TIME] = { "time", "e.time", COLUMN_TIME, 0 },
	[FIELD_TIME_NANO] = { "time_unix_nano", "e.time", COLUMN_DECIMAL, 0 },
	[FIELD_BOOT_ID] = { "boot_id", "b.boot_id", COLUMN_STRING, 0 },
	[FIELD_CGROUP_ID] = { "cgroup_id", "g.kernfs_id", COLUMN_UNSIGNED, 0 },
	[FIELD_CGROUP] = { "cgroup", "g.path", COLUMN_STRING, 0 },
	[FIELD_CONTAINER_ID] = { "container.id", "c.id", COLUMN_STRING, 0 },
	[FIELD_CONTAINER_NAME] = { "container.name", "c.name", COLUMN_STRING, 0 },
	[FIELD_CONTAINER_RUNTIME] = { "container.runtime", "c.runtime", COLUMN_STRING, 0 },
	[FIELD_CONTAINER_IMAGE] = { "container.image", "c.image", COLUMN_STRING, 0 },
	[FIELD_POD_UID] = { "pod.uid", "p.uid", COLUMN_STRING, 0 },
	[FIELD_POD_NAME] = { "pod.name", "p.name", COLUMN_STRING, 0 },
	[FIELD_POD_NAMESPACE] = { "pod.namespace", "p.namespace", COLUMN_STRING, 0 },
	[FIELD_META_SOURCE] = { "meta_source", "g.meta_source", COLUMN_STRING, 0 },
	[FIELD_PID] = { "pid", "e.pid", COLUMN_NUMBER, 0 },
	[FIELD_PPID] = { "ppid", "e.ppid", COLUMN_NUMBER, 0 },
	[FIELD_UID] = { "uid", "e.uid", COLUMN_NUMBER, 0 },
	[FIELD_COMM] = { "comm", "e.comm", COLUMN_STRING, 0 },
	[FIELD_TYPE_NUMBER] = { NULL, "e.type", COLUMN_NUMBER, 0 },
};

#ifdef CRI_TEST_KIND
extern const struct event_kind event_kind_test;
#endif

const struct event_kind *const event_kinds[] = {
	&event_kind_oom,
	&event_kind_pressure,
	&event_kind_exit,
	&event_kind_fork,
	&event_kind_lifecycle,
	&event_kind_gap,
#ifdef CRI_TEST_KIND
	&event_kind_test,
#endif
	NULL,
};

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

const struct value *event_values(const struct value *row, const struct event_kind *kind)
{
	row += FIELD_COMMON_COUNT;
	for (size_t i = 0; event_kinds[i] != kind; i++)
		row += event_kinds[i]->count;
	return row;
}
