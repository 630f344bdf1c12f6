/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/pins.h"
#include "loader/caps.h"
#include "loader/host.h"
#include "loader/pin.h"

static const struct {
	int error;
	const char *sentence;
} dir_errors[] = {
	{ -ENOENT, "does not exist; see that a BPF file system is mounted (mount -t bpf -o mode=0700 bpf /sys/fs/bpf), then make "
		   "the directory: systemd-tmpfiles --create cri-ebpf.conf, or without a package start the loader as root once" },
	{ -ENOTTY, "is not on a BPF file system; mount one first: mount -t bpf -o mode=0700 bpf /sys/fs/bpf" },
	{ -EACCES, "belongs to another user, who could change what is pinned there, or may not be searched; "
		   "give it to the loader's user, or bind-mount it where that user can reach it" },
	{ -EEXIST, "exists and belongs to another user; remove it, or name another with --pin-dir" },
	{ -EUCLEAN, "contains entries that the loader's user does not own; find out what they are, remove them, and load "
		    "again" },
	{ -EINVAL, "must end in a name" },
	{ -EPERM, "cannot be given to the group of the ring's readers; start the loader with group " GROUP_RING " (runAsGroup), or "
		  "with CAP_CHOWN" },
	{ -EMEDIUMTYPE, "must be setgid and not writable for group or others, else the ring's readers could end "
			"the recording; set mode 2750" },
};

/* Logs why the directory cannot be used. A host on which nothing can be loaded at all often has no bpffs either; that
 * reason is reported instead. */
static int fail_dir(const char *dir, int error)
{
	struct host host;
	int r = host_require(&host);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(dir_errors); i++) {
		if (dir_errors[i].error != error)
			continue;
		log_error("the pin directory \"%s\" %s; nothing was changed", dir, dir_errors[i].sentence);
		return error;
	}
	log_error("cannot use the pin directory \"%s\": %s; nothing was changed", dir, strerror(-error));
	return error;
}

static int fail_missing(const char *what, const char *name)
{
	log_error("%s \"%s\" does not exist, but must own the pins; nothing was loaded. "
		  "Create the accounts, for example: systemd-sysusers --inline 'u " USER_LOADER " - \"cri-ebpf loader\"' "
		  "'g " GROUP_RING " -'",
		  what, name);
	return -ENOENT;
}

/* Makes and enters the directory, whose parents may be accessible for root only. *ret_error: 0, or the negative errno
 * of that. */
static int make_dir(const char *dir, uid_t owner, int *ret_error)
{
	const struct group *group = getgrnam(GROUP_RING);
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	if (!group)
		return fail_missing("group", GROUP_RING);
	/* Kernels before 5.11 charge maps to RLIMIT_MEMLOCK; elsewhere this may fail and does not matter. */
	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	*ret_error = pin_dir_prepare(dir, owner, group->gr_gid);
	if (*ret_error == 0)
		*ret_error = pin_dir_enter(dir);
	return 0;
}

/* Started as root: makes the directory, then becomes the loader's user, also when the directory cannot be made, so
 * that nothing further runs as root. *ret_error as in make_dir(). */
static int leave_root(const char *dir, int *ret_error)
{
	const struct passwd *user = getpwnam(USER_LOADER);
	int r = user ? make_dir(dir, user->pw_uid, ret_error) : fail_missing("user", USER_LOADER);

	if (r < 0)
		return r;
	r = caps_become(user->pw_uid, user->pw_gid);
	if (r < 0)
		log_error("cannot become user \"%s\" with CAP_BPF and CAP_PERFMON only: %s; nothing was loaded",
			  USER_LOADER, strerror(-r));
	return r;
}

static int limit_caps(void)
{
	int r = caps_limit();

	if (r < 0)
		log_error("cannot drop the capabilities other than CAP_BPF and CAP_PERFMON: %s; nothing was loaded", strerror(-r));
	return r;
}

/*
 * Root without other capabilities, as in a container: it cannot become another user, and the pins belong to root.
 * Without CAP_CHOWN the pin directory can get the ring's group only if that is one of this process's groups.
 */
static int stay_root(const char *dir, int *ret_error)
{
	int r = make_dir(dir, geteuid(), ret_error);

	return r < 0 ? r : limit_caps();
}

static int stay_user(const char *dir, int *ret_error)
{
	int r = limit_caps();

	if (r == 0)
		*ret_error = pin_dir_enter(dir);
	return r;
}

int privilege_take(const char *dir)
{
	const char *missing;
	int r = caps_check(&missing), error = 0;

	if (r < 0) {
		log_error("missing %s: BPF programs cannot be loaded; start the loader as root, or as user "
			  "\"%s\" with exactly CAP_BPF and CAP_PERFMON", missing, USER_LOADER);
		return r;
	}
	if (geteuid() != 0)
		r = stay_user(dir, &error);
	else
		r = caps_are_bare() ? stay_root(dir, &error) : leave_root(dir, &error);
	if (r < 0)
		return r;
	if (error == 0)
		error = pin_dir_check();
	return error < 0 ? fail_dir(dir, error) : 0;
}
