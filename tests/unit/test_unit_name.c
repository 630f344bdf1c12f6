/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "common/unit_name.h"
#include "tests/harness.h"

static const struct {
	const char *name;
	bool host;
} vectors[] = {
	{ "nginx.service", true },
	{ "system.slice", true },
	{ "session-3.scope", true },
	{ "user@1000.service", true },
	{ "kubepods-burstable.slice", true },
	{ "systemd-nspawn@web.service", false },
	{ "docker-0123.scope", false },
	{ "kubepods-besteffort-podx.slice:cri-containerd:0123", false },
	{ "a:b.service", false },
	{ ".service", false },
	{ "service", false },
	{ "nginx.service.d", false },
	{ "init.scope", false },
	{ "", false },
};

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		char name[LIMIT_NAME] = "";

		strcpy(name, vectors[i].name);
		if (unit_name_is_host(name, strlen(name)) != vectors[i].host)
			fail_msg("\"%s\" should%s be a host unit", name, vectors[i].host ? "" : " not");
	}
}

static void test_longest_name(void **state)
{
	char name[LIMIT_NAME];

	(void)state;
	memset(name, 'a', sizeof(name));
	memcpy(name + LIMIT_NAME - 1 - strlen(".service"), ".service", sizeof(".service"));
	assert_true(unit_name_is_host(name, LIMIT_NAME - 1));
	assert_false(unit_name_is_host(name, LIMIT_NAME)); /* longer than NAME_MAX */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_longest_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
