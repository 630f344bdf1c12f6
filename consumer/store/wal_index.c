/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/wal_index.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "consumer/test_hook.h"

/* Writing, checkpointing, recovering; then five marks of readers; then one that everybody holds. */
#define LOCK_FIRST	120
#define LOCK_EXCLUSIVES 3
#define LOCK_COUNT	9

/* The header stands twice at the beginning. A version that no SQLite knows is refused by all. */
#define FOREIGN_VERSION 1

#define PRIVATE_MODE 0600
/* What sharing gives at most. */
#define SHARED_MODE 0640

struct index_header {
	uint32_t version;
	uint32_t unused;
	uint32_t change;
	uint8_t is_init;
	uint8_t big_endian_checksums;
	uint16_t page_size;
	uint32_t last_frame;
	uint32_t pages;
	uint32_t frame_checksum[2];
	uint32_t salt[2];
	uint32_t checksum[2];
};

_Static_assert(sizeof(struct index_header) == 48, "as walformat.html has it");

static int open_index(const char *db_path, int mode)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s-shm", db_path);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;

	int fd = open(path, mode | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Does somebody's lock stand against one of that type? Locks of an open file description have no pid: -1. */
static bool stands_against(int fd, short type, off_t first, off_t count, pid_t *ret_holder)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = first, .l_len = count };

	if (fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
		return false;
	*ret_holder = lock.l_pid > 0 ? lock.l_pid : 0;
	return true;
}

enum wal_index_hold wal_index_inspect(const char *db_path, pid_t *ret_holder)
{
	AUTO_CLOSE int fd = open_index(db_path, O_RDONLY);

	*ret_holder = 0;
	if (fd < 0)
		return DB_INDEX_FREE;
	if (stands_against(fd, F_RDLCK, LOCK_FIRST, LOCK_COUNT, ret_holder))
		return DB_INDEX_WRITTEN;
	if (stands_against(fd, F_WRLCK, LOCK_FIRST, LOCK_EXCLUSIVES, ret_holder))
		return DB_INDEX_KEPT;
	return stands_against(fd, F_WRLCK, LOCK_FIRST, LOCK_COUNT, ret_holder) ? DB_INDEX_READ : DB_INDEX_FREE;
}

/* SQLite's checksum: two sums over pairs of words, each fed with the other. */
static void seal(struct index_header *header)
{
	uint32_t words[offsetof(struct index_header, checksum) / sizeof(uint32_t)];
	uint32_t a = 0, b = 0;

	(void)memcpy(words, header, sizeof(words));
	for (size_t i = 0; i < ARRAY_SIZE(words); i += 2) {
		a += words[i] + b;
		b += words[i + 1] + a;
	}
	header->checksum[0] = a;
	header->checksum[1] = b;
}

static void make_foreign(struct index_header headers[2])
{
	headers[0] = (struct index_header){ .version = FOREIGN_VERSION, .is_init = 1, .page_size = 4096 };
	seal(&headers[0]);
	headers[1] = headers[0];
}

static int spoil(int fd)
{
	struct index_header headers[2];

	make_foreign(headers);

	ssize_t written = pwrite(fd, headers, sizeof(headers), 0);

	if (written == (ssize_t)sizeof(headers))
		return 0;
	return written < 0 ? -errno : -EIO;
}

bool wal_index_is_spoiled(const char *db_path)
{
	AUTO_CLOSE int fd = open_index(db_path, O_RDONLY);
	struct index_header found[2], foreign[2];

	make_foreign(foreign);
	return fd >= 0 && pread(fd, found, sizeof(found), 0) == (ssize_t)sizeof(found) &&
	       memcmp(found, foreign, sizeof(found)) == 0;
}

/* SQLite gives an empty file the mode of the database, and one that is not empty none. */
static int make_private(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, PRIVATE_MODE);

	if (fd >= 0 && pwrite(fd, "", 1, 0) != 1) {
		(void)unlink(path);
		return -1;
	}
	return fd < 0 ? -1 : TAKE_FD(fd);
}

/*
 * A shared lock is got beside those of readers, and only when nobody has an exclusive one; as long as we have it
 * nobody gets one. So nobody who may write is at work until the header has become one that stops him.
 *
 * That comes before the file loses its name: somebody idle who may write would go on with what he has mapped, beside
 * the next index, if this process were killed between the two. Killed there now, it leaves one that nobody can use.
 */
int wal_index_replace(const char *db_path, int *ret_fd)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = LOCK_FIRST, .l_len = LOCK_COUNT };
	AUTO_CLOSE int fd = open_index(db_path, O_RDWR);
	char path[PATH_MAX];

	*ret_fd = -1;
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (fcntl(fd, F_SETLK, &lock) != 0)
		return errno == EACCES || errno == EAGAIN ? -EBUSY : -errno;

	int r = spoil(fd);

	if (r)
		return r;
	test_hook("index_spoiled");
	(void)snprintf(path, sizeof(path), "%s-shm", db_path);
	if (unlink(path) != 0)
		return -errno;
	*ret_fd = make_private(path);
	return 0;
}

int wal_index_open_private(const char *db_path)
{
	AUTO_CLOSE int fd = open_index(db_path, O_RDONLY);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) != 0)
		return -errno;
	return (st.st_mode & 0777) == PRIVATE_MODE ? TAKE_FD(fd) : -ENOENT;
}

int wal_index_share(const char *db_path, int fd)
{
	struct stat st;

	return stat(db_path, &st) != 0 || fchmod(fd, st.st_mode & SHARED_MODE) != 0 ? -errno : 0;
}

bool wal_index_is_stale(const char *db_path, int64_t boot_wall_ns)
{
	AUTO_CLOSE int fd = open_index(db_path, O_RDONLY);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_ctim.tv_sec < boot_wall_ns / 1000000000;
}
