/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * late_exit CODE MILLISECONDS: the main thread exits at once; another thread ends the process with CODE after MILLISECONDS.
 * So the process exits once, late, with CODE.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int code;
static long milliseconds;

static void *end_late(void *unused)
{
	struct timespec left = { milliseconds / 1000, milliseconds % 1000 * 1000000 };

	(void)unused;
	while (nanosleep(&left, &left) && errno == EINTR)
		;
	exit(code);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int error;

	if (argc != 3) {
		fprintf(stderr, "usage: late_exit CODE MILLISECONDS\n");
		return 2;
	}
	code = atoi(argv[1]);
	milliseconds = atol(argv[2]);
	error = pthread_create(&thread, NULL, end_late, NULL);
	if (error) {
		fprintf(stderr, "late_exit: pthread_create: %s\n", strerror(error));
		return 1;
	}
	pthread_exit(NULL);
}
