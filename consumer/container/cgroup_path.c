/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/container/cgroup_path.h"

#include <stdbool.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define ID_LENGTH	64 /* of OCI runtimes under docker, containerd, cri-o and podman: hex */
#define BUILDKIT_LENGTH 25 /* of a build step: base 36 */
#define UUID_LENGTH	36
#define GARDEN_LENGTH	28 /* 8-4-4-4-4 hex */
#define HASH_LENGTH	32 /* a static pod's uid, an ECS task: hex */

/* Bytes of the path, never NUL-terminated. */
struct span {
	const char *at;
	size_t length;
};

static bool span_is(struct span s, const char *text)
{
	return s.length == strlen(text) && memcmp(s.at, text, s.length) == 0;
}

static bool span_starts(struct span s, const char *text)
{
	return s.length >= strlen(text) && memcmp(s.at, text, strlen(text)) == 0;
}

static bool span_ends(struct span s, const char *text)
{
	size_t length = strlen(text);

	return s.length >= length && memcmp(s.at + s.length - length, text, length) == 0;
}

static struct span span_skip(struct span s, size_t count)
{
	return (struct span){ s.at + count, s.length - count };
}

static struct span span_cut(struct span s, size_t length)
{
	return (struct span){ s.at, length < s.length ? length : s.length };
}

static struct span span_strip(struct span s, const char *end)
{
	return span_ends(s, end) ? span_cut(s, s.length - strlen(end)) : s;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Lower case only, as every runtime writes its ids. */
static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_base36(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z');
}

/* Nothing that would need escaping later: no blanks, no control characters, ASCII. */
static bool is_graphic(char c)
{
	return c > ' ' && c <= '~' && c != '/';
}

static bool span_all(struct span s, bool (*is)(char c))
{
	for (size_t i = 0; i < s.length; i++)
		if (!is(s.at[i]))
			return false;

	return true;
}

static bool is_id(struct span s)
{
	return s.length == ID_LENGTH && span_all(s, is_hex);
}

static bool is_name(struct span s)
{
	return s.length >= 1 && s.length <= CGROUP_ID_MAX && s.at[0] != '.' && span_all(s, is_graphic);
}

/* Hex digits with a separator ('-', or '_' where systemd wants it) after 8, 13, 18 and 23 characters. */
static bool is_dashed_hex(struct span s, size_t length, bool underscores)
{
	if (s.length != length)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool separator = i == 8 || i == 13 || i == 18 || i == 23;

		if (separator ? s.at[i] != '-' && !(underscores && s.at[i] == '_') : !is_hex(s.at[i]))
			return false;
	}

	return true;
}

static bool is_uuid(struct span s)
{
	return is_dashed_hex(s, UUID_LENGTH, false);
}

/* A systemd unit name's "\x2d" becomes '-'. What could not stand in a name makes it no name at all. */
static bool copy_id(char out[CGROUP_ID_MAX + 1], struct span id, bool escaped)
{
	static const char hex[] = "0123456789abcdef";
	size_t length = 0;

	for (size_t i = 0; i < id.length; i++) {
		char c = id.at[i];

		if (escaped && c == '\\') {
			if (i + 3 >= id.length || id.at[i + 1] != 'x' || !is_hex(id.at[i + 2]) || !is_hex(id.at[i + 3]))
				return false;
			c = (char)((strchr(hex, id.at[i + 2]) - hex) << 4 | (strchr(hex, id.at[i + 3]) - hex));
			i += 3;
		}
		if (!is_graphic(c))
			return false;
		out[length++] = c;
	}
	out[length] = '\0';

	return true;
}

/* One component and where it stands. */
struct place {
	struct span name; /* without .scope */
	struct span whole;
	struct span parent; /* the component before, whole; empty at the top */
	size_t depth;	    /* 1: at the top */
	bool below_ecs;
	bool from_root; /* every component before this one is known */
	const char *containerd_namespaces;
};

/* What a component says about itself. An infra cgroup has no id. */
struct match {
	const char *runtime;
	enum cgroup_kind kind;
	struct span id;
	bool escaped; /* the id is part of a systemd unit name */
};

