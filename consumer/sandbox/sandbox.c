/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "consumer/sandbox/sandbox_rule.h"
#include "consumer/test_hook.h"

static const struct rule record_rules[] = {
#include "seccomp_record.h"
};

static const struct rule query_rules[] = {
#include "seccomp_query.h"
};

static const struct rule closed_rules[] = {
#include "seccomp_closed.h"
};

struct policy {
	const struct rule *rules;
	size_t count;
	uint32_t otherwise; /* action for system calls without a rule */
};

static const struct policy policies[] = {
	[SANDBOX_RECORD] = { record_rules, ARRAY_SIZE(record_rules), SCMP_ACT_ERRNO(ENOSYS) },
	[SANDBOX_QUERY] = { query_rules, ARRAY_SIZE(query_rules), SCMP_ACT_ERRNO(ENOSYS) },
};

/* Added to the filter of SANDBOX_QUERY. */
static const struct policy closed = { closed_rules, ARRAY_SIZE(closed_rules), SCMP_ACT_ALLOW };

struct sandbox {
	scmp_filter_ctx filter;
	int ruleset_fd; /* -1: the kernel does not support Landlock */
};

/* Since the third Landlock ABI; older headers do not have it. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_WRITE                                                                            \
	(ACCESS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |         \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_TRUNCATE)
/* All rights of the first Landlock ABI. */
#define ACCESS_FIRST ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

void sandbox_free(struct sandbox *sandbox)
{
	if (!sandbox)
		return;
	if (sandbox->filter)
		seccomp_release(sandbox->filter);
	cleanup_close(&sandbox->ruleset_fd);
	free(sandbox);
}

static void cleanup_sandbox(struct sandbox **sandbox)
{
	sandbox_free(*sandbox);
}

static uint64_t handled_access(int version)
{
	uint64_t access = ACCESS_FIRST;

	if (version >= 2)
		access |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		access |= LANDLOCK_ACCESS_FS_TRUNCATE;
	return access;
}

static int allow_below(int ruleset_fd, const char *directory, uint64_t access)
{
	AUTO_CLOSE int fd = directory ? open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	struct landlock_path_beneath_attr rule = { .allowed_access = access, .parent_fd = fd };

	if (!directory)
		return 0;
	if (fd < 0)
		return -errno;
	return syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0 ? -errno : 0;
}

static int prepare_landlock(const struct sandbox_paths *paths, int *ret_fd)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	/* Not built in, or not enabled: the sandbox works without it. */
	if (version < 1)
		return 0;

	struct landlock_ruleset_attr ruleset = { .handled_access_fs = handled_access((int)version) };
	AUTO_CLOSE int fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0);

	if (fd < 0)
		return -errno;

	int r = allow_below(fd, paths->write_directory, ACCESS_WRITE & ruleset.handled_access_fs);

	for (size_t i = 0; !r && i < SANDBOX_READ_MAX; i++)
		r = allow_below(fd, paths->read_directory[i], ACCESS_READ);
	if (r)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static uint32_t action_code(const struct rule *rule)
{
	switch (rule->action) {
	case SANDBOX_ALLOW:
		return SCMP_ACT_ALLOW;
	case SANDBOX_KILL:
		return SCMP_ACT_KILL_PROCESS;
	default:
		return SCMP_ACT_ERRNO((uint16_t)rule->error);
	}
}

static int add_rule(scmp_filter_ctx filter, const struct rule *rule)
{
	int number = seccomp_syscall_resolve_name(rule->name);

	/* Of another architecture, or newer than libseccomp: the default action applies. */
	if (number == __NR_SCMP_ERROR)
		return 0;
	if (!rule->conditional)
		return seccomp_rule_add(filter, action_code(rule), number, 0);

	struct scmp_arg_cmp condition = { .arg = rule->argument };

	condition.datum_a = rule->value;
	switch (rule->comparison) {
	case SANDBOX_EQUAL:
		condition.op = SCMP_CMP_MASKED_EQ;
		condition.datum_a = RULE_LOW_HALF;
		condition.datum_b = rule->value;
		break;
	case SANDBOX_WHOLE:
		condition.op = SCMP_CMP_EQ;
		break;
	case SANDBOX_UNEQUAL:
		condition.op = SCMP_CMP_NE;
		break;
	case SANDBOX_MASKED:
		condition.op = SCMP_CMP_MASKED_EQ;
		condition.datum_a = rule->mask;
		condition.datum_b = rule->value;
		break;
	}
	return seccomp_rule_add_array(filter, action_code(rule), number, 1, &condition);
}

static int prepare_filter(const struct policy *policy, scmp_filter_ctx *ret)
{
	scmp_filter_ctx filter = seccomp_init(policy->otherwise);
	int r = filter ? 0 : -ENOMEM;

	for (size_t i = 0; !r && i < policy->count; i++) {
		r = add_rule(filter, &policy->rules[i]);
		/* On architectures with multiplexed system calls, such as socketcall(2), some conditions are impossible. */
		if (r == -EDOM || r == -EACCES)
			r = 0;
	}
	/* System calls of another architecture are only used to bypass a filter. */
	if (!r)
		r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* sandbox_enter sets no_new_privs itself. */
	if (!r)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	if (r) {
		seccomp_release(filter);
		return r;
	}
	*ret = filter;
	return 0;
}

int sandbox_prepare(enum sandbox_policy policy, const struct sandbox_paths *paths, struct sandbox **ret)
{
	CLEANUP(cleanup_sandbox) struct sandbox *sandbox = calloc(1, sizeof(*sandbox));

	if (!sandbox)
		return -ENOMEM;
	sandbox->ruleset_fd = -1;
	/* Loads the local time zone, whose file cannot be opened later. */
	tzset();

	int r = prepare_filter(&policies[policy], &sandbox->filter);

	if (!r)
		r = prepare_landlock(paths, &sandbox->ruleset_fd);
	if (r)
		return r;
	*ret = TAKE_PTR(sandbox);
	return 0;
}

int sandbox_enter(struct sandbox *taken, bool *ret_landlock)
{
	CLEANUP(cleanup_sandbox) struct sandbox *sandbox = taken;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return -errno;
	if (sandbox->ruleset_fd >= 0 && syscall(SYS_landlock_restrict_self, sandbox->ruleset_fd, 0) != 0)
		return -errno;
	*ret_landlock = sandbox->ruleset_fd >= 0;

	int r = seccomp_load(sandbox->filter);

	if (!r)
		test_hook("sandboxed");
	return r;
}

int sandbox_close_files(void)
{
	scmp_filter_ctx filter;
	int r = prepare_filter(&closed, &filter);

	if (r)
		return r;
	r = seccomp_load(filter);
	seccomp_release(filter);
	if (!r)
		test_hook("closed");
	return r;
}
