/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/container/names/cgroup_path.h"
#include "tests/harness.h"

#define NAMESPACES "default,moby,k8s.io"
#define C	   "201255379175636a9d8996b54b85f4d738e5b78e61870cf8cc630d505f274ad6"
#define N	   "359ad8794ad1ab5abfbbdfc412b48266f4e3ad1919f859df6d8547c91105859b"
#define U	   "3f9c1d2e-7a41-4b0c-9d55-0a1b2c3d4e5f"

static void parse(const char *path, struct cgroup_identity *ret)
{
	/* A copy without NUL on the heap: reading beyond the length is seen by the address sanitizer. */
	size_t length = strlen(path);
	AUTO_FREE char *copy = malloc(length ? length : 1);

	assert_non_null(copy);
	memcpy(copy, path, length);
	memset(ret, '#', sizeof(*ret));
	cgroup_path_parse(copy, length, NAMESPACES, ret);
}

enum column { PATH, RUNTIME, KIND, CONTAINER_ID, POD_UID, QOS, OUTER_ID, OWNER_UID, DELEGATED, COLUMNS };

static void check_vector(char *line)
{
	struct cgroup_identity identity;
	const char *column[COLUMNS];

	for (int i = 0; i < COLUMNS; i++) {
		column[i] = strsep(&line, "\t");
		assert_non_null(column[i]);
	}
	parse(column[PATH], &identity);

	row_string(column[PATH], identity.runtime ? identity.runtime : "", column[RUNTIME]);
	row_string(column[PATH], cgroup_kind_name(identity.kind), column[KIND]);
	row_string(column[PATH], identity.container_id, column[CONTAINER_ID]);
	row_string(column[PATH], identity.pod_uid, column[POD_UID]);
	row_string(column[PATH], identity.qos, column[QOS]);
	row_string(column[PATH], identity.outer_id, column[OUTER_ID]);
	row_equal(column[PATH], identity.owner_uid, column[OWNER_UID][0] ? strtol(column[OWNER_UID], NULL, 10) : CGROUP_NO_OWNER);
	row_equal(column[PATH], identity.delegated, strcmp(column[DELEGATED], "yes") == 0);
	row_equal(column[PATH], identity.container_path_length > 0, identity.kind == CGROUP_CONTAINER);
}

/* Paths of real systems: tests/unit/cgroup-paths.tsv. */
static void test_vectors(void **state)
{
	AUTO_FCLOSE FILE *file = harness_open_data("cgroup-paths.tsv");
	char line[2048];
	int count = 0;

	(void)state;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || !line[0])
			continue;
		check_vector(line);
		count++;
	}
	assert_true(count >= 70);
}

