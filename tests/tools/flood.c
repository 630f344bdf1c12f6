/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flood KIND [DIRECTORY [NUMBER]]: causes one kind of event as fast as it can, until SIGTERM. Prints "begun" when there were
 * enough of them to fill a part of a small ring, and at the end how many there were.
 *
 *   fork                        processes that exit at once
 *   namespaces                  the same, each the init of a user and pid namespace of its own
 *   oom DIRECTORY               processes that are killed at the limit of this cgroup
 *   cgroups DIRECTORY DEPTH     the same, each in a cgroup of its own, DEPTH levels below this one
 *   pressure DIRECTORY COUNT    COUNT processes at once, each in a cgroup of its own below this one, whose memory goes up
 *                               to the limit and down again
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT	   (2UL << 20)
#define LIMIT_TEXT "2097152"

static volatile sig_atomic_t stopped;
static const char *directory;
static long number;

static void stop(int signal_number)
{
	(void)signal_number;
	stopped = 1;
}

static int write_text(const char *dir, const char *file, const char *text)
{
	char path[4096];
	int fd, r = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* Makes a cgroup; not the innermost one, it lets its children have limits on cgroup v2. */
static int make_cgroup(const char *path, int innermost)
{
	int r;

	if (mkdir(path, 0755) < 0)
		return -errno;
	if (!innermost) {
		r = write_text(path, "cgroup.subtree_control", "+memory");
		return r == -ENOENT ? 0 : r;
	}
	r = write_text(path, "memory.max", LIMIT_TEXT);
	return r == -ENOENT ? write_text(path, "memory.limit_in_bytes", LIMIT_TEXT) : r;
}

/* A cgroup stays busy for a moment after its last process has ended. */
static void remove_cgroup(const char *path)
{
	for (int attempt = 0; attempt < 1000 && rmdir(path) < 0 && errno == EBUSY; attempt++)
		usleep(1000);
}

static pid_t fork_into(const char *cgroup)
{
	pid_t pid = fork();

	if (pid == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || write_text(cgroup, "cgroup.procs", "0") < 0))
		_exit(125);
	return pid;
}

static int wait_child(pid_t pid, int *status)
{
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static char *map_memory(size_t bytes)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(126);
	(void)madvise(memory, bytes, MADV_NOHUGEPAGE);
	return memory;
}

/* One process that is killed in this cgroup. */
static int kill_one(const char *cgroup)
{
	pid_t pid = fork_into(cgroup);
	int status, r;

	if (pid == 0) {
		memset(map_memory(4 * LIMIT), 1, 4 * LIMIT);
		_exit(0);
	}
	r = pid < 0 ? -errno : wait_child(pid, &status);
	return r ? r : status == SIGKILL ? 0 : -EIO;
}

static int flood_oom(long i)
{
	(void)i;
	return kill_one(directory);
}

static int flood_cgroups(long i)
{
	char path[4096];
	size_t lengths[64];
	int r = 0;
	long depth;

	snprintf(path, sizeof(path), "%s/%064lx", directory, i + 1);
	for (depth = 0; depth < number && !r; depth++) {
		lengths[depth] = strlen(path);
		r = make_cgroup(path, depth == number - 1);
		strcat(path, "/d");
	}
	path[lengths[depth - 1]] = '\0';
	if (!r)
		r = kill_one(path);
	while (depth-- > 0) {
		path[lengths[depth]] = '\0';
		remove_cgroup(path);
	}
	return r;
}

static int flood_fork(long i)
{
	int status;
	pid_t pid = fork();

	(void)i;
	if (pid == 0)
		_exit(0);
	return pid < 0 ? -errno : wait_child(pid, &status);
}

static int flood_namespaces(long i)
{
	int status;
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);

	(void)i;
	if (pid == 0)
		_exit(0);
	return pid < 0 ? -errno : wait_child(pid, &status);
}

/* Up and down, with a pause at each end: the rungs that sample look when a task gives up the CPU. */
static void flap(void)
{
	char *memory = map_memory(LIMIT);

	for (;;) {
		memset(memory, 1, LIMIT / 100 * 95);
		usleep(1);
		(void)madvise(memory, LIMIT, MADV_DONTNEED);
		usleep(100000); /* a cgroup is not reported more often */
	}
}

/* Called once; its processes run until the end. */
static int flood_pressure(long i)
{
	char path[4096];

	if (i > 0) {
		usleep(100000);
		return 0;
	}
	for (long n = 0; n < number; n++) {
		pid_t pid;
		int r;

		snprintf(path, sizeof(path), "%s/%064lx", directory, n + 1);
		r = make_cgroup(path, 1);
		if (r)
			return r;
		pid = fork_into(path);
		if (pid == 0) {
			(void)signal(SIGTERM, SIG_DFL);
			flap();
		}
		if (pid < 0)
			return -errno;
	}
	return 0;
}

static const struct {
	const char *name;
	int arguments;
	int (*flood)(long i);
	long enough;
} kinds[] = {
	{ "fork", 0, flood_fork, 500 },	     { "namespaces", 0, flood_namespaces, 500 }, { "oom", 1, flood_oom, 60 },
	{ "cgroups", 2, flood_cgroups, 60 }, { "pressure", 2, flood_pressure, 10 },
};

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = stop };
	int (*flood)(long i) = NULL;
	long i, enough = 0;

	for (size_t k = 0; argc > 1 && k < sizeof(kinds) / sizeof(kinds[0]); k++)
		if (strcmp(argv[1], kinds[k].name) == 0 && argc == 2 + kinds[k].arguments) {
			flood = kinds[k].flood;
			enough = kinds[k].enough;
		}
	directory = argc > 2 ? argv[2] : NULL;
	number = argc > 3 ? strtol(argv[3], NULL, 10) : 1;
	if (!flood || number < 1 || number > 64) {
		fprintf(stderr, "usage: flood fork | namespaces | oom DIRECTORY | cgroups DIRECTORY DEPTH | "
				"pressure DIRECTORY COUNT\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IONBF, 0);
	(void)sigaction(SIGTERM, &action, NULL);
	for (i = 0; !stopped; i++) {
		int r = flood(i);

		if (r && !stopped) {
			fprintf(stderr, "flood: at %ld: %s\n", i, strerror(-r));
			return 1;
		}
		if (i == enough)
			printf("begun\n");
	}
	printf("%ld\n", i);
	return 0;
}
