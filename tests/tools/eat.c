/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * eat MEGABYTES SECONDS [HOLD]: touches anonymous memory evenly over SECONDS, prints "ready", and keeps
 * it for HOLD seconds ("forever": until it is killed).
 *
 * It spins between two pages instead of sleeping: a program that allocates is on the CPU, and the rungs that
 * sample the running task must find it there.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fill(volatile char *memory, size_t bytes, double seconds)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	double start = now();

	for (size_t at = 0; at < bytes; at += page) {
		while (now() - start < seconds * (double)at / (double)bytes)
			;
		memory[at] = 1;
	}
}

static void hold(const char *words)
{
	if (!strcmp(words, "forever"))
		for (;;)
			pause();
	usleep((useconds_t)(atof(words) * 1e6));
}

int main(int argc, char **argv)
{
	size_t bytes;
	char *memory;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: eat MEGABYTES SECONDS [HOLD|forever]\n");
		return 2;
	}
	bytes = (size_t)(atof(argv[1]) * 1048576);
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("eat: mmap");
		return 1;
	}
	/* huge pages would be charged 2 MiB at a time */
	(void)madvise(memory, bytes, MADV_NOHUGEPAGE);
	fill(memory, bytes, atof(argv[2]));
	printf("ready\n");
	fflush(stdout);
	if (argc == 4)
		hold(argv[3]);
	return 0;
}
