/* SPDX-License-Identifier: BSD-2-Clause */
/* as_child COMMAND...: runs COMMAND as a child, prints its "pid wait_status", and outlives it with status 0. */
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: as_child COMMAND...\n");
		return 2;
	}
	pid = fork();
	if (!pid) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0) {
		perror("as_child: fork");
		return 1;
	}
	printf("%d %d\n", (int)pid, status);
	return 0;
}
