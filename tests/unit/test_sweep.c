/* SPDX-License-Identifier: BSD-2-Clause */
/* Which entries of the metadata map a sweep removes and which it keeps. */
#define MAP_ENTRIES 640

#include "consumer/container/cgroup_fs.h"
#include "consumer/container/sweep.h"
#include "tests/pipeline_rig.h"

#define SECOND 1000000000ULL
#define DEAD   0xdead0000ULL /* no directory has this number */

/* A directory in place of the cgroup file system, and a metadata map. */
struct sweep_rig {
	char directory[64];
	struct fake_maps maps;
	struct kernel_maps kernel_maps;
	struct cgroup_fs *fs;
	struct sweep *sweep;
	uint64_t now_ns;
};

static void make(const struct sweep_rig *rig, const char *path)
{
	char command[512];

	(void)snprintf(command, sizeof(command), "mkdir -p '%s%s'", rig->directory, path);
	assert_int_equal(system(command), 0);
}

static uint64_t number_of(const struct sweep_rig *rig, const char *path)
{
	char name[512];
	struct stat st;

	(void)snprintf(name, sizeof(name), "%s%s", rig->directory, path);
	assert_int_equal(stat(name, &st), 0);
	return st.st_ino;
}

static void move(const struct sweep_rig *rig, const char *from, const char *to)
{
	char old_name[512], new_name[512];

	(void)snprintf(old_name, sizeof(old_name), "%s%s", rig->directory, from);
	(void)snprintf(new_name, sizeof(new_name), "%s%s", rig->directory, to);
	assert_int_equal(rename(old_name, new_name), 0);
}

static void rig_begin(struct sweep_rig *rig)
{
	(void)memset(rig, 0, sizeof(*rig));
	harness_make_dir(rig->directory, sizeof(rig->directory));
	rig->kernel_maps = (struct kernel_maps){ &rig->maps, fake_lookup, fake_classify, fake_forget, fake_next, fake_counters };
	assert_int_equal(cgroup_fs_open(rig->directory, false, &rig->fs), 0);
	assert_int_equal(sweep_open(&rig->kernel_maps, rig->fs, &rig->sweep), 0);
	rig->now_ns = 100 * SECOND;
}

static void rig_end(struct sweep_rig *rig)
{
	char command[128];

	sweep_close(rig->sweep);
	cgroup_fs_close(rig->fs);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", rig->directory);
	assert_int_equal(system(command), 0);
}

static bool has(struct sweep_rig *rig, uint64_t id)
{
	const struct ev_cgroup key = rig_cgroup(id);

	return fake_find(&rig->maps, &key) != NULL;
}

/* Makes steps for ns nanoseconds. Returns the number of removed entries. */
static size_t run(struct sweep_rig *rig, uint64_t ns, uint64_t produced, uint64_t stored)
{
	size_t removed = 0;

	for (uint64_t end = rig->now_ns + ns; rig->now_ns < end; rig->now_ns += SECOND / 10)
		removed += sweep_step(rig->sweep, rig->now_ns, produced, stored);
	return removed;
}

static void test_only_entries_of_removed_cgroups_go(void **state)
{
	struct sweep_rig rig;
	uint64_t named, unnamed, moved, cut;

	(void)state;
	rig_begin(&rig);
	make(&rig, "/a/named");
	make(&rig, "/a/unnamed");
	make(&rig, "/a/moved");
	make(&rig, "/a/cut");
	named = number_of(&rig, "/a/named");
	unnamed = number_of(&rig, "/a/unnamed");
	moved = number_of(&rig, "/a/moved");
	cut = number_of(&rig, "/a/cut");
	fake_put(&rig.maps, named, META_SEED, "/a/named");
	fake_put(&rig.maps, DEAD, META_SEED, "/a/gone");
	fake_put(&rig.maps, unnamed, META_SCAN, "");
	fake_put(&rig.maps, DEAD + 1, META_SCAN, "");
	fake_put(&rig.maps, moved, META_BIRTH, "/a/before");
	fake_put(&rig.maps, DEAD + 2, META_BIRTH, "/a/named"); /* the path of another cgroup now */
	fake_put(&rig.maps, cut, META_BIRTH, "ut");
	rig.maps.entries[6].value.path_cut = 1;
	fake_put(&rig.maps, number_of(&rig, "/"), META_SEED, "/");

	assert_int_equal(run(&rig, 2 * SECOND, 0, 0), 0);
	assert_true(has(&rig, DEAD));
	assert_int_equal(run(&rig, 10 * SECOND, 0, 0), 3);
	assert_false(has(&rig, DEAD) || has(&rig, DEAD + 1) || has(&rig, DEAD + 2));
	assert_true(has(&rig, named) && has(&rig, unnamed) && has(&rig, moved) && has(&rig, cut));
	assert_true(has(&rig, number_of(&rig, "/")));
	rig_end(&rig);
}

