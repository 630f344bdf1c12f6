/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/container/names/component.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define ID_LENGTH	64 /* of OCI runtimes under docker, containerd, cri-o and podman: hex */
#define BUILDKIT_LENGTH 25 /* of a build step: base 36 */
#define GARDEN_LENGTH	28 /* 8-4-4-4-4 hex */

static bool is_id(struct span s)
{
	return s.length == ID_LENGTH && span_all(s, is_hex);
}

static bool is_name(struct span s)
{
	return s.length >= 1 && s.length <= CGROUP_ID_MAX && s.at[0] != '.' && span_all(s, is_graphic);
}

static bool is_uuid(struct span s)
{
	return is_dashed_hex(s, COMPONENT_UUID_LENGTH, false);
}

bool component_copy_id(char out[CGROUP_ID_MAX + 1], struct span id, bool escaped)
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

static const struct match no_match;

static struct match match_container(const char *runtime, struct span id)
{
	return (struct match){ .runtime = runtime, .kind = CGROUP_CONTAINER, .id = id };
}

static const struct prefix_row {
	const char *prefix, *runtime;
	enum cgroup_kind kind;
} prefixes[] = {
	{ "docker-", "docker", CGROUP_CONTAINER },	   { "cri-containerd-", "containerd", CGROUP_CONTAINER },
	{ "nerdctl-", "containerd", CGROUP_CONTAINER },	   { "crio-", "cri-o", CGROUP_CONTAINER },
	{ "crio-conmon-", "cri-o", CGROUP_INFRA },	   { "libpod-", "podman", CGROUP_CONTAINER },
	{ "libpod-payload-", "podman", CGROUP_CONTAINER }, { "libpod-conmon-", "podman", CGROUP_INFRA },
};

/* "docker-ID": names of systemd scopes, and of podman's own cgroups. */
static struct match match_prefix(const struct component *component)
{
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (span_starts(component->name, prefixes[i].prefix)) {
			struct span id = span_skip(component->name, strlen(prefixes[i].prefix));

			if (is_id(id))
				return (struct match){ prefixes[i].runtime, prefixes[i].kind, id, false };
		}

	return no_match;
}

/* "SLICE:PREFIX:ID": the kubelet uses the systemd driver, the runtime makes directories itself. */
static struct match match_colons(const struct component *component)
{
	const char *first = memchr(component->whole.at, ':', component->whole.length);
	struct span rest, prefix, id;
	const char *second;

	if (!first)
		return no_match;
	rest = span_skip(component->whole, (size_t)(first - component->whole.at) + 1);
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

/* 64 hex digits alone: the runtime follows from the directory above. */
static struct match match_bare(const struct component *component)
{
	const char *runtime = "containerd";

	if (!is_id(component->name))
		return no_match;
	if (span_is(component->parent, "docker") || span_is(component->parent, "actions_job") ||
	    (component->depth == 1 && component->from_root))
		runtime = "docker";
	else if (component->below_ecs)
		runtime = "ecs";

	return match_container(runtime, component->name);
}

/* Fargate: "TASK-NUMBER" below ecs; the id is all of it. */
static struct match match_fargate(const struct component *component)
{
	struct span s = component->name;

	if (!component->below_ecs || s.length < COMPONENT_HASH_LENGTH + 2 || s.length > COMPONENT_HASH_LENGTH + 21)
		return no_match;
	if (!span_all(span_cut(s, COMPONENT_HASH_LENGTH), is_hex) || s.at[COMPONENT_HASH_LENGTH] != '-' ||
	    !span_all(span_skip(s, COMPONENT_HASH_LENGTH + 1), is_digit))
		return no_match;

	return match_container("ecs", s);
}

static struct match match_buildkit(const struct component *component)
{
	struct span s = component->name;

	if (span_starts(s, "docker-"))
		s = span_skip(s, strlen("docker-"));
	else if (!span_is(component->parent, "buildkit"))
		return no_match;
	if (s.length != BUILDKIT_LENGTH || !span_all(s, is_base36))
		return no_match;

	return match_container("buildkit", s);
}

static struct match match_garden(const struct component *component)
{
	if (!span_is(component->parent, "garden") || !is_dashed_hex(component->name, GARDEN_LENGTH, false))
		return no_match;

	return match_container("garden", component->name);
}

static struct match match_mesos(const struct component *component)
{
	if (!span_is(component->parent, "mesos") || !is_uuid(component->name))
		return no_match;

	return match_container("mesos", component->name);
}

/* Nomad: the UUID of an allocation, alone or followed by "." or "-" and the name of a task. */
static struct match match_nomad(const struct component *component)
{
	bool known = span_is(component->parent, "nomad") || span_is(component->parent, "nomad.slice") ||
		     span_is(component->parent, "share.slice") || span_is(component->parent, "reserve.slice");