/* Paths that are not in the data: hostile, rare and truncated ones. */
static const struct {
	const char *path, *runtime;
	enum cgroup_kind kind;
	const char *id, *outer_id, *pod_uid, *qos;
} rows[] = {
	{ "", NULL, CGROUP_NONE, "", "", "", "" },
	{ "///", NULL, CGROUP_NONE, "", "", "", "" },
	{ "//docker//" C "//", "docker", CGROUP_CONTAINER, C, "", "", "" },
	/* Unit names that no container has, whatever they contain. */
	{ "/system.slice/docker-" C ".service", NULL, CGROUP_NONE, "", "", "", "" },
	{ "/system.slice/docker-" C ".slice", NULL, CGROUP_NONE, "", "", "", "" },
	{ "/system.slice/docker-" C ".socket", NULL, CGROUP_NONE, "", "", "", "" },
	{ "/system.slice/docker-" C ".scope.mount", NULL, CGROUP_NONE, "", "", "", "" },
	{ "/default/demo.service", NULL, CGROUP_NONE, "", "", "", "" },
	/* Lengths and letters of ids are exact. */
	{ "/docker/" C "0", NULL, CGROUP_NONE, "", "", "", "" },
	{ "/docker/A01255379175636a9d8996b54b85f4d738e5b78e61870cf8cc630d505f274ad6", NULL, CGROUP_NONE, "", "", "",
	  "" },
	{ "/docker-" C "/x", "docker", CGROUP_CONTAINER, C, "", "", "" },
	{ "/system.slice/nerdctl-" C ".scope", "containerd", CGROUP_CONTAINER, C, "", "", "" },
	{ "/docker/buildkit/z8k2m4q6w1r3t5y7u9a0s2d4f", "buildkit", CGROUP_CONTAINER, "z8k2m4q6w1r3t5y7u9a0s2d4f", "",
	  "", "" },
	{ "/docker/buildkit/z8k2m4q6w1r3t5y7u9a0s2d4", NULL, CGROUP_NONE, "", "", "", "" },
	{ "/docker/z8k2m4q6w1r3t5y7u9a0s2d4f", NULL, CGROUP_NONE, "", "", "", "" },
	/* Namespaces of containerd: the two top levels only, and only those in the list. */
	{ "/moby/web", "containerd", CGROUP_CONTAINER, "web", "", "", "" },
	{ "/default/demo/child", "containerd", CGROUP_CONTAINER, "demo", "", "", "" },
	{ "/default", NULL, CGROUP_NONE, "", "", "", "" },
	{ "/x/default/demo", NULL, CGROUP_NONE, "", "", "", "" },
	{ "/defaul/demo", NULL, CGROUP_NONE, "", "", "", "" },
	{ "/default,moby/demo", NULL, CGROUP_NONE, "", "", "", "" },
	{ "/default/de mo", NULL, CGROUP_NONE, "", "", "", "" },
	{ "/default/de\x1bmo", NULL, CGROUP_NONE, "", "", "", "" },
	{ "/any/" C, "containerd", CGROUP_CONTAINER, C, "", "", "" },
	{ "/ecs/0ebb429fa86d481c2630fac53db1c91c/0ebb429fa86d481c2630fac53db1c91c-1234567890", "ecs", CGROUP_CONTAINER,
	  "0ebb429fa86d481c2630fac53db1c91c-1234567890", "", "", "" },
	{ "/ecs/0ebb429fa86d481c2630fac53db1c91c", NULL, CGROUP_NONE, "", "", "", "" },
	{ "/mesos/" U "/mesos/6f265890-5165-7fab-6b52-18d1aaaaaaaa", "mesos", CGROUP_CONTAINER,
	  "6f265890-5165-7fab-6b52-18d1aaaaaaaa", U, "", "" },
	{ "/nomad.slice/share.slice/" U ".web.scope", "nomad", CGROUP_CONTAINER, U ".web", "", "", "" },
	{ "/nomad/" U, "nomad", CGROUP_CONTAINER, U, "", "", "" },
	{ "/system.slice/bpm-nats.scope", "bpm", CGROUP_CONTAINER, "nats", "", "", "" },
	{ "/lxc.payload.a.b/.lxc", "lxc", CGROUP_CONTAINER, "a.b", "", "", "" },
	{ "/lxc/101/ns/lxc/inner", "lxc", CGROUP_CONTAINER, "inner", "101", "", "" },
	{ "/user.slice/podman-pause-1234.scope", "podman", CGROUP_INFRA, "", "", "", "" },
	{ "/machine.slice/machine-libpod_pod_" C ".slice/libpod-" C ".scope/container", "podman", CGROUP_CONTAINER, C,
	  "", "", "" },
	{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", NULL, CGROUP_NONE, "", "", "", "" },
	{ "/machine.slice/machine-my\\x2dweb.scope", "nspawn", CGROUP_CONTAINER, "my-web", "", "", "" },
	{ "/machine.slice/machine-a\\x1b.scope", NULL, CGROUP_NONE, "", "", "", "" },
	{ "/machine.slice/machine-a\\x2.scope", NULL, CGROUP_NONE, "", "", "", "" },
	{ "/machine.slice/machine-a\\x2fb.scope", NULL, CGROUP_NONE, "", "", "", "" },
	{ "/other.slice/machine-web.scope", NULL, CGROUP_NONE, "", "", "", "" },
	/* The same container twice is not inside itself. */
	{ "/docker/" C "/docker/" C, "docker", CGROUP_CONTAINER, C, "", "", "" },
	/* A cgroup below a container's belongs to the container, whatever its name. */
	{ "/docker/" N "/kubelet/kubepods/burstable/pod" U, "docker", CGROUP_CONTAINER, N, "", "", "" },
	{ "/docker/" N "/system.slice/crio-conmon-" C ".scope", "docker", CGROUP_CONTAINER, N, "", "", "" },
	{ "/docker/" N "/lxc.monitor.x", "docker", CGROUP_CONTAINER, N, "", "", "" },
	/* A pod belongs to the containers below it only. */
	{ "/kubepods/pod" U "/" N "/" C, "containerd", CGROUP_CONTAINER, C, N, "", "" },
	{ "/kubepods/pod" U "0/x", "kubernetes", CGROUP_NONE, "", "", "", "" },
	{ "/kubepods/tripod" U "/x", "kubernetes", CGROUP_NONE, "", "", "", "" },
	{ "/system.slice:docker:" C, "docker", CGROUP_CONTAINER, C, "", "", "" },
	{ "/a.slice:nothing:" C, NULL, CGROUP_NONE, "", "", "", "" },
	{ "/a.slice:docker", NULL, CGROUP_NONE, "", "", "", "" },
	/* Seen from another cgroup namespace, or cut: the class is not known unless it is visible. */
	{ "/../../pod" U "/" C, "containerd", CGROUP_CONTAINER, C, "", U, "unknown" },
	{ "pod" U ".slice/cri-containerd-" C ".scope", "containerd", CGROUP_CONTAINER, C, "", U, "unknown" },
	{ "kubepods-burstable-pod" U ".slice/crio-" C ".scope", "cri-o", CGROUP_CONTAINER, C, "", U, "burstable" },
	/* The first component of a cut path may be the end of any name. */
	{ "docker-" C ".scope", NULL, CGROUP_NONE, "", "", "", "" },
	{ C "/x", NULL, CGROUP_NONE, "", "", "", "" },
	{ "default/demo", NULL, CGROUP_NONE, "", "", "", "" },
};

static void test_rows(void **state)
{
	struct cgroup_identity identity;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		parse(rows[i].path, &identity);
		row_string(rows[i].path, identity.runtime, rows[i].runtime);
		row_equal(rows[i].path, identity.kind, rows[i].kind);
		row_string(rows[i].path, identity.container_id, rows[i].id);
		row_string(rows[i].path, identity.outer_id, rows[i].outer_id);
		row_string(rows[i].path, identity.pod_uid, rows[i].pod_uid);
		row_string(rows[i].path, identity.qos, rows[i].qos);
	}
}

