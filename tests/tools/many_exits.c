/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * many_exits N FILE: forks N children one after the other; child i exits with code i % 256, every tenth is
 * killed by a signal. Writes the truth to FILE: one line "pid wait_status" per child, from waitpid.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const int signals[] = { SIGTERM, SIGKILL, SIGHUP, SIGUSR1, SIGINT };

static void end_child(long i)
{
	int signal_number = signals[i / 10 % (long)(sizeof(signals) / sizeof(signals[0]))];

	if (i % 10 == 9) {
		signal(signal_number, SIG_DFL);
		raise(signal_number);
	}
	_exit((int)(i % 256));
}

static int run_child(long i, FILE *truth)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		end_child(i);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return fprintf(truth, "%d %d\n", (int)pid, status) < 0 ? -EIO : 0;
}

int main(int argc, char **argv)
{
	FILE *truth;
	int error = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: many_exits N FILE\n");
		return 2;
	}
	truth = fopen(argv[2], "we");
	if (!truth) {
		perror(argv[2]);
		return 1;
	}
	/* a full buffer must not be written by a child too */
	for (long i = 0, n = atol(argv[1]); i < n && !error; i++) {
		fflush(truth);
		error = run_child(i, truth);
	}
	if (fclose(truth) || error) {
		fprintf(stderr, "many_exits: the truth in \"%s\" is not complete\n", argv[2]);
		return 1;
	}
	return 0;
}