	if (!known || !is_uuid(span_cut(component->name, COMPONENT_UUID_LENGTH)) || !is_name(component->name))
		return no_match;
	if (component->name.length > COMPONENT_UUID_LENGTH && component->name.at[COMPONENT_UUID_LENGTH] != '.' &&
	    component->name.at[COMPONENT_UUID_LENGTH] != '-')
		return no_match;

	return match_container("nomad", component->name);
}

static struct match match_bpm(const struct component *component)
{
	struct span name = component->name;

	if (!span_starts(name, "bpm-"))
		return no_match;
	name = span_skip(name, strlen("bpm-"));

	return is_name(name) ? match_container("bpm", name) : no_match;
}

/* LXC up to 3: lxc/NAME; 4 and later: lxc.payload.NAME beside lxc.monitor.NAME, or with '/'. */
static struct match match_lxc(const struct component *component)
{
	struct span name = component->whole;

	if (span_is(name, "lxc.monitor") || span_starts(name, "lxc.monitor."))
		return (struct match){ .runtime = "lxc", .kind = CGROUP_INFRA };
	if (span_starts(name, "lxc.payload."))
		name = span_skip(name, strlen("lxc.payload."));
	else if (!span_is(component->parent, "lxc") && !span_is(component->parent, "lxc.payload"))
		return no_match;

	return is_name(name) ? match_container("lxc", name) : no_match;
}

/* The monitor of podman without systemd, and the process that keeps a rootless user's namespaces open. */
static struct match match_podman_infra(const struct component *component)
{
	if ((span_is(component->whole, "conmon") && span_is(component->parent, "libpod_parent")) ||
	    (span_starts(component->whole, "podman-pause-") && span_ends(component->whole, ".scope")))
		return (struct match){ .runtime = "podman", .kind = CGROUP_INFRA };

	return no_match;
}

static struct match match_unit_name(const char *runtime, struct span name)
{
	struct match match = match_container(runtime, name);
	char unescaped[CGROUP_ID_MAX + 1];

	match.escaped = true;
	return is_name(name) && component_copy_id(unescaped, name, true) ? match : no_match;
}

/* systemd-machined: containers of nspawn and libvirt-lxc; virtual machines are registered there too. */
static struct match match_machine(const struct component *component)
{
	static const char lxc[] = "machine-lxc\\x2d", qemu[] = "machine-qemu\\x2d", dash[] = "\\x2d";
	struct span name = component->name;
	size_t digits = 0;

	if (!span_is(component->parent, "machine.slice"))
		return no_match;
	if (span_starts(component->whole, "systemd-nspawn@") && span_ends(component->whole, ".service"))
		return match_unit_name("nspawn", span_strip(span_skip(name, strlen("systemd-nspawn@")), ".service"));
	if (!span_starts(name, "machine-") || !span_ends(component->whole, ".scope") || span_starts(name, qemu))
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

/* "/NAMESPACE/NAME" without systemd; any other pair of directories looks the same, so only those in the list are taken. */
static struct match match_containerd(const struct component *component)
{
	if (component->depth != 2 || !component->from_root || !is_name(component->name) ||
	    !list_has(component->containerd_namespaces, component->parent))
		return no_match;

	return match_container("containerd", component->name);
}

static struct match (*const matchers[])(const struct component *component) = {
	match_prefix, match_bare, match_fargate, match_buildkit,     match_garden,  match_mesos,
	match_nomad,  match_bpm,  match_lxc,	 match_podman_infra, match_machine, match_containerd,
};

/* Units that are no container, whatever their name contains. */
static bool never_contains(struct span name)
{
	static const char *const endings[] = { ".mount", ".swap", ".socket", ".slice", ".service" };

	if (span_starts(name, "systemd-nspawn@"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		if (span_ends(name, endings[i]))
			return true;

	return false;
}

struct match component_match(const struct component *component)
{
	struct match match = match_colons(component);

	if (match.kind || never_contains(component->whole))
		return match;
	for (size_t i = 0; i < ARRAY_SIZE(matchers) && !match.kind; i++)
		match = matchers[i](component);

	return match;
}

bool component_is_runtime(struct span whole)
{
	static const char *const services[] = {
		"docker.service",
		"containerd.service",
		"crio.service",
		"podman.service",
		"buildkit.service",
		"kubelet.service",
		"k3s.service",
		"k3s-agent.service",
		"rke2-server.service",
		"rke2-agent.service",
		"k0scontroller.service",
		"k0sworker.service",
		"nomad.service",
		"lxd.service",
		"incus.service",
		"snap.docker.dockerd.service",
		"snap.lxd.daemon.service",
		"snap.microk8s.daemon-containerd.service",
		"snap.microk8s.daemon-kubelite.service",
	};

	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		if (span_is(whole, services[i]))
			return true;
	return false;
}
