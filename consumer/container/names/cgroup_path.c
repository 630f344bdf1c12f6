/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/container/names/cgroup_path.h"

#include <stdbool.h>
#include <string.h>

#include "consumer/container/names/component.h"
#include "consumer/container/names/span.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* A pod found on the way, waiting for the container below it. */
struct pod {
	struct span uid;
	const char *qos;
};

/* What was found so far, from the top down. */
struct walk {
	struct match current; /* the innermost container or helper */
	size_t current_end;   /* of its outermost cgroup in the path */
	struct pod current_pod;
	int64_t current_owner;
	bool current_delegated;
	struct span container, outer; /* ids; empty: none. outer is around current */
	bool container_escaped, outer_escaped;
	struct pod pod;	 /* below current; only a container at or below it makes it that container's pod */
	const char *qos; /* named by a cgroup between current and here */
	int64_t owner; /* of the outermost user tree around the outermost container */
	bool in_unit;  /* a service or scope of the host was passed */
	bool delegated; /* the outermost of them is no runtime's */
	bool kubernetes;
	bool qos_visible; /* all cgroups that could name the class are in the path */
};

static const char *const qos_classes[] = { "besteffort", "burstable" };

/* The class at the end of "kubepods-burstable", "burstable", "kubelet-kubepods-burstable-". */
static const char *qos_at_end(struct span s)
{
	s = span_strip(s, "-");
	for (size_t i = 0; i < ARRAY_SIZE(qos_classes); i++) {
		struct span before;

		if (!span_ends(s, qos_classes[i]))
			continue;
		before = span_cut(s, s.length - strlen(qos_classes[i]));
		if (before.length == 0 || span_ends(before, "-"))
			return qos_classes[i];
	}

	return NULL;
}

/* "[...-]podUID", .slice and whatever follows a colon already removed. */
static bool find_pod_uid(struct span s, struct span *ret_before, struct span *ret_uid)
{
	static const size_t lengths[] = { COMPONENT_UUID_LENGTH, COMPONENT_HASH_LENGTH };

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct span before, uid;

		if (s.length < lengths[i] + 3)
			continue;
		uid = span_skip(s, s.length - lengths[i]);
		before = span_cut(s, s.length - lengths[i]);
		if (!span_ends(before, "pod"))
			continue;
		before = span_cut(before, before.length - 3);
		if (before.length && !span_ends(before, "-"))
			continue;
		if (!is_dashed_hex(uid, COMPONENT_UUID_LENGTH, true) && !(lengths[i] == COMPONENT_HASH_LENGTH && span_all(uid, is_hex)))
			continue;

		*ret_before = before;
		*ret_uid = uid;
		return true;
	}

	return false;
}

static void walk_pod(struct walk *walk, struct span component)
{
	const char *colon = memchr(component.at, ':', component.length);
	struct span name, before, uid;
	const char *qos;

	name = colon ? span_cut(component, (size_t)(colon - component.at)) : component;
	name = span_strip(name, ".slice");

	if (find_pod_uid(name, &before, &uid)) {
		qos = qos_at_end(before);
		if (!qos)
			qos = walk->qos ? walk->qos : walk->qos_visible ? "guaranteed" : "unknown";
		walk->pod = (struct pod){ uid, qos };
		return;
	}

	qos = qos_at_end(name);
	if (qos)
		walk->qos = qos;
	if (span_is(name, "kubepods") || span_starts(name, "kubepods-") || span_ends(name, "-kubepods"))
		walk->kubernetes = true;
}

/* The uid between `before` and `after`, a decimal number as systemd writes it; CGROUP_NO_OWNER: the name is another. */
static int64_t uid_between(struct span name, const char *before, const char *after)
{
	struct span digits;
	int64_t uid = 0;

	if (!span_starts(name, before) || !span_ends(name, after) || name.length <= strlen(before) + strlen(after))
		return CGROUP_NO_OWNER;
	digits = span_strip(span_skip(name, strlen(before)), after);
	if (digits.length > 10 || (digits.length > 1 && digits.at[0] == '0'))
		return CGROUP_NO_OWNER;
	for (size_t i = 0; i < digits.length; i++) {
		if (digits.at[i] < '0' || digits.at[i] > '9')
			return CGROUP_NO_OWNER;
		uid = 10 * uid + (digits.at[i] - '0');
	}
	return uid < UINT32_MAX ? uid : CGROUP_NO_OWNER;
}

/* Outside of containers only: inside, whoever is root there chose the names. */
static void walk_owner(struct walk *walk, struct span component)
{
	if (walk->container.length)
		return;
	if (walk->owner == CGROUP_NO_OWNER)
		walk->owner = uid_between(component, "user@", ".service");
	if (walk->owner == CGROUP_NO_OWNER)
		walk->owner = uid_between(component, "user-", ".slice");
}

