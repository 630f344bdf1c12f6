/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * many_exits N FILE [AT_ONCE]: forks N children; child i exits with code i % 256, every tenth is killed by a signal. A child
 * ends before the next one is forked; with AT_ONCE, so many are forked and then end at the same time. Writes a line
 * "pid wait_status" for each child to FILE, from waitpid.
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

static int wait_for_child(FILE *truth)
{
	int status;
	pid_t pid;

	while ((pid = wait(&status)) < 0)
		if (errno != EINTR)
			return -errno;
	return fprintf(truth, "%d %d\n", (int)pid, status) < 0 ? -EIO : 0;
}

/* Children first to first + count - 1: they end when the pipe is closed. */
static int run_children(long first, long count, FILE *truth)
{
	int start[2], error = 0;
	long made = 0;

	if (pipe(start))
		return -errno;
	for (; made < count && !error; made++) {
		pid_t pid = fork();
		char byte;

		if (pid < 0) {
			error = -errno;
			break;
		}
		if (!pid) {
			close(start[1]);
			while (read(start[0], &byte, 1) < 0 && errno == EINTR)
				;
			end_child(first + made);
		}
	}
	close(start[1]);
	close(start[0]);
	while (made-- > 0) {
		int r = wait_for_child(truth);

		error = error ? error : r;
	}
	return error;
}

int main(int argc, char **argv)
{
	FILE *truth;
	int error = 0;
	long at_once;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: many_exits N FILE [AT_ONCE]\n");
		return 2;
	}
	at_once = argc > 3 ? atol(argv[3]) : 1;
	truth = fopen(argv[2], "we");
	if (!truth) {
		perror(argv[2]);
		return 1;
	}
	/* so that a child does not write the same buffer again */
	for (long i = 0, n = atol(argv[1]); i < n && !error; i += at_once) {
		fflush(truth);
		error = run_children(i, at_once < n - i ? at_once : n - i, truth);
	}
	if (fclose(truth) || error) {
		fprintf(stderr, "many_exits: the truth in \"%s\" is not complete\n", argv[2]);
		return 1;
	}
	return 0;
}
