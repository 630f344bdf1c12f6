/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/oom_scope.h"

#include <stddef.h>

const char *oom_scope_name(const struct place *victim, const struct place *limit, uint32_t constraint)
{
	if (constraint == EV_CONSTRAINT_CPUSET)
		return "cpuset";
	if (constraint == EV_CONSTRAINT_MEMPOLICY)
		return "mempolicy";
	if (limit->key.id == 0)
		return constraint == EV_CONSTRAINT_NONE ? "node" : NULL;
	if (limit->kind == CGROUP_UNKNOWN)
		return NULL; /* nobody can say what it is */
	if (limit->container && limit->container == victim->container)
		return "container";
	if (limit->kind == CGROUP_POD)
		return "pod";
	if (limit->key.id == victim->key.id && limit->key.hierarchy == victim->key.hierarchy)
		return "cgroup";
	return "ancestor";
}
