/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load SEED EXITS KILLS FILE CGROUP: forks children one after the other. EXITS of them exit or are killed by a signal. KILLS
 * of them, at random positions, move into the directory CGROUP, which has a limit, and fill its memory until the kernel
 * kills them; no other process is in that cgroup. Writes a line for each child to FILE, in order, from waitpid: "pid
 * wait_status kind before after"; kind is exit or oom, before and after are times around the child's life in nanoseconds
 * since 1970. Prints "done" when FILE is complete.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STEP (1UL << 20)

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void join(const char *cgroup)
{
	int dir = open(cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(125);
	close(fd);
	close(dir);
}

static void fill_memory(void)
{
	for (;;) {
		char *memory = mmap(NULL, STEP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED)
			_exit(126);
		memset(memory, 1, STEP);
	}
}

/* cgroup: NULL for a child that is not to be killed. */
static void end_child(unsigned int fate, const char *cgroup)
{
	static const int signals[] = { SIGTERM, SIGKILL, SIGHUP, SIGUSR1, SIGINT };

	if (cgroup) {
		join(cgroup);
		fill_memory();
	}
	if (fate % 10 == 9)
		raise(signals[fate / 10 % (sizeof(signals) / sizeof(signals[0]))]);
	_exit((int)(fate % 256));
}

static int run_child(unsigned int fate, const char *cgroup, FILE *truth)
{
	long long before = now();
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid)
		end_child(fate, cgroup);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (fprintf(truth, "%d %d %s %lld %lld\n", (int)pid, status, cgroup ? "oom" : "exit", before, now()) < 0)
		return -EIO;
	return fflush(truth) ? -errno : 0; /* so that a child does not write the same buffer again */
}

int main(int argc, char **argv)
{
	unsigned int seed;
	long exits, kills;
	FILE *truth;
	int error = 0;

	if (argc != 6) {
		fprintf(stderr, "usage: load SEED EXITS KILLS FILE CGROUP\n");
		return 2;
	}
	seed = (unsigned int)atol(argv[1]);
	exits = atol(argv[2]);
	kills = atol(argv[3]);
	truth = fopen(argv[4], "we");
	if (!truth) {
		perror(argv[4]);
		return 1;
	}
	while (exits + kills > 0 && !error) {
		bool kill = (long)((unsigned int)rand_r(&seed) % (unsigned long)(exits + kills)) < kills;

		*(kill ? &kills : &exits) -= 1;
		error = run_child((unsigned int)rand_r(&seed), kill ? argv[5] : NULL, truth);
	}
	if (fclose(truth) || error) {
		fprintf(stderr, "load: the truth in \"%s\" is not complete: %s\n", argv[4], strerror(-error));
		return 1;
	}
	puts("done");
	return 0;
}
