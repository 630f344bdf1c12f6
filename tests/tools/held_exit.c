/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * held_exit MEGABYTES OTHERS: makes the OOM killer meet a process that is exiting already. A child touches MEGABYTES
 * and exits with status 3, but a tracer (this process) holds it in its exit, before it gives its memory back. A second
 * child then touches OTHERS; the two need more than the cgroup's limit. The kernel marks the first child as a victim
 * without killing it (mm/oom_kill.c, task_will_free_mem), its OOM reaper takes that memory, and the second child goes
 * on. Prints the pid of the first one, which exits last. Exit status 0 if all of this happened.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELD_STATUS 3
#define DEADLINE_S  60

static int touch(size_t bytes)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	volatile char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -1;
	for (size_t at = 0; at < bytes; at += page)
		memory[at] = 1;
	return 0;
}

static pid_t start(size_t bytes, int status, int traced)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	alarm(DEADLINE_S);
	if (traced && (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 || raise(SIGSTOP) != 0))
		_exit(1);
	_exit(touch(bytes) ? 1 : status);
}

/* Lets the child run until it has begun to exit. */
static int hold_exit(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL)) != 0 ||
	    ptrace(PTRACE_CONT, pid, NULL, NULL) != 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8) ? 0 : -1;
}

static int exits_with(pid_t pid, int want)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == want;
}

int main(int argc, char **argv)
{
	pid_t held, other;

	if (argc != 3) {
		fprintf(stderr, "usage: held_exit MEGABYTES OTHERS\n");
		return 2;
	}
	alarm(DEADLINE_S);
	held = start(strtoul(argv[1], NULL, 10) << 20, HELD_STATUS, 1);
	if (held < 0 || hold_exit(held) != 0) {
		perror("held_exit: cannot hold the exit of a child");
		return 1;
	}
	other = start(strtoul(argv[2], NULL, 10) << 20, 0, 0);
	if (other < 0 || !exits_with(other, 0)) {
		fprintf(stderr, "held_exit: the second child did not get its memory\n");
		return 1;
	}
	if (ptrace(PTRACE_CONT, held, NULL, NULL) != 0 || !exits_with(held, HELD_STATUS)) {
		fprintf(stderr, "held_exit: the held child did not exit\n");
		return 1;
	}
	printf("%d\n", held);
	return 0;
}