/* A new cgroup is in the map before its directory is visible. */
static void test_an_entry_older_than_its_directory_stays(void **state)
{
	struct sweep_rig rig;
	uint64_t born;

	(void)state;
	rig_begin(&rig);
	make(&rig, "/elsewhere");
	born = number_of(&rig, "/elsewhere");
	fake_put(&rig.maps, born, META_BIRTH, "/born");
	fake_put(&rig.maps, DEAD, META_BIRTH, "/gone");
	move(&rig, "/elsewhere", "-hidden");
	assert_int_equal(run(&rig, SECOND, 0, 0), 0);
	move(&rig, "-hidden", "/born");
	assert_int_equal(number_of(&rig, "/born"), born);
	assert_int_equal(run(&rig, 10 * SECOND, 0, 0), 1);
	assert_true(has(&rig, born));
	assert_false(has(&rig, DEAD));
	rig_end(&rig);
}

static void test_cgroups_of_unread_records_keep_their_entries(void **state)
{
	struct sweep_rig rig;

	(void)state;
	rig_begin(&rig);
	fake_put(&rig.maps, DEAD, META_BIRTH, "/gone");
	assert_int_equal(run(&rig, 100 * SECOND, 800, 792), 0);
	assert_true(has(&rig, DEAD));
	/* records that arrived after the first scan do not matter */
	assert_int_equal(run(&rig, SECOND, 1600, 800), 1);
	rig_end(&rig);
}

#define DEEP "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16"

static void test_a_tree_that_is_too_deep_hides_nothing_else(void **state)
{
	struct sweep_rig rig;
	size_t cuts;

	(void)state;
	rig_begin(&rig);
	make(&rig, DEEP "/17");
	make(&rig, "/1/2/else");
	fake_put(&rig.maps, number_of(&rig, DEEP "/17"), META_SCAN, "");
	fake_put(&rig.maps, number_of(&rig, "/1/2/else"), META_SCAN, "");
	fake_put(&rig.maps, DEAD, META_SEED, "/gone");
	fake_put(&rig.maps, DEAD + 1, META_SEED, "/1/2/gone");
	fake_put(&rig.maps, DEAD + 2, META_SEED, DEEP "/gone");
	fake_put(&rig.maps, DEAD + 3, META_SEED, DEEP "/17/18/gone");
	fake_put(&rig.maps, DEAD + 4, META_SEED, DEEP);	/* the path of another cgroup now */
	fake_put(&rig.maps, DEAD + 5, META_SEED, DEEP "0/gone"); /* not below DEEP, only its name begins alike */
	assert_null(sweep_cut(rig.sweep, &cuts));
	assert_int_equal(run(&rig, 20 * SECOND, 0, 0), 4);
	assert_false(has(&rig, DEAD) || has(&rig, DEAD + 1) || has(&rig, DEAD + 4) || has(&rig, DEAD + 5));
	assert_true(has(&rig, DEAD + 2) && has(&rig, DEAD + 3));
	assert_true(has(&rig, number_of(&rig, DEEP "/17")) && has(&rig, number_of(&rig, "/1/2/else")));
	assert_string_equal(sweep_cut(rig.sweep, &cuts), DEEP);
	assert_int_equal(cuts, 1);
	rig_end(&rig);
}

