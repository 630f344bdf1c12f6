/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/container/cgroup_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

#define WALK_DEPTH  16
/* A longer path counts as more than one directory, because paths are kept. */
#define COMMON_PATH 256

/* A path in the one buffer that holds all paths, each followed by NUL. */
struct place_in_text {
	size_t offset, length;
};

struct found {
	uint64_t id;
	struct place_in_text path;
};

struct list {
	void *items;
	size_t count, room;
};

struct cgroup_walk {
	int root_fd;
	struct list found; /* struct found; by id when the walk is done */
	struct list cuts;  /* struct place_in_text; by path when it is done */
	struct list text;  /* char */
};

/* The directory that is being walked; "" is the root. */
struct here {
	char path[PATH_MAX];
	size_t length;
	unsigned int depth;
};

static struct found *found_of(const struct cgroup_walk *walk)
{
	return walk->found.items;
}

static const char *text_at(const struct cgroup_walk *walk, struct place_in_text place)
{
	return (const char *)walk->text.items + place.offset;
}

static int make_room(struct list *list, size_t more, size_t size)
{
	if (list->room - list->count >= more)
		return 0;

	size_t room = 2 * list->room + more;
	void *grown = reallocarray(list->items, room, size);

	if (!grown)
		return -ENOMEM;
	list->items = grown;
	list->room = room;
	return 0;
}

static int add_text(struct cgroup_walk *walk, const struct here *here, struct place_in_text *ret)
{
	struct list *text = &walk->text;
	int r = make_room(text, here->length + 1, 1);

	if (r)
		return r;
	*ret = (struct place_in_text){ text->count, here->length };
	(void)memcpy((char *)text->items + text->count, here->path, here->length + 1);
	text->count += here->length + 1;
	return 0;
}

static int add_found(struct cgroup_walk *walk, const struct here *here, uint64_t id)
{
	struct found found = { .id = id };
	int r = make_room(&walk->found, 1, sizeof(found));

	if (!r)
		r = add_text(walk, here, &found.path);
	if (!r)
		found_of(walk)[walk->found.count++] = found;
	return r;
}

static int add_cut(struct cgroup_walk *walk, const struct here *here)
{
	struct place_in_text place;
	int r = make_room(&walk->cuts, 1, sizeof(place));

	if (!r)
		r = add_text(walk, here, &place);
	if (!r)
		((struct place_in_text *)walk->cuts.items)[walk->cuts.count++] = place;
	return r;
}

static const char *relative(const struct here *here)
{
	return here->length ? here->path + 1 : ".";
}

static void leave(struct here *here, size_t length)
{
	here->length = length;
	here->path[length] = '\0';
}

/* False: the path would be too long. */
static bool enter(struct here *here, const char *name)
{
	size_t length = strlen(name);

	if (here->length + 1 + length >= sizeof(here->path))
		return false;
	here->path[here->length] = '/';
	(void)memcpy(here->path + here->length + 1, name, length + 1);
	here->length += 1 + length;
	return true;
}

