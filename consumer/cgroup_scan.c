/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/cgroup_scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/text.h"

#define SCAN_DEPTH       16
#define SCAN_DIRECTORIES 20000
#define SCAN_TEXT        (4U << 20) /* bytes of all paths: names can be 255 bytes long, and 16 of them deep */
/* Until the next walk: some time, and twenty times what reading a directory takes for each one read. */
#define SCAN_INTERVAL_NS 20000000ULL
#define SCAN_EACH_NS     200000ULL

struct found {
	uint64_t id;
	size_t offset, length; /* in text */
};

struct cgroup_scan {
	int root_fd;
	bool v1;
	char *root;
	uint64_t next_ns; /* when the next walk may be */
	bool complete;       /* the last walk saw all there are */
	struct found *found; /* of the last walk, by id */
	size_t count, room;
	char *text;
	size_t text_length, text_room;
};

struct walk {
	char path[PATH_MAX];
	size_t length;
};

static void cleanup_closedir(DIR **directory)
{
	if (*directory)
		(void)closedir(*directory);
}

static void forget(struct cgroup_scan *scan)
{
	free(scan->found);
	free(scan->text);
	scan->found = NULL;
	scan->text = NULL;
	scan->count = scan->room = scan->text_length = scan->text_room = 0;
}

void cgroup_scan_close(struct cgroup_scan *scan)
{
	if (!scan)
		return;
	cleanup_close(&scan->root_fd);
	forget(scan);
	free(scan->root);
	free(scan);
}

int cgroup_scan_open(const char *directory, bool v1, struct cgroup_scan **ret)
{
	AUTO_CLOSE int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;

	struct cgroup_scan *scan = calloc(1, sizeof(*scan));
	char *root = strdup(directory);

	if (!scan || !root) {
		free(scan);
		free(root);
		return -ENOMEM;
	}
	scan->root_fd = TAKE_FD(fd);
	scan->root = root;
	scan->v1 = v1;
	*ret = scan;
	return 0;
}

const char *cgroup_scan_root(const struct cgroup_scan *scan)
{
	return scan->root;
}