/* The container's own cgroup is the part before '|'. */
static void test_container_path_length(void **state)
{
	static const char *const paths[] = {
		"/docker/" C "|",
		"/docker/" C "|/child/deeper",
		"/machine.slice/libpod-" C ".scope|/container",
		"/docker/" N "/docker/" C "|/x",
		"/docker/" C "|/docker/" C,
		"/system.slice/docker-" N ".scope|/system.slice/containerd.service",
		"/machine.slice/systemd-nspawn@web.service|/payload",
		"/default/demo|/x",
		"/kubepods-burstable-pod" U ".slice:cri-containerd:" C "|",
		"|/kubepods/burstable/pod" U,
		"|/machine.slice/libpod-conmon-" C ".scope",
	};
	struct cgroup_identity identity;
	char path[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		size_t end = strcspn(paths[i], "|");

		(void)snprintf(path, sizeof(path), "%.*s%s", (int)end, paths[i], paths[i] + end + 1);
		parse(path, &identity);
		row_equal(paths[i], identity.container_path_length, end);
	}
}

static void test_names_too_long(void **state)
{
	char path[600] = "/lxc/";
	struct cgroup_identity identity;

	(void)state;
	memset(path + 5, 'a', CGROUP_ID_MAX);
	parse(path, &identity);
	assert_int_equal(identity.kind, CGROUP_CONTAINER);
	assert_int_equal(strlen(identity.container_id), CGROUP_ID_MAX);

	path[5 + CGROUP_ID_MAX] = 'a';
	parse(path, &identity);
	assert_int_equal(identity.kind, CGROUP_NONE);
	assert_string_equal(identity.container_id, "");
}

static void test_namespaces(void **state)
{
	static const struct {
		const char *list;
		bool found;
	} lists[] = { { NULL, false },	      { "", false },	  { ",", false },
		      { "demo", true },	      { "a,demo", true }, { "demo,a", true },
		      { "a, demo ,b", true }, { "demos", false }, { "dem", false } };
	struct cgroup_identity identity;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		cgroup_path_parse("/demo/x", 7, lists[i].list, &identity);
		row_equal(lists[i].list ? lists[i].list : "(null)", identity.kind == CGROUP_CONTAINER, lists[i].found);
	}
}

static void test_kind_names(void **state)
{
	(void)state;
	assert_string_equal(cgroup_kind_name(CGROUP_UNKNOWN), "unknown");
	assert_string_equal(cgroup_kind_name(CGROUP_KIND_COUNT), "unknown");
	assert_string_equal(cgroup_kind_name((enum cgroup_kind) - 1), "unknown");
	/* Numbers are in databases. */
	assert_string_equal(cgroup_kind_name((enum cgroup_kind)1), "none");
	assert_string_equal(cgroup_kind_name((enum cgroup_kind)2), "container");
	assert_string_equal(cgroup_kind_name((enum cgroup_kind)3), "pod");
	assert_string_equal(cgroup_kind_name((enum cgroup_kind)4), "infra");
}

