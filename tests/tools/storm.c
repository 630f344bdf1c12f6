/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storm fork COUNT: processes that end at once, one after the other, as fast as possible. storm cgroup COUNT
 * DIRECTORY: cgroups below it with names of containers, each with a short process. Makes at least COUNT of them, and
 * more until SIGTERM, so that a test can work meanwhile. Prints "begun" after a tenth of COUNT, and at the end the CPU
 * time of all of them in milliseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
	(void)signal_number;
	stopped = 1;
}

static int run_child(int procs_fd)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(procs_fd >= 0 && write(procs_fd, "0", 1) != 1);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status ? -EIO : 0;
}

/* The directory stays busy for a moment after its last process has ended. */
static int remove_cgroup(const char *path)
{
	for (int attempt = 0; attempt < 1000; attempt++) {
		if (rmdir(path) == 0)
			return 0;
		if (errno != EBUSY)
			break;
	}
	return -errno;
}

static int one_fork(long i, const char *directory)
{
	(void)i;
	(void)directory;
	return run_child(-1);
}

static int one_cgroup(long i, const char *directory)
{
	char path[4096], procs[4200];
	int fd, r;

	snprintf(path, sizeof(path), "%s/%064lx", directory, i + 1);
	if (mkdir(path, 0755) != 0)
		return -errno;
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	fd = open(procs, O_WRONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : run_child(fd);
	close(fd);
	return r ? r : remove_cgroup(path);
}

static long cpu_ms(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

int main(int argc, char **argv)
{
	int (*one)(long i, const char *directory) = one_fork;
	long count = argc > 2 ? atol(argv[2]) : 0;

	if (argc == 4 && strcmp(argv[1], "cgroup") == 0)
		one = one_cgroup;
	else if (argc != 3 || strcmp(argv[1], "fork") != 0)
		count = 0;
	if (count < 10) {
		fprintf(stderr, "usage: storm fork COUNT | storm cgroup COUNT DIRECTORY\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IONBF, 0);
	signal(SIGTERM, stop);
	for (long i = 0; i < count || !stopped; i++) {
		int r = one(i, argv[argc - 1]);

		if (r) {
			fprintf(stderr, "storm: at %ld: %s\n", i, strerror(-r));
			return 1;
		}
		if (i == count / 10)
			printf("begun\n");
	}
	printf("%ld\n", cpu_ms(RUSAGE_SELF) + cpu_ms(RUSAGE_CHILDREN));
	return 0;
}
