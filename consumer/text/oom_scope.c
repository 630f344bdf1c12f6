/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/text/oom_scope.h"

#include <stddef.h>
#include <string.h>

static const char *const names[OOM_SCOPE_COUNT] = {
	[OOM_SCOPE_CONTAINER] = "container", [OOM_SCOPE_POD] = "pod",
	[OOM_SCOPE_CGROUP] = "cgroup",       [OOM_SCOPE_ANCESTOR] = "ancestor",
	[OOM_SCOPE_NODE] = "node",           [OOM_SCOPE_CPUSET] = "cpuset",
	[OOM_SCOPE_MEMPOLICY] = "mempolicy",
};

const char *oom_scope_name(enum oom_scope scope)
{
	return (unsigned int)scope < OOM_SCOPE_COUNT ? names[scope] : NULL;
}

enum oom_scope oom_scope_from_name(const char *name)
{
	for (unsigned int scope = 1; name && scope < OOM_SCOPE_COUNT; scope++)
		if (strcmp(names[scope], name) == 0)
			return (enum oom_scope)scope;

	return OOM_SCOPE_UNKNOWN;
}
