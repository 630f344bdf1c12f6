/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pid_pairs N DISTANCE: N times two processes on two CPUs whose pids are DISTANCE apart end at the same moment.
 * Prints how many processes ended. Needs the right to choose pids (CAP_SYS_ADMIN) and two CPUs.
 */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PID_FIRST 20000
#define PID_RANGE 4000

static pid_t fork_as(pid_t pid)
{
	struct clone_args args = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&pid, .set_tid_size = 1 };

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* i: number of the round; shifts the two exits against each other by a different short time in each round. */
static void end_together(atomic_int *ready, int which, long i)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(which, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		_exit(1);
	atomic_store(&ready[which], 1);
	while (!atomic_load(&ready[!which]))
		;
	for (volatile long pause = which ? i % 64 : 0; pause > 0; pause--)
		;
	_exit(0);
}

/* Number of processes that ended: 2, or less when a pid was in use. */
static int run_pair(atomic_int *ready, long i, int distance)
{
	const pid_t first = PID_FIRST + (pid_t)(i * 7 % PID_RANGE);
	pid_t pids[2];
	int made = 0;

	atomic_store(&ready[0], 0);
	atomic_store(&ready[1], 0);
	for (; made < 2; made++) {
		pids[made] = fork_as(first + made * distance);
		if (pids[made] < 0)
			break;
		if (pids[made] == 0)
			end_together(ready, made, i);
	}
	if (made == 1)
		kill(pids[0], SIGKILL);
	for (int k = 0; k < made; k++)
		while (waitpid(pids[k], NULL, 0) < 0 && errno == EINTR)
			;
	return made;
}

int main(int argc, char **argv)
{
	atomic_int *ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long ended = 0;

	if (argc != 3 || ready == MAP_FAILED) {
		fprintf(stderr, "usage: pid_pairs N DISTANCE\n");
		return 2;
	}
	for (long i = 0; i < atol(argv[1]); i++)
		ended += run_pair(ready, i, atoi(argv[2]));
	printf("%ld\n", ended);
	return 0;
}
