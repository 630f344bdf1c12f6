/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hold_lock [-w|-e] FILE TYPE KIND FIRST [COUNT]: locks COUNT bytes (1) of FILE with fcntl(2) from byte FIRST on until it is
 * killed; prints "held". TYPE: read (opens the file for reading only) or write. KIND: posix or ofd. -w: tries again until
 * it has the lock. -e: the same, and then locks every new file of that name as soon as it can be opened; prints "held" for
 * each.
 */
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* The descriptor that holds the lock, or -1. */
static int try(const char *path, bool ofd, struct flock *lock)
{
	int fd = open(path, lock->l_type == F_WRLCK ? O_RDWR : O_RDONLY);

	if (fd < 0)
		return -1;
	if (fcntl(fd, ofd ? F_OFD_SETLK : F_SETLK, lock) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Files of earlier iterations stay open and locked. */
static void hold_every(const char *path, bool ofd, struct flock *lock)
{
	char *copy = strdup(path), events[4096];
	int watch = inotify_init1(IN_NONBLOCK);
	struct pollfd change = { .fd = watch, .events = POLLIN };
	struct stat now, held = { 0 };
	int fd;

	if (!copy || watch < 0 || inotify_add_watch(watch, dirname(copy), IN_CREATE | IN_MOVED_TO | IN_ATTRIB) < 0) {
		perror(path);
		exit(1);
	}
	for (;;) {
		while (read(watch, events, sizeof(events)) > 0)
			;
		if (stat(path, &now) != 0 || (now.st_dev == held.st_dev && now.st_ino == held.st_ino)) {
			(void)poll(&change, 1, -1);
		} else if ((fd = try(path, ofd, lock)) < 0) {
			(void)poll(&change, 1, 1);
		} else if (fstat(fd, &held) == 0) {
			puts("held");
			fflush(stdout);
		}
	}
}

int main(int argc, char **argv)
{
	struct flock lock = { .l_whence = SEEK_SET };
	bool again = argc > 1 && strcmp(argv[1], "-w") == 0, ofd;
	bool every = argc > 1 && strcmp(argv[1], "-e") == 0;

	argc -= again || every;
	argv += again || every;
	if (argc < 5 || argc > 6) {
		fprintf(stderr, "usage: hold_lock [-w|-e] FILE read|write posix|ofd FIRST [COUNT]\n");
		return 2;
	}
	lock.l_type = strcmp(argv[2], "write") == 0 ? F_WRLCK : F_RDLCK;
	lock.l_start = strtoll(argv[4], NULL, 0);
	lock.l_len = argc > 5 ? strtoll(argv[5], NULL, 0) : 1;
	ofd = strcmp(argv[3], "ofd") == 0;
	if (every)
		hold_every(argv[1], ofd, &lock);
	while (try(argv[1], ofd, &lock) < 0) {
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
