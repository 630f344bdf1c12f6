/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * set_position PIN POSITION|+BYTES: writes the consumer position of a pinned ring buffer, as a member of the ring's
 * group can: an absolute POSITION, or BYTES beyond the producer position. Prints both positions as they were.
 */
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	volatile uint64_t *consumer, *producer;
	union bpf_attr attr;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: set_position PIN POSITION|+BYTES\n");
		return 2;
	}
	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uint64_t)(uintptr_t)argv[1];
	fd = (int)syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	producer = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (consumer == MAP_FAILED || producer == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	printf("%llu of %llu\n", (unsigned long long)*consumer, (unsigned long long)*producer);
	*consumer = (argv[2][0] == '+' ? *producer : 0) + strtoull(argv[2], NULL, 0);
	return 0;
}
