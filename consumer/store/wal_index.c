/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/wal_index.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "consumer/store/db_files.h"
#include "consumer/test_hook.h"

/* The lock bytes: write, checkpoint, recover; five of read marks; one that every connection holds. */
#define LOCK_FIRST	120
#define LOCK_EXCLUSIVES 3
#define LOCK_COUNT	9

/* The file begins with two copies of the header. Every SQLite refuses this version. */
#define INVALID_VERSION 1

#define PRIVATE_MODE 0600
#define SHARED_MODE  0640 /* at most */

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

_Static_assert(sizeof(struct index_header) == 48, "the layout of walformat.html");

/* mode: of a file that it creates. */
static int open_index(const char *db_path, int flags, mode_t mode)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s-shm", db_path);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;

	int fd = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode);

	return fd < 0 ? -errno : fd;
}

/* True when another process's lock conflicts with one of that type. Open file description locks report pid -1. */
static bool find_conflict(int fd, short type, off_t first, off_t count, pid_t *ret_holder)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = first, .l_len = count };

	if (fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
		return false;
	*ret_holder = lock.l_pid > 0 ? lock.l_pid : 0;
	return true;
}

enum wal_index_lock wal_index_inspect(const char *db_path, pid_t *ret_holder)
{
	AUTO_CLOSE int fd = open_index(db_path, O_RDONLY, 0);

	*ret_holder = 0;
	if (fd < 0)
		return WAL_INDEX_UNLOCKED;
	if (find_conflict(fd, F_RDLCK, LOCK_FIRST, LOCK_COUNT, ret_holder))
		return WAL_INDEX_WRITTEN;
	if (find_conflict(fd, F_WRLCK, LOCK_FIRST, LOCK_EXCLUSIVES, ret_holder))
		return WAL_INDEX_BLOCKED;
	return find_conflict(fd, F_WRLCK, LOCK_FIRST, LOCK_COUNT, ret_holder) ? WAL_INDEX_READ : WAL_INDEX_UNLOCKED;
}

/* SQLite's checksum over pairs of words: two sums, each of which adds the other. */
static void set_checksum(struct index_header *header)
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

static void make_invalid(struct index_header headers[2])
{
	headers[0] = (struct index_header){ .version = INVALID_VERSION, .is_init = 1, .page_size = 4096 };
	set_checksum(&headers[0]);
	headers[1] = headers[0];
}

static int invalidate(int fd)
{
	struct index_header headers[2];

	make_invalid(headers);

	ssize_t written = pwrite(fd, headers, sizeof(headers), 0);

	if (written == (ssize_t)sizeof(headers))
		return 0;
	return written < 0 ? -errno : -EIO;
}

bool wal_index_is_invalidated(const char *db_path)
{
	AUTO_CLOSE int fd = open_index(db_path, O_RDONLY, 0);
	struct index_header found[2], invalid[2];

	make_invalid(invalid);
	return fd >= 0 && pread(fd, found, sizeof(found), 0) == (ssize_t)sizeof(found) &&
	       memcmp(found, invalid, sizeof(found)) == 0;
}

/* One byte long: SQLite gives an empty wal-index the mode of the database, but leaves the mode of one with content. */
static int make_private(const char *db_path, const char *path)
{
	AUTO_CLOSE int fd = open_index(db_path, O_RDWR | O_CREAT | O_EXCL, PRIVATE_MODE);

	if (fd >= 0 && pwrite(fd, "", 1, 0) != 1) {
		(void)unlink(path);
		return -1;
	}
	return fd < 0 ? -1 : TAKE_FD(fd);
}

/*
 * The shared lock is granted beside those of readers, only while no process has an exclusive lock, and keeps every
 * process from getting one. So no writer is active until the header is invalid, which stops it.
 *
 * The header is invalidated before the file is unlinked: if this process were killed between the two in the other
 * order, an idle writer would go on with its mapping of the old wal-index beside the new one. Killed in this order, it
 * leaves a wal-index that no process can use.
 */
int wal_index_replace(const char *db_path, int *ret_fd)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = LOCK_FIRST, .l_len = LOCK_COUNT };
	AUTO_CLOSE int fd = open_index(db_path, O_RDWR, 0);
	char path[PATH_MAX];

	*ret_fd = -1;
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (fcntl(fd, F_SETLK, &lock) != 0)
		return errno == EACCES || errno == EAGAIN ? -EBUSY : -errno;

	int r = invalidate(fd);

	if (r)
		return r;
	test_hook("index_invalidated");
	(void)snprintf(path, sizeof(path), "%s-shm", db_path);
	if (unlink(path) != 0)
		return -errno;
	*ret_fd = make_private(db_path, path);
	return 0;
}

int wal_index_open_private(const char *db_path)
{
	AUTO_CLOSE int fd = open_index(db_path, O_RDONLY, 0);
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
	AUTO_CLOSE int fd = open_index(db_path, O_RDONLY, 0);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_ctim.tv_sec < boot_wall_ns / 1000000000;
}

void wal_index_make_empty(const char *db_path)
{
	struct stat st;

	if (!db_file_identify(db_path, DB_FILE_WAL).inode || stat(db_path, &st) != 0)
		return;

	AUTO_CLOSE int fd = open_index(db_path, O_RDWR | O_CREAT | O_EXCL, st.st_mode & SHARED_MODE);

	(void)fd;
}

/* 0, or -1 and errno. A file system without fallocate is used as it is. */
static int allocate(int fd, off_t offset, size_t length)
{
	int r;

	do {
		r = fallocate(fd, 0, offset, (off_t)length);
	} while (r != 0 && errno == EINTR);
	return r != 0 && (errno == EOPNOTSUPP || errno == ENOSYS) ? 0 : r;
}

void *wal_index_map(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
	bool written = (protection & PROT_WRITE) && (flags & MAP_SHARED) && fd >= 0;

	if (written && allocate(fd, offset, length) != 0)
		return MAP_FAILED;
	return mmap(at, length, protection, flags, fd, offset);
}
