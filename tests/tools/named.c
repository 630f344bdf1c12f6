/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * named COMM STATUS [MEGABYTES]: sets its name to COMM, which may be any bytes, touches MEGABYTES of memory, and exits
 * with STATUS unless it is killed before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

int main(int argc, char **argv)
{
	size_t bytes = argc > 3 ? strtoul(argv[3], NULL, 10) << 20 : 0;

	if (argc < 3) {
		fprintf(stderr, "usage: named COMM STATUS [MEGABYTES]\n");
		return 2;
	}
	if (prctl(PR_SET_NAME, argv[1], 0, 0, 0) != 0) {
		perror("prctl");
		return 2;
	}
	if (bytes) {
		volatile char *memory = malloc(bytes);

		for (size_t at = 0; memory && at < bytes; at += 4096)
			memory[at] = 1;
	}
	return atoi(argv[2]);
}
