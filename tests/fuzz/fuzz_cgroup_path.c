/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as path: the result is consistent, and its texts need no escaping. */
#include "consumer/container/names/cgroup_path.h"
#include "tests/fuzz/fuzz.h"

static void check_text(const char *text, size_t size)
{
	FUZZ_ASSERT(memchr(text, '\0', size));
	for (; *text; text++)
		FUZZ_ASSERT(*text > ' ' && *text <= '~' && *text != '/');
}

static void check_identity(const struct cgroup_identity *identity, const char *path, size_t length)
{
	bool container = identity->kind == CGROUP_CONTAINER, pod = identity->kind == CGROUP_POD;

	FUZZ_ASSERT(identity->kind >= CGROUP_NONE && identity->kind < CGROUP_KIND_COUNT);
	check_text(identity->container_id, sizeof(identity->container_id));
	check_text(identity->outer_id, sizeof(identity->outer_id));
	check_text(identity->pod_uid, sizeof(identity->pod_uid));
	check_text(identity->qos, sizeof(identity->qos));

	FUZZ_ASSERT(container == (identity->container_id[0] != '\0'));
	FUZZ_ASSERT(container == (identity->container_path_length > 0));
	FUZZ_ASSERT(container || !identity->outer_id[0]);
	FUZZ_ASSERT(identity->kind == CGROUP_NONE || identity->runtime);
	FUZZ_ASSERT((identity->pod_uid[0] != '\0') == (identity->qos[0] != '\0'));
	FUZZ_ASSERT(!pod || identity->pod_uid[0]);
	FUZZ_ASSERT(!identity->outer_id[0] || strcmp(identity->outer_id, identity->container_id) != 0);

	/* The container's own cgroup ends where a component does. */
	FUZZ_ASSERT(identity->container_path_length <= length);
	if (container && identity->container_path_length < length)
		FUZZ_ASSERT(path[identity->container_path_length] == '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cgroup_identity identity, own;
	char *path = malloc(size > 0 ? size : 1);

	FUZZ_ASSERT(path);
	if (size > 0)
		memcpy(path, data, size);

	memset(&identity, '#', sizeof(identity));
	cgroup_path_parse(path, size, "default,moby,k8s.io", &identity);
	check_identity(&identity, path, size);

	/* A cgroup below a container's belongs to that container. */
	if (identity.kind == CGROUP_CONTAINER) {
		cgroup_path_parse(path, identity.container_path_length, "default,moby,k8s.io", &own);
		FUZZ_ASSERT(memcmp(&own, &identity, sizeof(own)) == 0);
	}
	free(path);

	return 0;
}