/* A cgroup of unknown path could be in the part that the walk left out. */
static void test_without_a_path_an_entry_stays_after_an_incomplete_walk(void **state)
{
	struct sweep_rig rig;

	(void)state;
	rig_begin(&rig);
	make(&rig, DEEP "/17");
	fake_put(&rig.maps, DEAD, META_SCAN, "");
	assert_int_equal(run(&rig, 20 * SECOND, 0, 0), 0);
	assert_true(has(&rig, DEAD));
	rig_end(&rig);
}

static void test_names_that_begin_with_a_dot(void **state)
{
	struct sweep_rig rig;

	(void)state;
	rig_begin(&rig);
	make(&rig, "/.a/..b");
	fake_put(&rig.maps, number_of(&rig, "/.a/..b"), META_SCAN, "");
	assert_int_equal(run(&rig, 20 * SECOND, 0, 0), 0);
	rig_end(&rig);
}

/* Repeated searches for a cgroup that does not exist walk the tree each time. */
static void test_other_walks_do_not_starve_it(void **state)
{
	struct sweep_rig rig;
	size_t removed = 0;
	char path[64];

	(void)state;
	rig_begin(&rig);
	fake_put(&rig.maps, DEAD, META_SEED, "/gone");
	for (uint64_t end = rig.now_ns + 20 * SECOND; rig.now_ns < end; rig.now_ns += SECOND / 10) {
		(void)cgroup_fs_find(rig.fs, DEAD + 1, rig.now_ns, path, sizeof(path));
		removed += sweep_step(rig.sweep, rig.now_ns, 0, 0);
	}
	assert_int_equal(removed, 1);
	rig_end(&rig);
}

static void test_sweeps_are_rare(void **state)
{
	struct sweep_rig rig;

	(void)state;
	rig_begin(&rig);
	assert_int_equal(run(&rig, SECOND, 0, 0), 0);
	fake_put(&rig.maps, DEAD, META_SEED, "/gone");
	assert_int_equal(run(&rig, 500 * SECOND, 0, 0), 0);
	assert_int_equal(run(&rig, 200 * SECOND, 0, 0), 1);
	rig_end(&rig);
}

static struct ev_cgroup last_visited;

static int noting_next(void *context, const struct ev_cgroup *after, struct ev_cgroup *ret)
{
	int r = fake_next(context, after, ret);

	if (r == 0)
		last_visited = *ret;
	return r;
}

/* A pass of many steps reaches the end of the map although in each pause the entry goes where it stopped. */
static void test_entries_that_are_removed_meanwhile(void **state)
{
	static struct sweep_rig rig;
	size_t removed = 0;
	char path[128];

	(void)state;
	rig_begin(&rig);
	rig.kernel_maps.next = noting_next;
	for (int i = 0; i < MAP_ENTRIES - 1; i++) {
		(void)snprintf(path, sizeof(path), "%s/%d", rig.directory, i);
		assert_int_equal(mkdir(path, 0700), 0);
		(void)snprintf(path, sizeof(path), "/%d", i);
		fake_put(&rig.maps, number_of(&rig, path), META_SEED, path);
	}
	fake_put(&rig.maps, DEAD, META_SEED, "/gone");
	for (int step = 0; step < 50; step++, rig.now_ns += SECOND / 10) {
		removed += sweep_step(rig.sweep, rig.now_ns, 0, 0);
		if (last_visited.id != DEAD)
			(void)fake_forget(&rig.maps, &last_visited);
	}
	assert_int_equal(removed, 1);
	assert_false(has(&rig, DEAD));
	rig_end(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_entries_of_removed_cgroups_go),
		cmocka_unit_test(test_an_entry_older_than_its_directory_stays),
		cmocka_unit_test(test_cgroups_of_unread_records_keep_their_entries),
		cmocka_unit_test(test_a_tree_that_is_too_deep_hides_nothing_else),
		cmocka_unit_test(test_without_a_path_an_entry_stays_after_an_incomplete_walk),
		cmocka_unit_test(test_names_that_begin_with_a_dot),
		cmocka_unit_test(test_other_walks_do_not_starve_it),
		cmocka_unit_test(test_sweeps_are_rare),
		cmocka_unit_test(test_entries_that_are_removed_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
