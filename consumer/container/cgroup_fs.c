/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/container/cgroup_fs.h"

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
#include "consumer/container/cgroup_walk.h"

#define SCAN_DIRECTORIES 20000
/* Time until the next walk may begin: SCAN_INTERVAL_NS, and SCAN_EACH_NS for each directory read, twenty times its cost. */
#define SCAN_INTERVAL_NS 20000000ULL
#define SCAN_EACH_NS     200000ULL

struct cgroup_fs {
	int root_fd;
	bool v1;
	char *root;
	uint64_t next_ns;   /* when the next walk may begin */
	uint64_t walked_ns; /* when the last one began; 0: none, or it failed */
	struct cgroup_walk *walk; /* the last one; NULL: none */
};

void cgroup_fs_close(struct cgroup_fs *fs)
{
	if (!fs)
		return;
	cleanup_close(&fs->root_fd);
	cgroup_walk_free(fs->walk);
	free(fs->root);
	free(fs);
}

int cgroup_fs_open(const char *directory, bool v1, struct cgroup_fs **ret)
{
	AUTO_CLOSE int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;

	struct cgroup_fs *fs = calloc(1, sizeof(*fs));
	char *root = strdup(directory);

	if (!fs || !root) {
		free(fs);
		free(root);
		return -ENOMEM;
	}
	fs->root_fd = TAKE_FD(fd);
	fs->root = root;
	fs->v1 = v1;
	*ret = fs;
	return 0;
}

const char *cgroup_fs_root(const struct cgroup_fs *fs)
{
	return fs->root;
}

static int walk_all(struct cgroup_fs *fs, uint64_t now_ns)
{
	cgroup_walk_free(TAKE_PTR(fs->walk));

	int r = cgroup_walk_run(fs->root_fd, SCAN_DIRECTORIES, &fs->walk);

	fs->walked_ns = r ? 0 : now_ns;
	fs->next_ns = now_ns + SCAN_INTERVAL_NS + cgroup_walk_count(fs->walk) * SCAN_EACH_NS;
	return r;
}

/* The path from the last walk, if the cgroup is still there. */
static int find_found(const struct cgroup_fs *fs, uint64_t id, char *out, size_t size)
{
	size_t length;
	const char *path = cgroup_walk_find(fs->walk, id, &length);

	if (!path || length >= size)
		return 0;
	(void)memcpy(out, path, length + 1);
	return cgroup_fs_exists(fs, out, id) > 0 ? (int)length : 0;
}

int cgroup_fs_find(struct cgroup_fs *fs, uint64_t id, uint64_t now_ns, char *out, size_t size)
{
	int r = find_found(fs, id, out, size);

	if (r > 0)
		return r;
	if (now_ns < fs->next_ns)
		return -EAGAIN;
	r = walk_all(fs, now_ns);
	return r < 0 ? r : find_found(fs, id, out, size);
}

int cgroup_fs_walk(struct cgroup_fs *fs, uint64_t since_ns, uint64_t now_ns)
{
	if (fs->walked_ns && fs->walked_ns >= since_ns)
		return 0;
	return now_ns < fs->next_ns ? -EAGAIN : walk_all(fs, now_ns);
}

bool cgroup_fs_saw(const struct cgroup_fs *fs, uint64_t id)
{
	struct stat st;
	size_t length;

	return cgroup_walk_find(fs->walk, id, &length) || (fstat(fs->root_fd, &st) == 0 && st.st_ino == id);
}

bool cgroup_fs_hides(const struct cgroup_fs *fs, const char *path)
{
	return cgroup_walk_hides(fs->walk, path);
}

const char *cgroup_fs_cut(const struct cgroup_fs *fs, size_t *ret_count)
{
	return cgroup_walk_cut(fs->walk, ret_count);
}

/* Below the root: paths are "/a/b". */
static const char *relative(const char *path)
{
	while (*path == '/')
		path++;
	return *path ? path : ".";
}

int cgroup_fs_exists(const struct cgroup_fs *fs, const char *path, uint64_t id)
{
	struct stat st;

	if (fstatat(fs->root_fd, relative(path), &st, AT_SYMLINK_NOFOLLOW) == 0)
		return st.st_ino == id;
	return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
}

static int read_file(const struct cgroup_fs *fs, const char *path, const char *name, char *out, size_t size)
{
	char file[PATH_MAX];
	int n = snprintf(file, sizeof(file), "%s/%s", relative(path), name);

	if (n < 0 || (size_t)n >= sizeof(file))
		return -ENAMETOOLONG;

	AUTO_CLOSE int fd = openat(fs->root_fd, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;

	ssize_t length = read(fd, out, size - 1);

	if (length < 0)
		return -errno;
	out[length] = '\0';
	return 0;
}

static int read_number(const struct cgroup_fs *fs, const char *path, const char *name, uint64_t *ret)
{
	char text[32];
	int r = read_file(fs, path, name, text, sizeof(text));

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

int cgroup_fs_working_set(const struct cgroup_fs *fs, const char *path, uint64_t *ret)
{
	char stat[8192];
	uint64_t usage, inactive;
	int r = read_number(fs, path, fs->v1 ? "memory.usage_in_bytes" : "memory.current", &usage);

	if (!r)
		r = read_file(fs, path, "memory.stat", stat, sizeof(stat));
	if (!r)
		r = find_number(stat, fs->v1 ? "total_inactive_file" : "inactive_file", &inactive);
	if (r)
		return r;
	*ret = usage > inactive ? usage - inactive : 0;
	return 0;
}

int cgroup_fs_limit(const struct cgroup_fs *fs, const char *path, uint64_t *ret)
{
	uint64_t limit;
	int r = read_number(fs, path, fs->v1 ? "memory.limit_in_bytes" : "memory.max", &limit);

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
