/* SPDX-License-Identifier: BSD-2-Clause */
/* bpf/share.bpf.h: for which cgroup a record counts, and whether it is the first one. */
#include <errno.h>

#include "common/limits.h"
#include "common/maps.h"
#include "tests/harness.h"

/* What the header needs from other headers of bpf/. */
#define CRI_BPF_EMIT_H
#define CRI_BPF_FILTER_H
#define CRI_BPF_TASK_H
#undef __always_inline
#define __always_inline	    inline
#define __uint(name, value) int name##_unused
#define __type(name, type)  type *name
#define SEC(name)	    __attribute__((unused))
#define __weak
#define __noinline		   __attribute__((unused))
#define BPF_MAP_TYPE_LRU_HASH	   9
#define BPF_ANY			   0
#define GET(typed, pointer, field) ((typed) ? (pointer)->field : (pointer)->field)

struct kernfs_node {
	__u64 id;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
};

#define DEPTH 20 /* more than LIMIT_DEPTH */

static const __u32 cfg_memory_hierarchy = 3;
static const bool cfg_probe_read = false;
static char metadata;
/* The cgroups from the root downwards; id is the level, from 1 on. What lies above the root reads as 0. */
static struct kernfs_node nodes[DEPTH + 1];
static struct cgroup cgroups[DEPTH + 1];
static struct map_metadata entries[DEPTH + 1];
static bool has_entry[DEPTH + 1];
/* The map `shares`, with one element. */
static __u64 noted_owner, noted_ns, clock_ns;
static __u32 noted_kind;
static int broken;

struct share_key;
static bool is_noted(const struct share_key *key);
static int note(const struct share_key *key, __u64 value);

static void *bpf_map_lookup_elem(const void *map, const void *key)
{
	const struct ev_cgroup *cgroup = key;

	if (map != &metadata)
		return is_noted(key) ? &noted_ns : NULL;
	assert_int_equal(cgroup->hierarchy, cfg_memory_hierarchy);
	return has_entry[cgroup->id] ? &entries[cgroup->id] : NULL;
}

static long bpf_map_update_elem(const void *map, const void *key, const void *value, __u64 flags)
{
	assert_ptr_not_equal(map, &metadata);
	assert_int_equal(flags, BPF_ANY);
	return broken ? broken : note(key, *(const __u64 *)value);
}

static __u64 bpf_ktime_get_boot_ns(void)
{
	return clock_ns;
}

static bool filter_class_is_host(const struct map_metadata *m)
{
	return m->class == META_HOST || m->class == META_HOST_RECORDED;
}

static void *to_number(void *pointer)
{
	return pointer;
}

static unsigned int map_errors;

static void emit_map_error(__u32 kind)
{
	(void)kind;
	map_errors++;
}

__u64 share_walk_read(__u64 cgroup);

#include "bpf/share.bpf.h"

static bool is_noted(const struct share_key *key)
{
	return noted_ns && noted_kind == key->kind && noted_owner == key->owner;
}

static int note(const struct share_key *key, __u64 value)
{
	noted_kind = key->kind;
	noted_owner = key->owner;
	noted_ns = value;
	return 0;
}

/* One letter for each level from the root downwards: h the host's, r the host's and recorded, c of a container, u not
 * classified, m not classified and made by a process of the host, - not in the map. Returns the innermost one. */
static struct cgroup *make_tree(const char *levels)
{
	size_t depth = strlen(levels);

	assert_true(depth <= DEPTH);
	memset(cgroups, 0, sizeof(cgroups));
	memset(entries, 0, sizeof(entries));
	cgroups[0].kn = &nodes[0];
	cgroups[0].self.cgroup = &cgroups[0];
	cgroups[0].self.parent = &cgroups[0].self; /* a load through a pointer that is NULL reads 0 */
	for (size_t i = 1; i <= depth; i++) {
		const char letter = levels[i - 1];

		nodes[i].id = i;
		cgroups[i].kn = &nodes[i];
		cgroups[i].self.cgroup = &cgroups[i];
		cgroups[i].self.parent = &cgroups[i - 1].self;
		has_entry[i] = letter != '-';
		entries[i].class = letter == 'h'   ? META_HOST
				   : letter == 'r' ? META_HOST_RECORDED
				   : letter == 'c' ? META_CONTAINER
						   : META_UNKNOWN;
		entries[i].made_by_host = letter == 'm';
	}
	return &cgroups[depth];
}

static void test_owner(void **state)
{
	static const struct {
		const char *levels;
		__u64 owner; /* level; 0: the host */
	} rows[] = {
		{ "h", 0 },
		{ "hhh", 0 },
		{ "hrr", 0 },
		/* classified: the outermost container */
		{ "hhhc", 4 },
		{ "hhhcc", 4 },
		{ "hhhccuu", 4 },
		{ "hhhcuuc", 4 },
		{ "hrrcu", 4 },
		{ "hmmcu", 4 },
		{ "hhc---", 3 },
		/* not classified: the innermost one that the host made */
		{ "hhm", 3 },
		{ "hhmu", 3 },
		{ "hhmm", 4 },
		{ "hhmmuuu", 4 },
		{ "hmmmm-u", 5 },
		{ "huumu", 4 },
		/* made before the programs were loaded, or not in the map: the outermost one */
		{ "hhuuu", 3 },
		{ "hh---", 3 },
		{ "hh-u-", 3 },
		{ "-uuu", 1 },
		/* deeper than cgroups are searched */
		{ "hcuuuuuuuuuuuuuu", 2 },
		{ "hcuuuuuuuuuuuuuuu", SHARE_COMMON },
		{ "hhcuuuuuuuuuuuuuuuu", SHARE_COMMON },
		{ "hhmcccccccccccccccc", SHARE_COMMON },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		row_equal(rows[i].levels, share_owner(true, make_tree(rows[i].levels)), rows[i].owner);
}

static void test_first(void **state)
{
	(void)state;
	clock_ns = 5 * SHARE_NS;
	assert_true(share_take(EV_OOM_KILL, 7));
	assert_false(share_take(EV_OOM_KILL, 7));
	clock_ns += SHARE_NS - 1;
	assert_false(share_take(EV_OOM_KILL, 7));
	clock_ns += SHARE_NS - 1; /* after the last one, not after the first one */
	assert_false(share_take(EV_OOM_KILL, 7));
	clock_ns += SHARE_NS;
	assert_true(share_take(EV_OOM_KILL, 7));
	assert_false(share_take(EV_OOM_KILL, 7));
	clock_ns -= 5; /* of another CPU */
	assert_false(share_take(EV_OOM_KILL, 7));
	assert_true(share_take(EV_MEMORY_HIGH, 7));
	assert_true(share_take(EV_MEMORY_HIGH, 8));
}

/* Without a note every record would be the first. */
static void test_a_map_that_fails(void **state)
{
	(void)state;
	noted_ns = 0;
	broken = -ENOMEM;
	assert_false(share_take(EV_OOM_KILL, 7));
	assert_int_equal(map_errors, 1);
	broken = 0;
	assert_true(share_take(EV_OOM_KILL, 7));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_a_map_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
