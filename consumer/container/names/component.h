/* SPDX-License-Identifier: BSD-2-Clause */
/* One component of a cgroup path: whether its name is that of a container, and of which runtime. Pure. */
#ifndef CRI_CONSUMER_CONTAINER_NAMES_COMPONENT_H
#define CRI_CONSUMER_CONTAINER_NAMES_COMPONENT_H

#include "consumer/container/names/cgroup_path.h"
#include "consumer/container/names/span.h"

#define COMPONENT_UUID_LENGTH 36
#define COMPONENT_HASH_LENGTH 32 /* a static pod's uid, an ECS task: hex */

/* A component and its place in the path. */
struct component {
	struct span name; /* without .scope */
	struct span whole;
	struct span parent; /* the component before it, whole; empty at the top */
	size_t depth;	    /* 1: at the top */
	bool below_ecs;
	bool from_root; /* all components before it are known */
	const char *containerd_namespaces; /* as in cgroup_path_parse */
};

/* What the name of a component says. A CGROUP_INFRA match may have no id. */
struct match {
	const char *runtime;
	enum cgroup_kind kind; /* CGROUP_UNKNOWN: nothing */
	struct span id;
	bool escaped; /* the id is part of a systemd unit name */
};

struct match component_match(const struct component *component);

/* Whether this is the service of a container runtime or an orchestrator, which makes cgroups of containers below its own. */
bool component_is_runtime(struct span whole);

/*
 * Copies an id. escaped: "\x2d" of a systemd unit name becomes '-'. False when the id holds a character that no name
 * may hold; then `out` has no meaning.
 */
bool component_copy_id(char out[CGROUP_ID_MAX + 1], struct span id, bool escaped);

#endif
