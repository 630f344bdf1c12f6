/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * old_kernel landlock|seccomp COMMAND...: runs COMMAND so that this feature seems to be missing in the kernel.
 * seccomp: the filters that are loaded already stay, and no other can be loaded.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif

#define LOAD(member)   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define REFUSE	       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL)
#define LET_THROUGH    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define UNLESS(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1)

static struct sock_filter without_landlock[] = {
	LOAD(nr),
	UNLESS(SYS_landlock_create_ruleset),
	REFUSE,
	LET_THROUGH,
};

/* Both interfaces: seccomp(2) and prctl(2). */
static struct sock_filter without_seccomp[] = {
	LOAD(nr),
	UNLESS(SYS_seccomp),
	REFUSE,
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
	LOAD(args[0]),
	UNLESS(PR_SET_SECCOMP),
	REFUSE,
	LET_THROUGH,
};

static const struct {
	const char *name;
	struct sock_fprog program;
} kernels[] = {
	{ "landlock", { sizeof(without_landlock) / sizeof(without_landlock[0]), without_landlock } },
	{ "seccomp", { sizeof(without_seccomp) / sizeof(without_seccomp[0]), without_seccomp } },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 2 && i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		if (strcmp(kernels[i].name, argv[1]) != 0)
			continue;
		/* only root may load a filter without no_new_privs */
		if ((geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &kernels[i].program) != 0) {
			perror("old_kernel");
			return 125;
		}
		(void)execvp(argv[2], argv + 2);
		perror(argv[2]);
		return 127;
	}
	(void)fprintf(stderr, "usage: old_kernel landlock|seccomp COMMAND...\n");
	return 125;
}
