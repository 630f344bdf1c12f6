/* SPDX-License-Identifier: BSD-2-Clause */
/* The limit that an OOM kill enforced, in relation to the victim. The names are stored in the database. */
#ifndef CRI_CONSUMER_TEXT_OOM_SCOPE_H
#define CRI_CONSUMER_TEXT_OOM_SCOPE_H

enum oom_scope {
	OOM_SCOPE_UNKNOWN = 0,
	OOM_SCOPE_CONTAINER, /* a limit of the victim's container, or of a cgroup inside it */
	OOM_SCOPE_POD,       /* the limit of the victim's pod */
	OOM_SCOPE_CGROUP,    /* the limit of the victim's own cgroup, outside any container */
	OOM_SCOPE_ANCESTOR,  /* the limit of any other cgroup above the victim's */
	OOM_SCOPE_NODE,      /* no limit: the machine was out of memory */
	OOM_SCOPE_CPUSET,    /* no limit: the NUMA nodes allowed by cpuset.mems were out of memory */
	OOM_SCOPE_MEMPOLICY, /* no limit: the NUMA nodes of the task's memory policy were out of memory */
	OOM_SCOPE_COUNT,
};

/* "container", "pod", ...; NULL for OOM_SCOPE_UNKNOWN. Static. */
const char *oom_scope_name(enum oom_scope scope);
/* OOM_SCOPE_UNKNOWN for NULL and for an unknown name. */
enum oom_scope oom_scope_from_name(const char *name);

#endif
