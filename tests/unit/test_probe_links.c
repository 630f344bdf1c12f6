/* SPDX-License-Identifier: BSD-2-Clause */
/* Which probes have all their links. */
#include "common/probe_links.h"
#include "tests/harness.h"

/* Two links; derived from the first; not available; one link, and a name that begins like it; off. */
static const struct map_info INFO = {
	.probes = {
		{ .name = "oom_kill", .rung = "mark_victim", .links = 2 },
		{ .name = "memory_pressure_limit", .rung = "oom_kill" },
		{ .name = "memory_pressure_high", .rung = "" },
		{ .name = "process_exit", .rung = "tp_btf", .links = 1 },
		{ .name = "process_exit_late", .rung = "tp_btf", .links = 1 },
		{ .name = "process_fork", .rung = INFO_RUNG_OFF },
		{ .name = "cgroup_exec", .rung = INFO_RUNG_UNNEEDED },
	},
};

static void test_names(void **state)
{
	static const struct {
		const char *name;
		int probe;
		bool fresh;
	} rows[] = {
		{ "link_oom_kill", 0, false },	       { "link_oom_kill_1", 0, false },
		{ "link_oom_kill_new", 0, true },      { "link_oom_kill_1_new", 0, true },
		{ "link_process_exit", 3, false },     { "link_process_exit_late", 4, false },
		{ "link_process_exit_late_12", 4, false }, { "link_process_exit_late_new", 4, true },
		{ "link_oom_kill_", -1, false },       { "link_oom_kill_x", -1, false },
		{ "link_oom_kill_1x", -1, false },     { "link_oom_kill_new_1", -1, false },
		{ "link_oom", -1, false },	       { "link_", -1, false },
		{ "oom_kill", -1, false },	       { "events", -1, false },
		{ "", -1, false },		       { "try_1_link_oom_kill", -1, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct probe_links links[INFO_PROBES] = { 0 };
		int probe = probe_links_add(&INFO, rows[i].name, links);

		row_equal(rows[i].name, probe, rows[i].probe);
		if (probe >= 0)
			row_check(rows[i].name, links[probe].fresh == rows[i].fresh &&
							links[probe].pinned == !rows[i].fresh);
	}
}

static void test_wanted(void **state)
{
	static const bool wanted[] = { true, true, false, true, true, false, false };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		row_equal(INFO.probes[i].name, probe_links_wanted(&INFO, i), wanted[i]);
	assert_int_equal(probe_links_source(&INFO, 1), 0);
	assert_int_equal(probe_links_source(&INFO, 3), 3);
}

static void test_complete(void **state)
{
	static const struct {
		const char *label;
		enum info_overlap overlap;
		uint32_t pinned, fresh;
		bool complete;
	} rows[] = {
		{ "all", OVERLAP_NONE, 2, 0, true },
		{ "one of two", OVERLAP_NONE, 1, 0, false },
		{ "none", OVERLAP_NONE, 0, 0, false },
		{ "left from a replacement that was given up", OVERLAP_NONE, 1, 1, false },
		{ "both sets", OVERLAP_BOTH, 2, 2, true },
		{ "the old set has lost one", OVERLAP_BOTH, 1, 2, false },
		{ "half renamed", OVERLAP_NEW, 1, 1, true },
		{ "the new set has lost one", OVERLAP_NEW, 0, 1, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct probe_links links[INFO_PROBES] = { { rows[i].pinned, rows[i].fresh } };
		struct map_info info = INFO;

		info.overlap = rows[i].overlap;
		row_equal(rows[i].label, probe_links_complete(&info, links, 0), rows[i].complete);
		row_equal(rows[i].label, probe_links_complete(&info, links, 1), rows[i].complete);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
