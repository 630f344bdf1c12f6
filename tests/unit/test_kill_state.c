/* SPDX-License-Identifier: BSD-2-Clause */
/* bpf/kill_state.bpf.h: what is known of a process that the OOM killer marked. */
#include "common/maps.h"
#include "tests/harness.h"

/* What the header needs from other headers of bpf/. */
#define CRI_BPF_EMIT_H
#undef __always_inline
#define __always_inline	    inline
#define __uint(name, value) int name##_unused
#define __type(name, type)  type *name
#define SEC(name)	    __attribute__((unused))
#define __weak
#define BPF_MAP_TYPE_ARRAY 2

#define SLOTS 1024

static char seen;
static __u64 slots[SLOTS];
/* The map `seen`, with one element; value 0: none. */
static struct map_seen_key seen_key;
static __u64 seen_value;

static bool is_seen(const struct map_seen_key *key)
{
	return seen_value && key->kind == seen_key.kind && key->tgid == seen_key.tgid && key->start_ns == seen_key.start_ns;
}

static void *bpf_map_lookup_elem(const void *map, const void *key)
{
	if (map == &seen)
		return is_seen(key) ? &seen_value : NULL;

	__u32 slot = *(const __u32 *)key;

	assert_in_range(slot, 0, SLOTS - 1);
	return &slots[slot];
}

static void seen_set(__u32 kind, __u32 tgid, __u64 start, __u64 value)
{
	seen_key = (struct map_seen_key){ .kind = kind, .tgid = tgid, .start_ns = start };
	seen_value = value;
}

static bool seen_first(__u32 kind, __u32 tgid, __u64 start, __u64 value)
{
	const struct map_seen_key key = { .kind = kind, .tgid = tgid, .start_ns = start };

	if (is_seen(&key))
		return false;
	seen_set(kind, tgid, start, value);
	return true;
}

#include "bpf/kill_state.bpf.h"

static void forget_all(void)
{
	(void)memset(slots, 0, sizeof(slots));
	seen_value = 0;
}

static void test_a_mark_is_remembered_although_seen_has_lost_it(void **state)
{
	(void)state;
	forget_all();
	assert_true(kill_state_first(4711, 1000, SEEN_RECORDED));
	assert_int_equal(kill_state(4711, 1000), SEEN_RECORDED);
	seen_value = 0;
	assert_int_equal(kill_state(4711, 1000), SEEN_RECORDED);
	assert_false(kill_state_first(4711, 1000, SEEN_RECORDED));
	kill_state_set(4711, 1000, SEEN_REPEATED);
	seen_value = 0;
	assert_int_equal(kill_state(4711, 1000), SEEN_REPEATED);
}

static void test_a_slot_is_that_of_one_process(void **state)
{
	(void)state;
	forget_all();
	assert_true(kill_state_first(7, 1000, SEEN_DYING));
	assert_int_equal(kill_state(7, 1001), 0);
	assert_int_equal(kill_state(8, 1000), 0);
	/* Another process of the slot: `seen` still has the first. */
	slots[7] = 0;
	killed_set(7 + SLOTS, 2000, SEEN_RECORDED);
	assert_int_equal(kill_state(7 + SLOTS, 2000), SEEN_RECORDED);
	assert_int_equal(kill_state(7, 1000), SEEN_DYING);
	assert_false(kill_state_first(7, 1000, SEEN_RECORDED));
}

/* Rung mark_victim_pid knows no start time; a free slot is not a process that started at 0. */
static void test_without_a_start_time(void **state)
{
	(void)state;
	forget_all();
	assert_int_equal(kill_state(9, 0), 0);
	kill_state_set(9, 0, SEEN_RECORDED);
	seen_value = 0;
	assert_int_equal(kill_state(9, 0), SEEN_RECORDED);
	assert_int_equal(kill_state(9, 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_mark_is_remembered_although_seen_has_lost_it),
		cmocka_unit_test(test_a_slot_is_that_of_one_process),
		cmocka_unit_test(test_without_a_start_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