static struct match match_container(const char *runtime, struct span id)
{
	return (struct match){ .runtime = runtime, .kind = CGROUP_CONTAINER, .id = id };
}

static const struct match no_match;

static const struct prefix_row {
	const char *prefix, *runtime;
	enum cgroup_kind kind;
} prefixes[] = {
	{ "docker-", "docker", CGROUP_CONTAINER },	   { "cri-containerd-", "containerd", CGROUP_CONTAINER },
	{ "nerdctl-", "containerd", CGROUP_CONTAINER },	   { "crio-", "cri-o", CGROUP_CONTAINER },
	{ "crio-conmon-", "cri-o", CGROUP_INFRA },	   { "libpod-", "podman", CGROUP_CONTAINER },
	{ "libpod-payload-", "podman", CGROUP_CONTAINER }, { "libpod-conmon-", "podman", CGROUP_INFRA },
};

/* "docker-ID": what systemd scopes of containers and podman's own cgroups are called. */
static struct match match_prefix(const struct place *place)
{
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (span_starts(place->name, prefixes[i].prefix)) {
			struct span id = span_skip(place->name, strlen(prefixes[i].prefix));

			if (is_id(id))
				return (struct match){ prefixes[i].runtime, prefixes[i].kind, id, false };
		}

	return no_match;
}

/* "SLICE:PREFIX:ID": the kubelet wants systemd, the runtime makes directories. */
static struct match match_colons(const struct place *place)
{
	const char *first = memchr(place->whole.at, ':', place->whole.length);
	struct span rest, prefix, id;
	const char *second;

	if (!first)
		return no_match;
	rest = span_skip(place->whole, (size_t)(first - place->whole.at) + 1);
	second = memchr(rest.at, ':', rest.length);
	if (!second)
		return no_match;

	prefix = span_cut(rest, (size_t)(second - rest.at));
	id = span_skip(rest, prefix.length + 1);
	if (!is_id(id))
		return no_match;

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (prefix.length + 1 == strlen(prefixes[i].prefix) &&
		    memcmp(prefixes[i].prefix, prefix.at, prefix.length) == 0)
			return (struct match){ prefixes[i].runtime, prefixes[i].kind, id, false };

	return no_match;
}

/* 64 hex digits alone: the directory above tells whose. */
static struct match match_bare(const struct place *place)
{
	const char *runtime = "containerd";

	if (!is_id(place->name))
		return no_match;
	if (span_is(place->parent, "docker") || span_is(place->parent, "actions_job") ||
	    (place->depth == 1 && place->from_root))
		runtime = "docker";
	else if (place->below_ecs)
		runtime = "ecs";

	return match_container(runtime, place->name);
}

/* Fargate: "TASK-NUMBER" below ecs, the whole being the id. */
static struct match match_fargate(const struct place *place)
{
	struct span s = place->name;

	if (!place->below_ecs || s.length < HASH_LENGTH + 2 || s.length > HASH_LENGTH + 21)
		return no_match;
	if (!span_all(span_cut(s, HASH_LENGTH), is_hex) || s.at[HASH_LENGTH] != '-' ||
	    !span_all(span_skip(s, HASH_LENGTH + 1), is_digit))
		return no_match;

	return match_container("ecs", s);
}

static struct match match_buildkit(const struct place *place)
{
	struct span s = place->name;

	if (span_starts(s, "docker-"))
		s = span_skip(s, strlen("docker-"));
	else if (!span_is(place->parent, "buildkit"))
		return no_match;
	if (s.length != BUILDKIT_LENGTH || !span_all(s, is_base36))
		return no_match;

	return match_container("buildkit", s);
}

static struct match match_garden(const struct place *place)
{
	if (!span_is(place->parent, "garden") || !is_dashed_hex(place->name, GARDEN_LENGTH, false))
		return no_match;

	return match_container("garden", place->name);
}

static struct match match_mesos(const struct place *place)
{
	if (!span_is(place->parent, "mesos") || !is_uuid(place->name))
		return no_match;

	return match_container("mesos", place->name);
}

