/* SPDX-License-Identifier: BSD-2-Clause */
/* The loader is not linked with unit tests: this one takes in the file that it tests. */
#include <linux/bpf.h>

#include "loader/map_memory.c"
#include "tests/harness.h"

#define STRUCTURES 1024 /* of the kernel, not counted */

/* What Linux 6.18 shows as memlock in fdinfo, on a machine with 2 CPUs and pages of 4K. */
static const struct {
	const char *name;
	struct map_shape shape;
	uint64_t memlock;
} rows[] = {
	{ "ring", { BPF_MAP_TYPE_RINGBUF, 0, 0, 1 << 20 }, 1065288 },
	{ "counters", { BPF_MAP_TYPE_PERCPU_ARRAY, 4, 56, 9 }, 1392 },
	{ "metadata", { BPF_MAP_TYPE_HASH, 16, 384, 10000 }, 4743952 },
	{ "seen", { BPF_MAP_TYPE_LRU_HASH, 16, 8, 8192 }, 721792 },
	{ "exited", { BPF_MAP_TYPE_ARRAY, 4, 8, 65536 }, 524600 },
	{ "displaced", { BPF_MAP_TYPE_LRU_HASH, 16, 4, 4096 }, 361344 },
	{ "armed", { BPF_MAP_TYPE_LRU_HASH, 24, 8, 4096 }, 394112 },
	{ "info", { BPF_MAP_TYPE_ARRAY, 4, 968, 1 }, 1280 },
	{ "scratch", { BPF_MAP_TYPE_PERCPU_ARRAY, 4, 4352, 4 }, 35160 },
	{ "scans", { BPF_MAP_TYPE_PERCPU_ARRAY, 4, 16, 64 }, 2872 },
};

static void test_as_the_kernel_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t bytes = map_memory(&rows[i].shape, 2, 4096);

		row_check(rows[i].name, bytes <= rows[i].memlock);
		row_check(rows[i].name, bytes + STRUCTURES >= rows[i].memlock);
	}
}

static void test_grows_with_cpus(void **state)
{
	const struct map_shape hash = { BPF_MAP_TYPE_HASH, 16, 384, 10000 };
	const struct map_shape percpu = { BPF_MAP_TYPE_PERCPU_ARRAY, 4, 4352, 4 };
	const struct map_shape other = { BPF_MAP_TYPE_STACK_TRACE, 4, 8, 1 };

	(void)state;
	assert_int_equal(map_memory(&hash, 64, 4096) - map_memory(&hash, 2, 4096), 62 * 448);
	assert_int_equal(map_memory(&percpu, 64, 4096) - map_memory(&percpu, 2, 4096), 62 * 4 * 4352);
	assert_int_equal(map_memory(&other, 64, 4096), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_the_kernel_says),
		cmocka_unit_test(test_grows_with_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
