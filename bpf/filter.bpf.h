/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which exits, forks and cgroup events are recorded: those of containers, and of cgroups that the recorder has not
 * classified yet; with record_host, all. */
#ifndef CRI_BPF_FILTER_H
#define CRI_BPF_FILTER_H

#include "bpf/emit.bpf.h"
#include "bpf/task.bpf.h"

static __always_inline bool filter_class_is_host(const struct map_metadata *m)
{
	return m->class == META_HOST || m->class == META_HOST_RECORDED;
}

/*
 * Returns false, and counts the event as filtered, when the cgroup is the host's. Else *room is the class of the record.
 * c: the counters of the kind, which also remember the last container on this CPU: what is a container stays one, and its
 * number is never used again, so that `metadata` need not be searched for each exit of a storm.
 */
static __always_inline bool filter_bulk(struct map_counters *c, const struct ev_cgroup *cgroup, enum emit_room *room)
{
	struct map_metadata *m;

	*room = EMIT_BULK;
	if (likely(cfg_record_host || c->container == cgroup->id))
		return true;
	m = bpf_map_lookup_elem(&metadata, cgroup);
	if (!m || m->class == META_UNKNOWN) {
		*room = EMIT_UNCLASSIFIED;
		return true;
	}
	if (m->class == META_CONTAINER)
		c->container = cgroup->id;
	if (m->class != META_HOST)
		return true;
	count(&c->filtered);
	return false;
}

/* True when the events of this cgroup are not recorded. Counts nothing. */
static __always_inline bool filter_is_host(const struct ev_cgroup *cgroup)
{
	struct map_metadata *m = bpf_map_lookup_elem(&metadata, cgroup);

	return m && m->class == META_HOST && !cfg_record_host;
}

/* True when the current process is certainly none of a container. */
static __always_inline bool filter_current_is_host(void)
{
	struct ev_cgroup cgroup = {};
	struct map_metadata *m;

	task_identify_cgroup(false, (struct task_struct *)bpf_get_current_task(), &cgroup);
	m = bpf_map_lookup_elem(&metadata, &cgroup);
	return m && filter_class_is_host(m);
}

#endif
