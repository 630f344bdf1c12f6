/* SPDX-License-Identifier: BSD-2-Clause */
/* A walk over the metadata map while its entries are removed. */
#include "consumer/container/map_walk.h"
#include "tests/pipeline_rig.h"

#define ENTRIES 60

static struct fake_maps fake;
static const struct kernel_maps maps = { &fake, fake_lookup, fake_classify, fake_forget, fake_next, fake_counters };
static unsigned int visits[ENTRIES + 1]; /* by id */

static void fill(void)
{
	(void)memset(&fake, 0, sizeof(fake));
	(void)memset(visits, 0, sizeof(visits));
	for (uint64_t id = 1; id <= ENTRIES; id++)
		fake_put(&fake, id, META_SCAN, "");
}

static void forget(uint64_t id)
{
	const struct ev_cgroup key = rig_cgroup(id);

	(void)fake_forget(&fake, &key);
}

/* Walks to the end. Behind each visited entry the last `removed` ones are removed when its id is a multiple of `every`.
 * Returns the number of visits. */
static size_t walk_all(uint64_t every, uint64_t removed)
{
	struct map_walk walk = { .count = 0 };
	struct ev_cgroup key;
	size_t count = 0;

	while (map_walk_next(&walk, &maps, &key) == 0 && count < 100 * ENTRIES) {
		assert_in_range(key.id, 1, ENTRIES);
		visits[key.id]++;
		count++;
		for (uint64_t i = 0; i < removed && key.id % every == 0 && i < key.id; i++)
			forget(key.id - i);
	}
	assert_int_equal(walk.count, 0); /* it begins anew */
	return count;
}

static void test_each_entry_is_visited_once(void **state)
{
	const struct {
		const char *row;
		uint64_t every, removed;
	} rows[] = {
		{ "nothing is removed", 1, 0 },
		{ "every visited entry", 1, 1 },
		{ "every second one", 2, 1 },
		{ "the last one", ENTRIES, 1 },
		{ "several at a time", 10, MAP_WALK_KEYS - 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		fill();
		row_equal(rows[i].row, walk_all(rows[i].every, rows[i].removed), ENTRIES);
		for (uint64_t id = 1; id <= ENTRIES; id++)
			row_equal(rows[i].row, visits[id], 1);
	}
}

/* More than the noted ones: the walk starts again, and every entry that stays is visited. */
static void test_all_noted_keys_are_removed(void **state)
{
	(void)state;
	fill();
	assert_true(walk_all(20, MAP_WALK_KEYS) <= 3 * ENTRIES);
	for (uint64_t id = 1; id <= ENTRIES; id++)
		assert_true(visits[id] >= 1);
}

/* An entry that is added and removed again and again does not keep the walk from ending. */
static void test_it_ends(void **state)
{
	struct map_walk walk = { .count = 0 };
	struct ev_cgroup key;
	size_t count = 0;

	(void)state;
	(void)memset(&fake, 0, sizeof(fake));
	do {
		fake_put(&fake, 1, META_SCAN, "");
		if (map_walk_next(&walk, &maps, &key) != 0)
			break;
		forget(1);
	} while (++count < 10000);
	assert_true(count < 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_entry_is_visited_once),
		cmocka_unit_test(test_all_noted_keys_are_removed),
		cmocka_unit_test(test_it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