/* "ALLOCATION" or "ALLOCATION.TASK". */
static struct match match_nomad(const struct place *place)
{
	bool known = span_is(place->parent, "nomad") || span_is(place->parent, "nomad.slice") ||
		     span_is(place->parent, "share.slice") || span_is(place->parent, "reserve.slice");

	if (!known || !is_uuid(span_cut(place->name, UUID_LENGTH)) || !is_name(place->name))
		return no_match;
	if (place->name.length > UUID_LENGTH && place->name.at[UUID_LENGTH] != '.' &&
	    place->name.at[UUID_LENGTH] != '-')
		return no_match;

	return match_container("nomad", place->name);
}

static struct match match_bpm(const struct place *place)
{
	struct span name = place->name;

	if (!span_starts(name, "bpm-"))
		return no_match;
	name = span_skip(name, strlen("bpm-"));

	return is_name(name) ? match_container("bpm", name) : no_match;
}

/* LXC up to 3: lxc/NAME; 4 and later: lxc.payload.NAME beside lxc.monitor.NAME, or with '/'. */
static struct match match_lxc(const struct place *place)
{
	struct span name = place->whole;

	if (span_is(name, "lxc.monitor") || span_starts(name, "lxc.monitor."))
		return (struct match){ .runtime = "lxc", .kind = CGROUP_INFRA };
	if (span_starts(name, "lxc.payload."))
		name = span_skip(name, strlen("lxc.payload."));
	else if (!span_is(place->parent, "lxc") && !span_is(place->parent, "lxc.payload"))
		return no_match;

	return is_name(name) ? match_container("lxc", name) : no_match;
}

/* The monitor of podman without systemd, and what holds a rootless user's namespaces open. */
static struct match match_podman_infra(const struct place *place)
{
	if ((span_is(place->whole, "conmon") && span_is(place->parent, "libpod_parent")) ||
	    (span_starts(place->whole, "podman-pause-") && span_ends(place->whole, ".scope")))
		return (struct match){ .runtime = "podman", .kind = CGROUP_INFRA };

	return no_match;
}

static struct match match_unit_name(const char *runtime, struct span name)
{
	struct match match = match_container(runtime, name);
	char unescaped[CGROUP_ID_MAX + 1];

	match.escaped = true;
	return is_name(name) && copy_id(unescaped, name, true) ? match : no_match;
}

/* systemd-machined: containers of nspawn and libvirt-lxc; virtual machines are registered there too. */
static struct match match_machine(const struct place *place)
{
	static const char lxc[] = "machine-lxc\\x2d", qemu[] = "machine-qemu\\x2d", dash[] = "\\x2d";
	struct span name = place->name;
	size_t digits = 0;

	if (!span_is(place->parent, "machine.slice"))
		return no_match;
	if (span_starts(place->whole, "systemd-nspawn@") && span_ends(place->whole, ".service"))
		return match_unit_name("nspawn", span_strip(span_skip(name, strlen("systemd-nspawn@")), ".service"));
	if (!span_starts(name, "machine-") || !span_ends(place->whole, ".scope") || span_starts(name, qemu))
		return no_match;
	if (!span_starts(name, lxc))
		return match_unit_name("nspawn", span_skip(name, strlen("machine-")));

	/* machine-lxc\x2dPID\x2dNAME */
	name = span_skip(name, strlen(lxc));
	while (digits < name.length && is_digit(name.at[digits]))
		digits++;
	name = span_skip(name, digits);
	if (digits == 0 || !span_starts(name, dash))
		return no_match;

	return match_unit_name("libvirt-lxc", span_skip(name, strlen(dash)));
}

static bool list_has(const char *list, struct span word)
{
	while (list && *list) {
		size_t length = strcspn(list, ",");
		struct span item = { list, length };

		while (item.length && *item.at == ' ')
			item = span_skip(item, 1);
		while (item.length && item.at[item.length - 1] == ' ')
			item.length--;
		if (item.length && item.length == word.length && memcmp(item.at, word.at, word.length) == 0)
			return true;
		list += length + (list[length] == ',');
	}

	return false;
}

