/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * first_commit PIN SECONDS COMMAND...: starts COMMAND, a recorder, while records wait in the ring, and ends it
 * when it has acknowledged one of them, which it does after the commit. Prints the milliseconds from the start to the
 * acknowledgement, and the bytes that COMMAND has read by then, from the disk and by read(2). Exit status 1: no
 * acknowledgement in time.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POLL_NS 100000

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A field of /proc/PID/io. */
static unsigned long long io(pid_t pid, const char *field)
{
	unsigned long long value = 0;
	char path[64], line[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/io", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, field, strlen(field)) == 0)
			value = strtoull(line + strlen(field) + 2, NULL, 10);
	if (file)
		(void)fclose(file);
	return value;
}

/* The page with the consumer's position. */
static const uint64_t *map_position(const char *pin)
{
	union bpf_attr attr = { .pathname = (uint64_t)(uintptr_t)pin };
	long fd = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
	void *page = fd < 0 ? MAP_FAILED : mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED, (int)fd, 0);

	if (page == MAP_FAILED) {
		perror(pin);
		exit(2);
	}
	return page;
}

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };

	if (argc < 4) {
		(void)fprintf(stderr, "usage: first_commit PIN SECONDS COMMAND...\n");
		return 2;
	}

	const uint64_t *position = map_position(argv[1]);
	uint64_t before = __atomic_load_n(position, __ATOMIC_ACQUIRE);
	uint64_t begin = now_ns(), limit = begin + strtoull(argv[2], NULL, 10) * 1000000000;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execvp(argv[3], argv + 3);
		perror(argv[3]);
		_exit(127);
	}
	while (__atomic_load_n(position, __ATOMIC_ACQUIRE) == before && now_ns() < limit && waitpid(pid, NULL, WNOHANG) == 0)
		(void)nanosleep(&pause, NULL);

	uint64_t end = now_ns();
	int found = __atomic_load_n(position, __ATOMIC_ACQUIRE) != before;

	if (found)
		(void)printf("%.1f %llu %llu\n", (double)(end - begin) / 1e6, io(pid, "read_bytes"), io(pid, "rchar"));
	(void)kill(pid, SIGTERM);
	(void)waitpid(pid, NULL, 0);
	return found ? 0 : 1;
}
