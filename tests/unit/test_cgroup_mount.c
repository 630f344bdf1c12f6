/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "common/cgroup_mount.h"
#include "common/cleanup.h"
#include "tests/harness.h"

static FILE *text_file(const char *text)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");

	assert_non_null(file);
	return file;
}

static const struct {
	const char *what;
	const char *proc_cgroup;
	const char *mountinfo;
	int error;
	enum info_cgroup_mode mode;
	uint32_t hierarchy;
	const char *path;
} vectors[] = {
	{ "v2", "0::/init.scope\n",
	  "25 1 0:22 / /sys/fs/bpf rw shared:4 - bpf none rw\n"
	  "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
	  0, INFO_CGROUP_V2, 0, "/sys/fs/cgroup" },
	{ "v1 beside an empty v2", "9:name=systemd:/\n4:memory:/a\n1:cpu:/\n0::/\n",
	  "40 31 0:33 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
	  "41 31 0:34 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	  "42 31 0:35 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
	  0, INFO_CGROUP_V1, 4, "/sys/fs/cgroup/memory" },
	{ "controllers mounted together", "7:cpu,memory:/\n0::/\n",
	  "41 31 0:34 / /cg/both rw master:3 propagate_from:2 - cgroup none rw,cpu,memory\n", 0, INFO_CGROUP_V1, 7,
	  "/cg/both" },
	{ "a controller whose name contains memory", "7:memory_other:/\n0::/\n",
	  "42 31 0:35 / /u rw - cgroup2 cgroup2 rw\n", 0, INFO_CGROUP_V2, 0, "/u" },
	{ "a v2 path that reads like a list of controllers", "0::/a,memory,b\n0::memory:/\n",
	  "42 31 0:35 / /u rw - cgroup2 cgroup2 rw\n", 0, INFO_CGROUP_V2, 0, "/u" },
	{ "a space in the mount point", "0::/\n", "42 31 0:35 / /a\\040b rw - cgroup2 cgroup2 rw\n", 0,
	  INFO_CGROUP_V2, 0, "/a b" },
	{ "a container with the host's view beside its own", "0::/\n",
	  "40 31 0:35 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n"
	  "41 31 0:35 /../../../.. /host/cgroup ro - cgroup2 cgroup2 rw\n"
	  "42 31 0:35 /../../../../other /other ro - cgroup2 cgroup2 rw\n"
	  "43 31 0:35 /.. /pod ro - cgroup2 cgroup2 rw\n",
	  0, INFO_CGROUP_V2, 0, "/host/cgroup" },
	{ "a directory whose name begins with two dots", "0::/\n", "40 31 0:35 /..a /a ro - cgroup2 cgroup2 rw\n",
	  -ENOENT, INFO_CGROUP_V2, 0, "" },
	{ "not mounted", "0::/\n", "25 1 0:22 / /sys/fs/bpf rw - bpf none rw\n", -ENOENT, INFO_CGROUP_V2, 0, "" },
	{ "cut off lines", "0:\n\n::\n0::/\n", "42 31 - cgroup2\n42 31 0:35 / /u rw cgroup2 cgroup2 rw\n", -ENOENT,
	  INFO_CGROUP_V2, 0, "" },
};

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		AUTO_FCLOSE FILE *proc_cgroup = text_file(vectors[i].proc_cgroup);
		AUTO_FCLOSE FILE *mountinfo = text_file(vectors[i].mountinfo);
		struct cgroup_mount mount = {};

		assert_int_equal(cgroup_mount_parse_hierarchy(proc_cgroup, &mount), 0);
		if (cgroup_mount_parse_path(mountinfo, &mount) != vectors[i].error || mount.mode != vectors[i].mode ||
		    mount.hierarchy != vectors[i].hierarchy || strcmp(mount.path, vectors[i].path))
			fail_msg("%s: got mode %d hierarchy %u path \"%s\"", vectors[i].what, mount.mode,
				 mount.hierarchy, mount.path);
	}
}

static void test_this_host(void **state)
{
	struct cgroup_mount mount;
	int r = cgroup_mount_find(&mount);

	(void)state;
	if (r == -ENOENT) {
		print_message("no cgroup hierarchy is mounted\n");
		skip();
	}
	assert_int_equal(r, 0);
	assert_int_equal(mount.path[0], '/');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_this_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