/* A unit of systemd, or /user, where pam_cgfs makes cgroups for users who log in. */
static bool is_unit(const struct component *component)
{
	return span_ends(component->whole, ".service") || span_ends(component->whole, ".scope") ||
	       (component->depth == 1 && component->from_root && span_is(component->whole, "user"));
}

/* The outermost unit decides: below it, the names are those that its processes chose. */
static void walk_unit(struct walk *walk, const struct component *component)
{
	if (walk->container.length || walk->in_unit)
		return;
	walk->in_unit = is_unit(component);
	walk->delegated = walk->in_unit && !component_is_runtime(component->whole);
}

static bool same_text(struct span a, struct span b)
{
	return a.length == b.length && memcmp(a.at, b.at, a.length) == 0;
}

static void walk_match(struct walk *walk, const struct match *match, size_t end)
{
	/*
	 * A helper inside a container (for example inside the node of a cluster in containers) belongs to that
	 * container. Otherwise a container that may make cgroups could hide its processes in one named like a helper.
	 */
	if (match->kind == CGROUP_INFRA && walk->container.length)
		return;

	/* A cgroup of the same container below its outermost one, which stays its outermost one. */
	if (walk->container.length && same_text(match->id, walk->container))
		return;

	walk->outer = walk->container;
	walk->outer_escaped = walk->container_escaped;
	walk->container = match->kind == CGROUP_CONTAINER ? match->id : (struct span){ 0 };
	walk->container_escaped = match->escaped;
	walk->current = *match;
	walk->current_end = end;
	walk->current_pod = walk->pod;
	walk->current_owner = walk->owner;
	walk->current_delegated = walk->delegated;
	walk->pod = (struct pod){ 0 };
	walk->qos = NULL;
}

static void walk_path(struct walk *walk, struct span path, const char *containerd_namespaces)
{
	struct component component = { .containerd_namespaces = containerd_namespaces };
	bool fragment = path.length > 0 && path.at[0] != '/';

	component.from_root = !fragment && !span_starts(path, "/..");
	walk->qos_visible = component.from_root;
	for (size_t i = 0, start; i < path.length; i++) {
		struct match match = { .kind = CGROUP_UNKNOWN };

		for (start = i; i < path.length && path.at[i] != '/';)
			i++;
		if (i == start)
			continue;

		component.whole = (struct span){ path.at + start, i - start };
		component.name = span_strip(component.whole, ".scope");
		component.depth++;
		walk_pod(walk, component.whole);
		if (!fragment || component.depth > 1) {
			match = component_match(&component);
			walk_owner(walk, component.whole);
			if (!match.kind)
				walk_unit(walk, &component);
		}
		if (match.kind)
			walk_match(walk, &match, i);

		component.below_ecs = component.below_ecs || span_is(component.whole, "ecs");
		component.parent = component.whole;
	}
}

static void copy_pod(struct cgroup_identity *identity, const struct pod *pod)
{
	for (size_t i = 0; i < pod->uid.length; i++)
		identity->pod_uid[i] = pod->uid.at[i] == '_' ? '-' : pod->uid.at[i];
	if (pod->qos)
		memcpy(identity->qos, pod->qos, strlen(pod->qos));
}

static void conclude_match(const struct walk *walk, struct cgroup_identity *ret)
{
	ret->kind = walk->current.kind;
	ret->runtime = walk->current.runtime;
	copy_pod(ret, &walk->current_pod);
	if (walk->outer.length)
		(void)component_copy_id(ret->outer_id, walk->outer, walk->outer_escaped);

	if (ret->kind == CGROUP_CONTAINER) {
		(void)component_copy_id(ret->container_id, walk->container, walk->container_escaped);
		ret->container_path_length = walk->current_end;
		ret->owner_uid = walk->current_owner;
		ret->delegated = walk->current_delegated;
	}
}

void cgroup_path_parse(const char *path, size_t length, const char *containerd_namespaces, struct cgroup_identity *ret)
{
	struct walk walk = { .owner = CGROUP_NO_OWNER };

	memset(ret, 0, sizeof(*ret));
	ret->kind = CGROUP_NONE;
	ret->owner_uid = CGROUP_NO_OWNER;
	walk_path(&walk, (struct span){ path, length }, containerd_namespaces);

	if (walk.current.kind) {
		conclude_match(&walk, ret);
	} else if (walk.pod.uid.length) {
		ret->kind = CGROUP_POD;
		ret->runtime = "kubernetes";
		copy_pod(ret, &walk.pod);
	} else if (walk.kubernetes) {
		ret->runtime = "kubernetes";
	}
}

const char *cgroup_kind_name(enum cgroup_kind kind)
{
	static const char *const names[CGROUP_KIND_COUNT] = {
		[CGROUP_UNKNOWN] = "unknown", [CGROUP_NONE] = "none",	[CGROUP_CONTAINER] = "container",
		[CGROUP_POD] = "pod",	      [CGROUP_INFRA] = "infra",
	};

	return (unsigned int)kind < CGROUP_KIND_COUNT ? names[kind] : names[CGROUP_UNKNOWN];
}
