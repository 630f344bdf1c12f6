/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hold_lock [-w] FILE TYPE KIND FIRST [COUNT]: takes a lock of fcntl(2) on bytes of FILE and keeps it until it is
 * killed; prints "held". TYPE: read (the file is opened for reading only) or write. KIND: posix or ofd. -w: tries again
 * and again until it has it.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int try(const char *path, bool ofd, struct flock *lock)
{
	int fd = open(path, lock->l_type == F_WRLCK ? O_RDWR : O_RDONLY);

	if (fd < 0)
		return -1;
	if (fcntl(fd, ofd ? F_OFD_SETLK : F_SETLK, lock) == 0)
		return 0;
	close(fd);
	return -1;
}

int main(int argc, char **argv)
{
	struct flock lock = { .l_whence = SEEK_SET };
	bool again = argc > 1 && strcmp(argv[1], "-w") == 0, ofd;

	argc -= again;
	argv += again;
	if (argc < 5 || argc > 6) {
		fprintf(stderr, "usage: hold_lock [-w] FILE read|write posix|ofd FIRST [COUNT]\n");
		return 2;
	}
	lock.l_type = strcmp(argv[2], "write") == 0 ? F_WRLCK : F_RDLCK;
	lock.l_start = strtoll(argv[4], NULL, 0);
	lock.l_len = argc > 5 ? strtoll(argv[5], NULL, 0) : 1;
	ofd = strcmp(argv[3], "ofd") == 0;
	while (try(argv[1], ofd, &lock) != 0) {
		if (again)
			continue;
		perror(argv[1]);
		return 1;
	}
	puts("held");
	fflush(stdout);
	for (;;)
		pause();
}