/* -ENOMEM: the walk ends, what was found so far stands. */
static int remember(struct cgroup_scan *scan, uint64_t id, const char *path, size_t length)
{
	if (scan->count == scan->room) {
		size_t room = scan->room ? 2 * scan->room : 64;
		struct found *grown = reallocarray(scan->found, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		scan->found = grown;
		scan->room = room;
	}
	if (scan->text_length + length > scan->text_room) {
		size_t room = 2 * scan->text_room + length;
		char *grown = realloc(scan->text, room);

		if (!grown)
			return -ENOMEM;
		scan->text = grown;
		scan->text_room = room;
	}
	scan->found[scan->count++] = (struct found){ id, scan->text_length, length };
	(void)memcpy(scan->text + scan->text_length, path, length);
	scan->text_length += length;
	return 0;
}

/* A directory has a link from each one in it, beside its own two. */
static bool has_directories(int fd)
{
	struct stat st;

	return fstat(fd, &st) != 0 || st.st_nlink > 2;
}

/* Depth first below fd, which it takes. 0, or why the walk has to end. */
static int walk_directory(struct cgroup_scan *scan, struct walk *walk, int fd, unsigned int depth)
{
	CLEANUP(cleanup_closedir) DIR *directory = fdopendir(fd);
	size_t parent_length = walk->length;
	struct dirent *entry;
	int r = 0;

	if (!directory) {
		(void)close(fd);
		scan->complete = false;
		return 0;
	}
	while (r == 0 && (entry = readdir(directory)) != NULL) {
		size_t length = strlen(entry->d_name);

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (scan->count == SCAN_DIRECTORIES || scan->text_length > SCAN_TEXT)
			return -E2BIG;
		if (parent_length + 1 + length >= sizeof(walk->path)) {
			scan->complete = false;
			continue;
		}
		walk->path[parent_length] = '/';
		(void)memcpy(walk->path + parent_length + 1, entry->d_name, length + 1);
		walk->length = parent_length + 1 + length;
		r = remember(scan, entry->d_ino, walk->path, walk->length);
		if (r)
			continue;

		int child = openat(dirfd(directory), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (child >= 0 && depth + 1 < SCAN_DEPTH) {
			r = walk_directory(scan, walk, child, depth + 1);
		} else if (child >= 0) {
			scan->complete = scan->complete && !has_directories(child);
			(void)close(child);
		} else if (errno != ENOENT) {
			scan->complete = false;
		}
	}
	walk->length = parent_length;
	return r;
}

static int compare_found(const void *a, const void *b)
{
	const struct found *left = a, *right = b;

	return left->id < right->id ? -1 : left->id > right->id;
}

static int walk_all(struct cgroup_scan *scan, uint64_t now_ns)
{
	struct walk walk = { .length = 0 };
	int fd = openat(scan->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	forget(scan);
	scan->complete = true;
	if (walk_directory(scan, &walk, fd, 0) != 0)
		scan->complete = false;
	if (scan->count)
		qsort(scan->found, scan->count, sizeof(scan->found[0]), compare_found);
	scan->next_ns = now_ns + SCAN_INTERVAL_NS + scan->count * SCAN_EACH_NS;
	return 0;
}

static const struct found *find_id(const struct cgroup_scan *scan, uint64_t id)
{
	const struct found key = { .id = id };

	return scan->count ? bsearch(&key, scan->found, scan->count, sizeof(key), compare_found) : NULL;
}

/* Of the last walk, if it is still so. */
static int find_found(const struct cgroup_scan *scan, uint64_t id, char *out, size_t size)
{
	const struct found *found = find_id(scan, id);

	if (!found || found->length >= size)
		return 0;
	(void)memcpy(out, scan->text + found->offset, found->length);
	out[found->length] = '\0';
	return cgroup_scan_exists(scan, out, id) ? (int)found->length : 0;
}

int cgroup_scan_find(struct cgroup_scan *scan, uint64_t id, uint64_t now_ns, char *out, size_t size)
{
	int r = find_found(scan, id, out, size);

	if (r > 0)
		return r;
	if (now_ns < scan->next_ns)
		return -EAGAIN;
	r = walk_all(scan, now_ns);
	return r < 0 ? r : find_found(scan, id, out, size);
}

int cgroup_scan_walk(struct cgroup_scan *scan, uint64_t now_ns)
{
	int r = now_ns < scan->next_ns ? -EAGAIN : walk_all(scan, now_ns);

	return r == 0 && !scan->complete ? -E2BIG : r;
}

bool cgroup_scan_saw(const struct cgroup_scan *scan, uint64_t id)
{
	struct stat st;

	return find_id(scan, id) || (fstat(scan->root_fd, &st) == 0 && st.st_ino == id);
}

/* Below the root: paths are "/a/b". */
static const char *relative(const char *path)
{
	while (*path == '/')
		path++;
	return *path ? path : ".";
}

bool cgroup_scan_exists(const struct cgroup_scan *scan, const char *path, uint64_t id)
{
	struct stat st;

	return fstatat(scan->root_fd, relative(path), &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == id;
}

static int read_file(const struct cgroup_scan *scan, const char *path, const char *name, char *out, size_t size)
{
	char file[PATH_MAX];
	int n = snprintf(file, sizeof(file), "%s/%s", relative(path), name);

	if (n < 0 || (size_t)n >= sizeof(file))
		return -ENAMETOOLONG;

	AUTO_CLOSE int fd = openat(scan->root_fd, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;

	ssize_t length = read(fd, out, size - 1);

	if (length < 0)
		return -errno;
	out[length] = '\0';
	return 0;
}

static int read_number(const struct cgroup_scan *scan, const char *path, const char *name, uint64_t *ret)
{
	char text[32];
	int r = read_file(scan, path, name, text, sizeof(text));

	if (r)
		return r;
	text[strcspn(text, "\n")] = '\0';
	return text_parse_u64(text, ret);
}

/* The number behind "key " at the beginning of a line. */
static int find_number(const char *text, const char *key, uint64_t *ret)
{
	size_t length = strlen(key);

	for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return sscanf(line + length, " %" SCNu64, ret) == 1 ? 0 : -EBADMSG;
	return -ENODATA;
}

int cgroup_scan_working_set(const struct cgroup_scan *scan, const char *path, uint64_t *ret)
{
	char stat[8192];
	uint64_t usage, inactive;
	int r = read_number(scan, path, scan->v1 ? "memory.usage_in_bytes" : "memory.current", &usage);

	if (!r)
		r = read_file(scan, path, "memory.stat", stat, sizeof(stat));
	if (!r)
		r = find_number(stat, scan->v1 ? "total_inactive_file" : "inactive_file", &inactive);
	if (r)
		return r;
	*ret = usage > inactive ? usage - inactive : 0;
	return 0;
}

int cgroup_scan_limit(const struct cgroup_scan *scan, const char *path, uint64_t *ret)
{
	uint64_t limit;
	int r = read_number(scan, path, scan->v1 ? "memory.limit_in_bytes" : "memory.max", &limit);

	if (r == -EINVAL)
		return -ENODATA; /* "max" */
	if (r)
		return r;
	/* v1 shows the largest multiple of a page in place of "max". */
	if (limit > (uint64_t)INT64_MAX - (1 << 17))
		return -ENODATA;
	*ret = limit;
	return 0;
}
