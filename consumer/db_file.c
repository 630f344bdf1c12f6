/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/db_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

static const char *const companions[] = { "", "-wal", "-shm" };

static int join(char *out, size_t size, const char *path, const char *suffix)
{
	int n = snprintf(out, size, "%s%s", path, suffix);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

bool db_file_was_database(const char *path)
{
	char log[PATH_MAX];

	return join(log, sizeof(log), path, "-wal") == 0 && access(log, F_OK) == 0;
}

void db_file_make_index(const char *path)
{
	char index[PATH_MAX];
	struct stat st;

	if (!db_file_was_database(path) || stat(path, &st) != 0 || join(index, sizeof(index), path, "-shm") != 0)
		return;

	AUTO_CLOSE int fd = open(index, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				 st.st_mode & (S_IRUSR | S_IWUSR | S_IRGRP));

	(void)fd;
}

/* Never onto something that is there: two in one second get different names. */
static int find_free_name(const char *path, int64_t seconds, char *out, size_t size)
{
	for (int i = 0; i < 100; i++) {
		int n = i == 0 ? snprintf(out, size, "%s.corrupt-%lld", path, (long long)seconds)
			       : snprintf(out, size, "%s.corrupt-%lld.%d", path, (long long)seconds, i);

		if (n < 0 || (size_t)n >= size)
			return -ENAMETOOLONG;
		if (access(out, F_OK) != 0)
			return errno == ENOENT ? 0 : -errno;
	}
	return -EEXIST;
}

int db_file_set_aside(const char *path, int64_t seconds, char *out, size_t size)
{
	int r = find_free_name(path, seconds, out, size);

	for (size_t i = 0; !r && i < ARRAY_SIZE(companions); i++) {
		char from[PATH_MAX], to[PATH_MAX];

		r = join(from, sizeof(from), path, companions[i]);
		if (!r)
			r = join(to, sizeof(to), out, companions[i]);
		if (!r && rename(from, to) != 0 && (errno != ENOENT || i == 0))
			r = -errno;
	}
	return r;
}
