/* SPDX-License-Identifier: BSD-2-Clause */
/* open_pin PATH: tries to open a pinned BPF object for reading and writing; prints "ok" or the errno's name. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	union bpf_attr attr;

	if (argc != 2) {
		fprintf(stderr, "usage: open_pin PATH\n");
		return 2;
	}
	memset(&attr, 0, sizeof(attr));
	attr.pathname = (__u64)(unsigned long)argv[1];
	if (syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr)) >= 0) {
		puts("ok");
		return 0;
	}
	puts(strerrorname_np(errno));
	return 1;
}