/* "/NAMESPACE/NAME" without systemd; any other pair of directories looks the same, hence the list. */
static struct match match_containerd(const struct place *place)
{
	if (place->depth != 2 || !place->from_root || !is_name(place->name) ||
	    !list_has(place->containerd_namespaces, place->parent))
		return no_match;

	return match_container("containerd", place->name);
}

static struct match (*const matchers[])(const struct place *place) = {
	match_prefix, match_bare, match_fargate, match_buildkit,     match_garden,  match_mesos,
	match_nomad,  match_bpm,  match_lxc,	 match_podman_infra, match_machine, match_containerd,
};

/* Units that hold other cgroups or no processes at all, whatever their name contains. */
static bool never_bears(struct span name)
{
	static const char *const endings[] = { ".mount", ".swap", ".socket", ".slice", ".service" };

	if (span_starts(name, "systemd-nspawn@"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		if (span_ends(name, endings[i]))
			return true;

	return false;
}

static struct match match_component(const struct place *place)
{
	struct match match = match_colons(place);

	if (match.kind || never_bears(place->whole))
		return match;
	for (size_t i = 0; i < ARRAY_SIZE(matchers) && !match.kind; i++)
		match = matchers[i](place);

	return match;
}

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
	struct span container, outer; /* ids; empty: none. outer is around current */
	bool container_escaped, outer_escaped;
	struct pod pod;	 /* below current; only a container at or below it makes it that container's pod */
	const char *qos; /* named by a cgroup between current and here */
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
	static const size_t lengths[] = { UUID_LENGTH, HASH_LENGTH };

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
		if (!is_dashed_hex(uid, UUID_LENGTH, true) && !(lengths[i] == HASH_LENGTH && span_all(uid, is_hex)))
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

static bool same_text(struct span a, struct span b)
{
	return a.length == b.length && memcmp(a.at, b.at, a.length) == 0;
}

static void walk_match(struct walk *walk, const struct match *match, size_t end)
{
	/*
	 * Inside a container (a cluster node, say) a helper is that container's own business; and a container
	 * that may make cgroups must not hide in one that is called like a helper.
	 */
	if (match->kind == CGROUP_INFRA && walk->container.length)
		return;

	/* A cgroup of the same container below its own: the outer one stays its beginning. */
	if (walk->container.length && same_text(match->id, walk->container))
		return;

	walk->outer = walk->container;
	walk->outer_escaped = walk->container_escaped;
	walk->container = match->kind == CGROUP_CONTAINER ? match->id : (struct span){ 0 };
	walk->container_escaped = match->escaped;
	walk->current = *match;
	walk->current_end = end;
	walk->current_pod = walk->pod;
	walk->pod = (struct pod){ 0 };
	walk->qos = NULL;
}

static void walk_path(struct walk *walk, struct span path, const char *containerd_namespaces)
{
	struct place place = { .containerd_namespaces = containerd_namespaces };
	bool fragment = path.length > 0 && path.at[0] != '/';

	place.from_root = !fragment && !span_starts(path, "/..");
	walk->qos_visible = place.from_root;
	for (size_t i = 0, start; i < path.length; i++) {
		struct match match;

		for (start = i; i < path.length && path.at[i] != '/';)
			i++;
		if (i == start)
			continue;

		place.whole = (struct span){ path.at + start, i - start };
		place.name = span_strip(place.whole, ".scope");
		place.depth++;
		walk_pod(walk, place.whole);
		match = fragment && place.depth == 1 ? no_match : match_component(&place);
		if (match.kind)
			walk_match(walk, &match, i);

		place.below_ecs = place.below_ecs || span_is(place.whole, "ecs");
		place.parent = place.whole;
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
		(void)copy_id(ret->outer_id, walk->outer, walk->outer_escaped);

	if (ret->kind == CGROUP_CONTAINER) {
		(void)copy_id(ret->container_id, walk->container, walk->container_escaped);
		ret->container_path_length = walk->current_end;
	}
}

void cgroup_path_parse(const char *path, size_t length, const char *containerd_namespaces, struct cgroup_identity *ret)
{
	struct walk walk = { 0 };

	memset(ret, 0, sizeof(*ret));
	ret->kind = CGROUP_NONE;
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
