/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zombie FIFO: forks a child that exits with status 5, prints its pid when it is a zombie, and waits for it only after
 * FIFO was opened for writing and closed. A second thread of the same child has ended before.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define ZOMBIE_STATUS 5

static void *end(void *nothing)
{
	return nothing;
}

static int run_child(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, end, NULL) == 0)
		(void)pthread_join(thread, NULL);
	return ZOMBIE_STATUS;
}

int main(int argc, char **argv)
{
	siginfo_t info;
	int status, fd;
	char byte;
	pid_t pid;

	if (argc != 2) {
		fprintf(stderr, "usage: zombie FIFO\n");
		return 2;
	}
	pid = fork();
	if (pid == 0)
		_exit(run_child());
	if (pid < 0 || waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) != 0) {
		perror("zombie");
		return 1;
	}
	printf("%d\n", (int)pid);
	fflush(stdout);
	fd = open(argv[1], O_RDONLY);
	while (fd >= 0 && read(fd, &byte, 1) > 0)
		;
	return waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != ZOMBIE_STATUS;
}
