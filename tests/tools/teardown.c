/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * teardown N: makes a pid namespace whose init forks N children, which sleep, and then exits with status 3: the kernel
 * kills them all at once, and nobody gets a signal for them. Exit status 0 if the init exited so.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define INIT_STATUS 3

static int run_init(long count)
{
	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (pid == 0) {
			pause();
			return 1;
		}
	}
	return INIT_STATUS;
}

int main(int argc, char **argv)
{
	int status;
	pid_t init;

	if (argc != 2) {
		fprintf(stderr, "usage: teardown N\n");
		return 2;
	}
	if (unshare(CLONE_NEWPID) != 0) {
		perror("teardown: unshare");
		return 1;
	}
	init = fork();
	if (init == 0)
		_exit(run_init(atol(argv[1])));
	return init < 0 || waitpid(init, &status, 0) != init || !WIFEXITED(status) || WEXITSTATUS(status) != INIT_STATUS;
}
