/* SPDX-License-Identifier: BSD-2-Clause */
/* freeze_pin PATH: freezes a pinned map; prints "ok" or the errno's name. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fail(void)
{
	puts(strerrorname_np(errno));
	return 1;
}

int main(int argc, char **argv)
{
	union bpf_attr attr;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: freeze_pin PATH\n");
		return 2;
	}
	memset(&attr, 0, sizeof(attr));
	attr.pathname = (__u64)(unsigned long)argv[1];
	fd = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
	if (fd < 0)
		return fail();
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = fd;
	if (syscall(SYS_bpf, BPF_MAP_FREEZE, &attr, sizeof(attr)) < 0)
		return fail();
	puts("ok");
	return 0;
}