static DIR *open_here(const struct cgroup_walk *walk, const struct here *here)
{
	AUTO_CLOSE int fd = openat(walk->root_fd, relative(here), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	if (directory)
		(void)TAKE_FD(fd);
	return directory;
}

static bool is_directory(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Adds the directories in it, but nothing below them. Subtracts their cost from *allowance. */
static int list_here(struct cgroup_walk *walk, struct here *here, size_t *allowance)
{
	AUTO_CLOSEDIR DIR *directory = open_here(walk, here);
	size_t length = here->length;
	struct dirent *entry;

	if (!directory)
		return errno == ENOENT ? 0 : add_cut(walk, here);
	while ((entry = readdir(directory)) != NULL) {
		if (!is_directory(entry))
			continue;

		bool fits = enter(here, entry->d_name);
		size_t cost = 1 + here->length / COMMON_PATH;
		int r = fits && cost <= *allowance ? add_found(walk, here, entry->d_ino) : 0;

		leave(here, length);
		if (r)
			return r;
		if (!fits || cost > *allowance)
			return add_cut(walk, here);
		*allowance -= cost;
	}
	return 0;
}

/* A directory has two links, and one from each directory in it; a file system that does not count them shows 1. */
static bool has_directories(const struct cgroup_walk *walk, const struct here *here)
{
	struct stat st;

	if (fstatat(walk->root_fd, relative(here), &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno != ENOENT;
	return st.st_nlink != 2;
}

/* Adds everything below. Subtracts its cost from *allowance. */
static int walk_below(struct cgroup_walk *walk, struct here *here, size_t *allowance)
{
	size_t length = here->length, first = walk->found.count;

	if (here->depth == WALK_DEPTH || *allowance == 0)
		return add_cut(walk, here);

	int r = list_here(walk, here, allowance);
	size_t last = walk->found.count;
	size_t share = last > first ? *allowance / (2 * (last - first)) : 0;

	here->depth++;
	for (size_t i = first; !r && i < last; i++) {
		struct place_in_text path = found_of(walk)[i].path;
		size_t kept = share * (last - i - 1), own = *allowance - kept;

		(void)memcpy(here->path, text_at(walk, path), path.length + 1);
		here->length = path.length;
		if (has_directories(walk, here))
			r = walk_below(walk, here, &own);
		*allowance = kept + own;
	}
	here->depth--;
	leave(here, length);
	return r;
}

static int compare_found(const void *a, const void *b)
{
	const struct found *left = a, *right = b;

	return left->id < right->id ? -1 : left->id > right->id;
}

static int compare_paths(const char *a, size_t a_length, const char *b, size_t b_length)
{
	int r = memcmp(a, b, a_length < b_length ? a_length : b_length);

	return r ? r : a_length < b_length ? -1 : a_length > b_length;
}

static int compare_cuts(const void *a, const void *b, void *context)
{
	const struct cgroup_walk *walk = context;
	const struct place_in_text *left = a, *right = b;

	return compare_paths(text_at(walk, *left), left->length, text_at(walk, *right), right->length);
}

static void cleanup_walk(struct cgroup_walk **walk)
{
	cgroup_walk_free(*walk);
}

int cgroup_walk_run(int root_fd, size_t budget, struct cgroup_walk **ret)
{
	CLEANUP(cleanup_walk) struct cgroup_walk *walk = calloc(1, sizeof(*walk));
	struct here here = { .length = 0 };

	if (!walk)
		return -ENOMEM;
	walk->root_fd = root_fd;

	int r = walk_below(walk, &here, &budget);

	if (r)
		return r;
	if (walk->found.count)
		qsort(walk->found.items, walk->found.count, sizeof(struct found), compare_found);
	if (walk->cuts.count)
		qsort_r(walk->cuts.items, walk->cuts.count, sizeof(struct place_in_text), compare_cuts, walk);
	*ret = TAKE_PTR(walk);
	return 0;
}

void cgroup_walk_free(struct cgroup_walk *walk)
{
	if (!walk)
		return;
	free(walk->found.items);
	free(walk->cuts.items);
	free(walk->text.items);
	free(walk);
}

size_t cgroup_walk_count(const struct cgroup_walk *walk)
{
	return walk ? walk->found.count : 0;
}

const char *cgroup_walk_find(const struct cgroup_walk *walk, uint64_t id, size_t *ret_length)
{
	const struct found key = { .id = id };
	const struct found *found;

	if (cgroup_walk_count(walk) == 0)
		return NULL;
	found = bsearch(&key, walk->found.items, walk->found.count, sizeof(key), compare_found);
	if (found)
		*ret_length = found->path.length;
	return found ? text_at(walk, found->path) : NULL;
}

static bool is_cut(const struct cgroup_walk *walk, const char *path, size_t length)
{
	const struct place_in_text *cuts = walk->cuts.items;
	size_t low = 0, high = walk->cuts.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int r = compare_paths(path, length, text_at(walk, cuts[middle]), cuts[middle].length);

		if (r == 0)
			return true;
		if (r < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

bool cgroup_walk_hides(const struct cgroup_walk *walk, const char *path)
{
	if (!walk || walk->cuts.count == 0)
		return false;
	if (!path)
		return true;
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/'))
		if (is_cut(walk, path, (size_t)(slash - path)))
			return true;
	return false;
}

const char *cgroup_walk_cut(const struct cgroup_walk *walk, size_t *ret_count)
{
	*ret_count = walk ? walk->cuts.count : 0;
	return *ret_count ? text_at(walk, *(struct place_in_text *)walk->cuts.items) : NULL;
}
