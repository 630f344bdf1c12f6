/* SPDX-License-Identifier: BSD-2-Clause */
/* The path of a cgroup as a source: it needs no file, and knows every cgroup that has a path. */
#include "consumer/container/names/name_source.h"

static bool identify(const struct name_query *query, struct cgroup_identity *ret)
{
	if (query->path_length == 0)
		return false;
	cgroup_path_parse(query->path, query->path_length, query->containerd_namespaces, ret);
	return true;
}

const struct name_source name_source_cgroup_path = { .name = "kernel", .identify = identify };
