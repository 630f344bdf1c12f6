/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/answer.h"
#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/pins.h"
#include "loader/caps.h"
#include "loader/pin.h"

#define GID_NOBODY 65534

struct identity {
	uid_t uid;
	gid_t gid;
};

bool privilege_is_root(void)
{
	return geteuid() == 0 && !caps_are_bare();
}

static int fail_missing(const char *what, const char *name)
{
	log_error("%s \"%s\" does not exist, but must own the pins; nothing was loaded. "
		  "Create the accounts, for example: systemd-sysusers --inline 'u " USER_LOADER " - \"cri-ebpf loader\"' "
		  "'g " GROUP_RING " -'",
		  what, name);
	return -ENOENT;
}

static int fail_drop(int error)
{
	log_error("cannot drop the privileges other than CAP_BPF and CAP_PERFMON: %s; nothing was done", strerror(-error));
	return error;
}

static int require_caps(void)
{
	const char *missing;
	int r = caps_check(&missing);

	if (r < 0)
		log_error("missing %s: BPF programs cannot be loaded; start the loader as root, or as user "
			  "\"%s\" with exactly CAP_BPF and CAP_PERFMON", missing, USER_LOADER);
	return r;
}

/* Without CAP_CHOWN the directory can get the ring's group only if that is one of this process's groups. */
static int make_dir(const char *dir, uid_t owner, int *ret_dir)
{
	const struct group *group = getgrnam(GROUP_RING);

	if (!group)
		return fail_missing("group", GROUP_RING);
	*ret_dir = pin_dir_prepare(dir, owner, group->gr_gid);
	if (*ret_dir == 0)
		*ret_dir = pin_dir_open(dir);
	return 0;
}

static bool needs_caps(enum privilege_need need)
{
	return need == PRIVILEGE_PINS || need == PRIVILEGE_MAKE_PINS;
}

/* The loader's user if it exists, else root. */
static struct identity find_loader(void)
{
	const struct passwd *user = getpwnam(USER_LOADER);

	return user ? (struct identity){ user->pw_uid, user->pw_gid } : (struct identity){ 0, 0 };
}

/* The owner of the directory, if it is root or the loader's user; else the loader's user. The owner may be anybody,
 * because everybody can make directories on a bpffs of mode 1777: capabilities must not come near what such a user
 * chose, and that user not near a process with capabilities. Closes the directory of a stranger unless it is only to be
 * emptied, which its owner may do. */
static struct identity find_identity(enum privilege_need need, int *dir)
{
	const struct identity loader = find_loader();
	struct stat st;

	if (*dir < 0 || fstat(*dir, &st) < 0 || st.st_uid == loader.uid)
		return loader;
	if (st.st_uid == 0)
		return (struct identity){ 0, 0 };
	if (need == PRIVILEGE_REMOVE_PINS)
		return (struct identity){ st.st_uid, GID_NOBODY };
	cleanup_close(dir);
	*dir = -EEXIST;
	return loader;
}

static int become(struct identity identity, bool keep_caps)
{
	int r = caps_become(identity.uid, identity.gid, keep_caps);

	return r < 0 ? fail_drop(r) : 0;
}

/* Becomes that user also when the directory cannot be made, so that nothing further runs as root. */
static int make_and_become(const char *dir, int *ret_dir)
{
	const struct passwd *user = getpwnam(USER_LOADER);
	struct identity identity;
	int r;

	if (!user)
		return fail_missing("user", USER_LOADER);
	identity = (struct identity){ user->pw_uid, user->pw_gid };
	r = make_dir(dir, identity.uid, ret_dir);
	return r < 0 ? r : become(identity, true);
}

static int leave_root(enum privilege_need need, const char *dir, int *ret_dir)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	/* Kernels before 5.11 charge maps to RLIMIT_MEMLOCK; elsewhere this may fail and does not matter. */
	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	if (need == PRIVILEGE_MAKE_PINS)
		return make_and_become(dir, ret_dir);
	if (need != PRIVILEGE_NONE)
		*ret_dir = pin_dir_open(dir);
	return become(find_identity(need, ret_dir), needs_caps(need));
}

/* Root without other capabilities, as in a container, cannot become another user, and the pins belong to root. */
static int stay(enum privilege_need need, const char *dir, int *ret_dir)
{
	int r = 0;

	if (need == PRIVILEGE_MAKE_PINS && geteuid() == 0)
		r = make_dir(dir, geteuid(), ret_dir);
	else if (need != PRIVILEGE_NONE)
		*ret_dir = pin_dir_open(dir);
	if (r < 0)
		return r;
	r = caps_limit(needs_caps(need));
	return r < 0 ? fail_drop(r) : 0;
}

int privilege_drop(enum privilege_need need, const char *dir, int *ret_dir)
{
	int r = need == PRIVILEGE_MAKE_PINS ? require_caps() : 0;

	*ret_dir = -ENOENT;
	if (r < 0)
		return r;
	return privilege_is_root() ? leave_root(need, dir, ret_dir) : stay(need, dir, ret_dir);
}

int privilege_run_child(int (*run)(const void *context), const void *context)
{
	int status = 0;
	pid_t child;

	(void)signal(SIGCHLD, SIG_DFL); /* where it is ignored, a child has no exit status */
	child = fork();
	if (child == 0)
		exit(answer_end(run(context)));
	while (child > 0 && waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			child = -1;
	if (child > 0 && WIFEXITED(status))
		return WEXITSTATUS(status);
	log_error("the part without privileges did not end: %s", child < 0 ? strerror(errno) : strsignal(WTERMSIG(status)));
	return EXIT_DENIED;
}
