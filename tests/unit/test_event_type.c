/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/event.h"
#include "consumer/record/kind.h"
#include "consumer/text/event_type.h"
#include "consumer/text/oom_scope.h"
#include "tests/harness.h"

/* The numbers are stored in databases and the names are used in scripts: neither may change. */
static const struct {
	enum event_type type;
	int number;
	const char *name;
} types[] = {
	{ TYPE_OOM_KILL, 1, "oom_kill" },
	{ TYPE_MEMORY_PRESSURE, 2, "memory_pressure" },
	{ TYPE_PROCESS_EXIT, 3, "process_exit" },
	{ TYPE_PROCESS_FORK, 4, "process_fork" },
	{ TYPE_CONTAINER_START, 5, "container_start" },
	{ TYPE_CONTAINER_STOP, 6, "container_stop" },
	{ TYPE_GAP, 7, "gap" },
};

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_SIZE(types), TYPE_COUNT - 1);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		row_equal(types[i].name, types[i].type, types[i].number);
		row_string(types[i].name, event_type_name(types[i].type), types[i].name);
		row_equal(types[i].name, event_type_from_name(types[i].name), types[i].number);
	}
}

static void test_unknown(void **state)
{
	static const char *const names[] = { "", "oom", "oom_kill ", "OOM_KILL", "gapp" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		row_equal(names[i], event_type_from_name(names[i]), 0);
	assert_null(event_type_name((enum event_type)0));
	assert_null(event_type_name(TYPE_COUNT));
	assert_null(event_type_name((enum event_type) - 1));
}

/* Stored as text. */
static void test_scopes(void **state)
{
	static const char *const names[OOM_SCOPE_COUNT] = {
		[OOM_SCOPE_CONTAINER] = "container", [OOM_SCOPE_POD] = "pod",
		[OOM_SCOPE_CGROUP] = "cgroup",	     [OOM_SCOPE_ANCESTOR] = "ancestor",
		[OOM_SCOPE_NODE] = "node",	     [OOM_SCOPE_CPUSET] = "cpuset",
		[OOM_SCOPE_MEMPOLICY] = "mempolicy",
	};

	(void)state;
	for (unsigned int scope = 0; scope < OOM_SCOPE_COUNT; scope++) {
		row_string("scope", oom_scope_name((enum oom_scope)scope), names[scope]);
		assert_int_equal(oom_scope_from_name(names[scope]), scope);
	}
	assert_null(oom_scope_name(OOM_SCOPE_COUNT));
	assert_int_equal(oom_scope_from_name("nodes"), OOM_SCOPE_UNKNOWN);
}

static void test_kinds(void **state)
{
	static const enum event_type want[EV_KIND_COUNT] = {
		[EV_OOM_KILL] = TYPE_OOM_KILL,
		[EV_MEMORY_HIGH] = TYPE_MEMORY_PRESSURE,
		[EV_MEMORY_LIMIT] = TYPE_MEMORY_PRESSURE,
		[EV_PROCESS_EXIT] = TYPE_PROCESS_EXIT,
		[EV_PROCESS_FORK] = TYPE_PROCESS_FORK,
		[EV_CGROUP_MKDIR] = TYPE_CONTAINER_START,
		[EV_CGROUP_EXEC] = TYPE_CONTAINER_START,
		[EV_CGROUP_RMDIR] = TYPE_CONTAINER_STOP,
	};

	(void)state;
	for (unsigned int kind = 0; kind < EV_KIND_COUNT; kind++)
		assert_int_equal(kind_type(kind), want[kind]);
	assert_int_equal(kind_type(EV_KIND_COUNT), 0);
	assert_int_equal(kind_type(~0U), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests_name("type", tests, NULL, NULL);
}
