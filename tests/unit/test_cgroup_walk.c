/* SPDX-License-Identifier: BSD-2-Clause */
/* What a walk with a small budget still sees when a container creates more directories than the budget. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "consumer/container/cgroup_walk.h"
#include "tests/harness.h"

#define BUDGET 400
#define PODS   20

struct tree {
	char directory[64];
	int fd;
	struct cgroup_walk *walk;
};

static void tree_begin(struct tree *tree)
{
	harness_make_dir(tree->directory, sizeof(tree->directory));
	tree->fd = open(tree->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(tree->fd >= 0);
	tree->walk = NULL;
}

static void tree_end(struct tree *tree)
{
	char command[128];

	cgroup_walk_free(tree->walk);
	(void)close(tree->fd);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", tree->directory);
	assert_int_equal(system(command), 0);
}

static void make(const struct tree *tree, const char *path)
{
	assert_int_equal(mkdirat(tree->fd, path + 1, 0700), 0);
}

static void make_many(const struct tree *tree, const char *path, int from, int to)
{
	for (int i = from; i < to; i++) {
		char name[512];

		(void)snprintf(name, sizeof(name), "%s/%d", path, i);
		make(tree, name);
	}
}

static void walk(struct tree *tree, size_t budget)
{
	cgroup_walk_free(tree->walk);
	assert_int_equal(cgroup_walk_run(tree->fd, budget, &tree->walk), 0);
	assert_true(cgroup_walk_count(tree->walk) <= budget);
}

static bool sees(const struct tree *tree, const char *path)
{
	struct stat st;
	size_t length;
	const char *found;

	assert_int_equal(fstatat(tree->fd, path + 1, &st, 0), 0);
	found = cgroup_walk_find(tree->walk, st.st_ino, &length);
	if (found)
		assert_string_equal(found, path);
	return found != NULL;
}

/* As a kubelet creates them: pods with two containers, one of which has a cgroup below it. */
static void make_pods(const struct tree *tree)
{
	char path[64];

	make(tree, "/pods");
	for (int i = 0; i < PODS; i++) {
		(void)snprintf(path, sizeof(path), "/pods/%d", i);
		make(tree, path);
		make_many(tree, path, 0, 2);
		(void)snprintf(path, sizeof(path), "/pods/%d/1/below", i);
		make(tree, path);
	}
}

static void assert_sees_pods(const struct tree *tree, int from)
{
	char path[64];

	for (int i = from; i < PODS; i++) {
		(void)snprintf(path, sizeof(path), "/pods/%d/1/below", i);
		assert_true(sees(tree, path));
		assert_false(cgroup_walk_hides(tree->walk, path));
	}
}

static void test_everything(void **state)
{
	struct tree tree;
	size_t cuts;

	(void)state;
	tree_begin(&tree);
	walk(&tree, BUDGET);
	assert_int_equal(cgroup_walk_count(tree.walk), 0);
	make_pods(&tree);
	walk(&tree, BUDGET);
	assert_int_equal(cgroup_walk_count(tree.walk), 1 + PODS * 4);
	assert_sees_pods(&tree, 0);
	assert_false(cgroup_walk_hides(tree.walk, "/pods/0/gone") || cgroup_walk_hides(tree.walk, NULL));
	assert_null(cgroup_walk_cut(tree.walk, &cuts));
	assert_int_equal(cuts, 0);
	tree_end(&tree);
}

/* Each wide directory alone exceeds the budget, at any place in the order of the file system. */
static void test_some_directories_are_too_wide(void **state)
{
	struct tree tree;
	size_t cuts;

	(void)state;
	tree_begin(&tree);
	make_pods(&tree);
	make_many(&tree, "/pods/0/0", 0, 500);
	make_many(&tree, "/pods/1/1/below", 0, 500);
	make_many(&tree, "/pods/2", 2, 500);
	walk(&tree, BUDGET);
	assert_sees_pods(&tree, 3);
	assert_true(cgroup_walk_hides(tree.walk, "/pods/0/0/gone") && cgroup_walk_hides(tree.walk, "/pods/1/1/below/a/b"));
	assert_true(cgroup_walk_hides(tree.walk, "/pods/2/gone") && cgroup_walk_hides(tree.walk, NULL));
	assert_false(cgroup_walk_hides(tree.walk, "/pods/0/gone") || cgroup_walk_hides(tree.walk, "/pods/1/0/gone"));
	assert_false(cgroup_walk_hides(tree.walk, "/gone") || cgroup_walk_hides(tree.walk, "/pods/00/gone"));
	assert_string_equal(cgroup_walk_cut(tree.walk, &cuts), "/pods/0/0");
	assert_int_equal(cuts, 3);
	tree_end(&tree);
}