/* Whose tree a container is in. */
static void test_owners(void **state)
{
	static const struct {
		const char *path;
		int64_t owner;
	} owners[] = {
		{ "/user.slice/user-1000.slice/user@1000.service/app.slice/docker-" C ".scope", 1000 },
		{ "/user.slice/user-1000.slice/session-3.scope/" C, 1000 },
		{ "/user@1000.service/" C, 1000 },
		{ "/user@0.service/" C, 0 },
		{ "/user@4294967294.service/" C, 4294967294 },
		{ "/user@4294967295.service/" C, -1 },
		{ "/user@01.service/" C, -1 },
		{ "/user@.service/" C, -1 },
		{ "/user@1 .service/" C, -1 },
		{ "/user@1000/" C, -1 },
		{ "/user-1000.service/" C, -1 },
		{ "/user-1000-2.slice/" C, -1 },
		{ "/user@-1.service/" C, -1 },
		{ "/user@99999999999.service/" C, -1 },
		{ "/docker/" C, -1 },
		{ "/docker/" C "/user@1000.service", -1 }, /* in the container, whose own it is not */
		{ "/docker/" N "/user@1000.service/" C, -1 }, /* that container chose the name */
		{ "/system.slice/docker-" N ".scope/user@1000.service/docker-" C ".scope", -1 },
		{ "/docker/" N "/user.slice/user-1000.slice/session-1.scope/" C, -1 },
		{ "/user@1.service/docker/" N "/user@2.service/" C, 1 }, /* the outermost */
		{ "user@1000.service/x/" C, -1 }, /* may be the end of another name */
		{ "x/user@1000.service/" C, 1000 },
		{ "/user@1000.service/x.service", -1 }, /* no container */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		struct cgroup_identity identity;

		parse(owners[i].path, &identity);
		row_equal(owners[i].path, identity.owner_uid, owners[i].owner);
	}
}

/* Below which units a user may have made the cgroup. */
static void test_delegated(void **state)
{
	static const struct {
		const char *path;
		bool delegated;
	} rows_of_units[] = {
		{ "/system.slice/runner.service/docker-" C ".scope", true },
		{ "/system.slice/runner.service/docker/" C, true },
		{ "/system.slice/runner.service/a/b/" C "/below", true },
		{ "/system.slice/run-u5.scope/docker-" C ".scope", true },
		{ "/user.slice/user-1000.slice/user@1000.service/app.slice/docker-" C ".scope", true },
		{ "/runner.service/" C, true },
		{ "/user/alice/0/docker/" C, true },
		{ "/a/user/" C, false },
		{ "x/runner.service/" C, true },
		/* A runtime's own services, at the top only: below another unit anybody may choose that name. */
		{ "/system.slice/containerd.service/kubepods-burstable-pod" U ".slice:cri-containerd:" C, false },
		{ "/system.slice/k3s.service/kubepods/burstable/pod" U "/" C, false },
		{ "/system.slice/kubelet.service/kubepods/burstable/pod" U "/" C, false },
		{ "/system.slice/snap.docker.dockerd.service/docker/" C, false },
		{ "/system.slice/runner.service/containerd.service/" C, true },
		{ "/system.slice/docker.service/runner.service/" C, false }, /* only docker can have made it */
		{ "/system.slice/xdocker.service/" C, true },
		{ "/system.slice/docker.service.service/" C, true },
		/* The unit is the container. */
		{ "/machine.slice/systemd-nspawn@web.service/payload", false },
		{ "/machine.slice/machine-web.scope/payload/system.slice/ssh.service", false },
		{ "/system.slice/docker-" C ".scope", false },
		{ "/system.slice/docker-" C ".scope/system.slice/ssh.service", false },
		/* In a container: a container of it is told by its outer id. */
		{ "/docker/" N "/system.slice/runner.service/" C, false },
		{ "/system.slice/runner.service/docker/" N "/" C, true },
		{ "/system.slice/a.slice/" C, false },
		{ "/system.slice/runner.service", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows_of_units); i++) {
		struct cgroup_identity identity;

		parse(rows_of_units[i].path, &identity);
		row_equal(rows_of_units[i].path, identity.delegated, rows_of_units[i].delegated);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_delegated),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_container_path_length),
		cmocka_unit_test(test_names_too_long),
		cmocka_unit_test(test_namespaces),
		cmocka_unit_test(test_kind_names),
	};

	return cmocka_run_group_tests_name("cgroup_path", tests, NULL, NULL);
}
