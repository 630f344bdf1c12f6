/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/kind_oom.h"

enum oom_scope kind_oom_scope(const struct place *victim, const struct place *limit, uint32_t constraint)
{
	if (constraint == EV_CONSTRAINT_CPUSET)
		return OOM_SCOPE_CPUSET;
	if (constraint == EV_CONSTRAINT_MEMPOLICY)
		return OOM_SCOPE_MEMPOLICY;
	if (limit->key.id == 0)
		return constraint == EV_CONSTRAINT_NONE ? OOM_SCOPE_NODE : OOM_SCOPE_UNKNOWN;
	if (limit->kind == CGROUP_UNKNOWN)
		return OOM_SCOPE_UNKNOWN;
	if (limit->container && limit->container == victim->container)
		return OOM_SCOPE_CONTAINER;
	if (limit->kind == CGROUP_POD)
		return OOM_SCOPE_POD;
	if (limit->key.id == victim->key.id && limit->key.hierarchy == victim->key.hierarchy)
		return OOM_SCOPE_CGROUP;
	return OOM_SCOPE_ANCESTOR;
}
