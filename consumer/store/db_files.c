/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/db_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "consumer/text/error.h"

#define SHARED_MODE 0640 /* readable for the group */

static const char *const suffixes[DB_FILE_COUNT] = { "", "-wal", "-shm", "-journal" };

static int join(char *out, size_t size, const char *path, const char *suffix)
{
	int n = snprintf(out, size, "%s%s", path, suffix);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int db_file_name(const char *path, enum db_file file, char *out)
{
	return join(out, PATH_MAX, path, suffixes[file]);
}

int db_file_stat(const char *path, enum db_file file, struct stat *ret)
{
	char name[PATH_MAX];
	int r = db_file_name(path, file, name);

	if (!r && stat(name, ret) != 0)
		r = -errno;
	return r;
}

static int name_directory(const char *path, char out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	int n = snprintf(out, PATH_MAX, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int db_file_stat_directory(const char *path, struct stat *ret)
{
	char name[PATH_MAX];
	int r = name_directory(path, name);

	if (!r && stat(name, ret) != 0)
		r = -errno;
	return r;
}

/* For a file that does not exist: the real path of its directory, with the name. */
static int resolve_missing(const char *path, char *out)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char directory[PATH_MAX], real[PATH_MAX];
	struct stat st;
	int n;

	/* A dangling link: creating the file would create it elsewhere, under another name. */
	if (lstat(path, &st) == 0 || !*name)
		return -ENOENT;
	n = name_directory(path, directory);
	if (n)
		return n;
	if (!realpath(directory, real))
		return -errno;
	n = snprintf(out, PATH_MAX, "%s/%s", real[1] ? real : "", name);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int db_file_resolve(const char *path, char *out)
{
	if (realpath(path, out))
		return 0;
	return errno == ENOENT ? resolve_missing(path, out) : -errno;
}

struct db_file_id db_file_identify(const char *path, enum db_file file)
{
	struct stat st;

	return db_file_stat(path, file, &st) == 0 ? (struct db_file_id){ st.st_dev, st.st_ino } : (struct db_file_id){ 0 };
}

struct db_file_id db_file_identify_directory(const char *path)
{
	struct stat st;

	return db_file_stat_directory(path, &st) == 0 ? (struct db_file_id){ st.st_dev, st.st_ino } : (struct db_file_id){ 0 };
}

bool db_file_is_same(struct db_file_id a, struct db_file_id b)
{
	return a.device == b.device && a.inode == b.inode;
}

uint64_t db_file_size(const char *path, enum db_file file)
{
	struct stat st;

	return db_file_stat(path, file, &st) == 0 ? (uint64_t)st.st_size : 0;
}

uint64_t db_file_allocated(const char *path, enum db_file file)
{
	struct stat st;
	uint64_t size, blocks;

	if (db_file_stat(path, file, &st) != 0)
		return 0;
	size = (uint64_t)st.st_size;
	blocks = 512 * (uint64_t)st.st_blocks;
	return blocks > 0 && blocks < size ? blocks : size;
}

/* SQLite syncs directories, and opens /dev/null to keep its files off the standard descriptors. */
static bool is_openable(int fd, const char *path)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || strcmp(path, "/dev/null") == 0);
}

int db_file_open(const char *path, int flags, int mode)
{
	AUTO_CLOSE int fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, (mode_t)mode);

	if (fd < 0)
		return -1;
	if (!is_openable(fd, path)) {
		errno = ENXIO;
		return -1;
	}
	return TAKE_FD(fd);
}

int db_file_make(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 && errno != EEXIST ? -errno : 0;
}

int db_file_share(const char *path)
{
	int r = 0;

	for (size_t i = 0; !r && i < DB_FILE_COUNT; i++) {
		char name[PATH_MAX];

		r = join(name, sizeof(name), path, suffixes[i]);
		if (r)
			break;

		AUTO_CLOSE int fd = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

		if (fd < 0 && i > 0 && errno == ENOENT)
			continue;
		if (fd < 0 || fchmod(fd, SHARED_MODE) != 0)
			r = -errno;
	}
	return r;
}

/* 0: nothing is there, nor a dangling link. */
static int check_absent(const char *name)
{
	struct stat st;

	if (lstat(name, &st) == 0)
		return -EEXIST;
	return errno == ENOENT ? 0 : -errno;
}

/* The same for all files of a database: a WAL of another one would be taken for its own. */
static int check_free(const char *path)
{
	char name[PATH_MAX];
	int r = 0;

	for (enum db_file file = 0; !r && file < DB_FILE_COUNT; file++) {
		r = db_file_name(path, file, name);
		if (!r)
			r = check_absent(name);
	}
	return r;
}

/* What is set aside within one second gets different names. */
static int find_free_name(const char *path, const char *label, int64_t seconds, char *out, size_t size)
{
	int r = -EEXIST;

	for (int i = 0; r == -EEXIST && i < 100; i++) {
		int n = i == 0 ? snprintf(out, size, "%s.%s-%lld", path, label, (long long)seconds)
			       : snprintf(out, size, "%s.%s-%lld.%d", path, label, (long long)seconds, i);

		r = n < 0 || (size_t)n >= size ? -ENAMETOOLONG : check_free(out);
	}
	return r;
}

/* Never replaces a file. Some file systems cannot promise that: there it is looked for just before. */
static int rename_unless_exists(const char *from, const char *to)
{
	int r;

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	r = check_absent(to);
	return !r && rename(from, to) != 0 ? -errno : r;
}

static int sync_directory(const char *path)
{
	char name[PATH_MAX];
	int r = name_directory(path, name);

	if (r)
		return r;

	AUTO_CLOSE int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) != 0 ? -errno : 0;
}

/* Returns 1, or 0 when there is no such file. */
static int set_aside(const char *path, const char *to, enum db_file file)
{
	char from_name[PATH_MAX], to_name[PATH_MAX];
	int r = db_file_name(path, file, from_name);

	if (!r)
		r = db_file_name(to, file, to_name);
	if (r)
		return r;
	r = rename_unless_exists(from_name, to_name);
	if (!r)
		return 1;
	return r == -ENOENT ? 0 : r;
}

int db_file_set_aside(const char *path, const char *label, int64_t seconds, char *out, size_t size)
{
	int r = find_free_name(path, label, seconds, out, size);
	int moved = 0;

	for (enum db_file file = 0; r == 0 && file < DB_FILE_COUNT; file++) {
		r = set_aside(path, out, file);
		moved += r > 0;
		/* After the database and at the end, so that no crash leaves the new one without the name of the old. */
		if (r > 0)
			r = sync_directory(path);
	}
	return r < 0 || moved ? r : -ENOENT;
}

int db_file_set_wal_aside(const char *path, const char *label, int64_t seconds, char *out, size_t size)
{
	int r = find_free_name(path, label, seconds, out, size);

	if (!r)
		r = set_aside(path, out, DB_FILE_WAL);
	if (r <= 0)
		return r ? r : -ENOENT;
	return sync_directory(path);
}

const char *db_files_reason(const char *path, int error, char out[DB_FILES_REASON_MAX])
{
	char name[PATH_MAX];
	struct stat st;

	for (enum db_file file = 0; error == -ERROR_NOT_REGULAR && file < DB_FILE_COUNT; file++) {
		if (db_file_stat(path, file, &st) != 0 || S_ISREG(st.st_mode) || db_file_name(path, file, name) != 0)
			continue;
		(void)snprintf(out, DB_FILES_REASON_MAX, "\"%s\" is a FIFO, socket or device", name);
		return out;
	}
	return error_text(error);
}
