/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/container/names/name_source.h"

static const struct name_source *const sources[] = {
	&name_source_cgroup_path,
	NULL,
};

int name_source_open(const char **ret_failed)
{
	int r = 0;

	for (size_t i = 0; !r && sources[i]; i++) {
		*ret_failed = sources[i]->name;
		if (sources[i]->open)
			r = sources[i]->open();
	}
	return r;
}

size_t name_source_directories(const char **out, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; sources[i]; i++) {
		if (!sources[i]->directory)
			continue;
		if (count < max)
			out[count] = sources[i]->directory;
		count++;
	}
	return count;
}

const char *name_source_identify(const struct name_query *query, struct cgroup_identity *ret)
{
	for (size_t i = 0; sources[i]; i++)
		if (sources[i]->identify(query, ret))
			return sources[i]->name;
	return NULL;
}

bool name_source_changed(void)
{
	bool changed = false;

	for (size_t i = 0; sources[i]; i++)
		changed = (sources[i]->changed && sources[i]->changed()) || changed;
	return changed;
}
