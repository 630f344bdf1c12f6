/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/db_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

static bool is_of_another_user(const struct stat *st, uid_t owner)
{
	return st->st_uid != 0 && st->st_uid != geteuid() && st->st_uid != owner;
}

static int refuse(struct db_place_refusal *ret, const char *path, const char *reason, const char *advice)
{
	*ret = (struct db_place_refusal){ path, reason, advice };
	return 1;
}

int db_place_check(const char *directory, const char *db_path, uid_t owner, struct db_place_refusal *ret)
{
	static const char other_user[] = "belongs to another user";
	static const char give[] = "run this as that user, or give it to the recorder's";
	AUTO_CLOSE int directory_fd = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_CLOSE int fd = directory_fd < 0 ? -1
					     : openat(directory_fd, strrchr(db_path, '/') + 1,
						      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat above, file;

	if (fd < 0 || fstat(directory_fd, &above) != 0 || fstat(fd, &file) != 0)
		return -errno;
	if (is_of_another_user(&above, owner))
		return refuse(ret, directory, other_user, give);
	if (above.st_mode & (S_IWGRP | S_IWOTH))
		return refuse(ret, directory, "is writable by group or others",
			      "check the files in it, then chmod go-w it");
	if (S_ISDIR(file.st_mode))
		return -EISDIR;
	if (!S_ISREG(file.st_mode))
		return refuse(ret, db_path, "is not a regular file", "name a file with --db");
	if (is_of_another_user(&file, owner))
		return refuse(ret, db_path, other_user, give);
	if (file.st_nlink != 1)
		return refuse(ret, db_path, "has more than one hard link", "remove the others, or copy it");
	return 0;
}
