/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * levels MEGABYTES PERCENT:MILLISECONDS...: brings its anonymous memory to PERCENT of MEGABYTES and runs there for
 * MILLISECONDS, or until SIGUSR1, for each argument in turn.
 *
 * It spins instead of sleeping: memory pressure is sampled from the task that runs.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t skipped;

static void skip(int signal_number)
{
	(void)signal_number;
	skipped = 1;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Touches or gives back pages between the two sizes. */
static void move_to(volatile char *memory, size_t from, size_t to)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t at = from; at < to; at += page)
		memory[at] = 1;
	if (to < from)
		(void)madvise((void *)(memory + to), from - to, MADV_DONTNEED);
}

static void spin(uint64_t milliseconds)
{
	const uint64_t begin = now_ms();

	skipped = 0;
	while (!skipped && now_ms() - begin < milliseconds)
		;
}

int main(int argc, char **argv)
{
	size_t bytes = argc > 2 ? strtoul(argv[1], NULL, 10) << 20 : 0, used = 0;
	char *memory;

	if (!bytes) {
		fprintf(stderr, "usage: levels MEGABYTES PERCENT:MILLISECONDS...\n");
		return 2;
	}
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("levels: mmap");
		return 1;
	}
	(void)signal(SIGUSR1, skip);
	(void)madvise(memory, bytes, MADV_NOHUGEPAGE); /* a huge page would be charged 2 MiB at a time */
	for (int i = 2; i < argc; i++) {
		char *end;
		size_t size = bytes / 100 * strtoul(argv[i], &end, 10) / 4096 * 4096;

		move_to(memory, used, size);
		used = size;
		spin(strtoul(*end ? end + 1 : end, NULL, 10));
	}
	return 0;
}