/* The directories are not in one place but spread over many branches. */
static void test_one_subtree_has_many_branches(void **state)
{
	struct tree tree;
	char path[64];
	int hidden = 0;

	(void)state;
	tree_begin(&tree);
	make_pods(&tree);
	make_many(&tree, "/pods/7/0", 0, 30);
	for (int i = 0; i < 30; i++) {
		(void)snprintf(path, sizeof(path), "/pods/7/0/%d", i);
		make_many(&tree, path, 0, 30);
	}
	walk(&tree, BUDGET);
	assert_sees_pods(&tree, 0);
	for (int i = 0; i < 30; i++) {
		(void)snprintf(path, sizeof(path), "/pods/7/0/%d/gone", i);
		hidden += cgroup_walk_hides(tree.walk, path);
	}
	assert_true(hidden > 0);
	assert_false(cgroup_walk_hides(tree.walk, "/pods/7/gone"));
	tree_end(&tree);
}

static void test_one_subtree_is_too_deep(void **state)
{
	struct tree tree;
	char path[512] = "/pods/3/0";
	size_t cuts;

	(void)state;
	tree_begin(&tree);
	make_pods(&tree);
	for (int depth = 3; depth < 20; depth++) {
		(void)strcat(path, "/d");
		make(&tree, path);
	}
	walk(&tree, BUDGET);
	assert_sees_pods(&tree, 0);
	assert_string_equal(cgroup_walk_cut(tree.walk, &cuts), "/pods/3/0/d/d/d/d/d/d/d/d/d/d/d/d/d");
	assert_int_equal(cuts, 1);
	assert_false(sees(&tree, path));
	assert_true(cgroup_walk_hides(tree.walk, path));
	assert_false(cgroup_walk_hides(tree.walk, "/pods/3/0/d/d/gone"));
	tree_end(&tree);
}

/* Kept paths take memory, so a long one costs several units of the budget. */
static void test_one_subtree_has_long_names(void **state)
{
	struct tree tree;
	char path[4000] = "/pods/5/0", name[258];
	size_t cuts;

	(void)state;
	tree_begin(&tree);
	make_pods(&tree);
	(void)memset(name, 'x', sizeof(name));
	name[0] = '/';
	name[256] = '\0';
	for (int depth = 3; depth < 15; depth++) {
		(void)strcat(path, name);
		make(&tree, path);
	}
	/* each pod needs three more, and as many go to the subtree that comes first */
	walk(&tree, 1 + PODS + 2 * 3 * PODS);
	assert_sees_pods(&tree, 0);
	assert_non_null(cgroup_walk_cut(tree.walk, &cuts));
	walk(&tree, BUDGET);
	assert_true(sees(&tree, path));
	tree_end(&tree);
}

/* The root alone has more directories than the budget. */
static void test_no_budget(void **state)
{
	struct tree tree;
	size_t cuts;

	(void)state;
	tree_begin(&tree);
	make_pods(&tree);
	walk(&tree, 0);
	assert_string_equal(cgroup_walk_cut(tree.walk, &cuts), "");
	assert_true(cgroup_walk_hides(tree.walk, "/gone"));
	walk(&tree, 1);
	assert_string_equal(cgroup_walk_cut(tree.walk, &cuts), "/pods");
	assert_false(cgroup_walk_hides(tree.walk, "/gone"));
	tree_end(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_some_directories_are_too_wide),
		cmocka_unit_test(test_one_subtree_has_many_branches),
		cmocka_unit_test(test_one_subtree_is_too_deep),
		cmocka_unit_test(test_one_subtree_has_long_names),
		cmocka_unit_test(test_no_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
