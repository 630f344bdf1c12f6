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
} dir_sentences[] = {
	{ -ENOENT, "does not exist; see that a BPF file system is mounted (mount -t bpf -o mode=0700 bpf /sys/fs/bpf), then make the "
		   "directory: systemd-tmpfiles --create cri-ebpf.conf, or without a package start the loader as root once" },
	{ -ENOTTY, "is not on a BPF file system; mount one first: mount -t bpf -o mode=0700 bpf /sys/fs/bpf" },
	{ -EACCES, "belongs to somebody else, who could change what is pinned there, or may not be searched; "
		   "give it to the loader's user, or bind-mount it where that user can get at it" },
	{ -EEXIST, "is there already and belongs to somebody else; remove it, or name another with --pin-dir" },
	{ -EUCLEAN, "holds something that is not the loader's own, from before it was: see what it is, remove it, and load "
		    "again" },
	{ -EINVAL, "must end in a name" },
	{ -EPERM, "cannot be given to the ring's readers; start the loader with group " GROUP_RING " (runAsGroup), or "
		  "with CAP_CHOWN" },
	{ -EMEDIUMTYPE, "must be setgid and not writable for group or others, else the ring's readers could switch "
			"recording off; set mode 2750" },
};

/* A host on which nothing can be loaded often has no place for the directory either: that comes first. */
static int say_dir(const char *dir, int error)
{
	struct host host;
	int r = host_require(&host);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(dir_sentences); i++) {
		if (dir_sentences[i].error != error)
			continue;
		log_error("the pin directory \"%s\" %s; nothing was changed", dir, dir_sentences[i].sentence);
		return error;
	}
	log_error("cannot use the pin directory \"%s\": %s; nothing was changed", dir, strerror(-error));
	return error;
}

static int say_missing(const char *what, const char *name)
{
	log_error("%s \"%s\" does not exist, so the pins would have no owner; nothing was loaded. "
		  "Create the accounts, for example: systemd-sysusers --inline 'u " USER_LOADER " - \"cri-ebpf loader\"' "
		  "'g " GROUP_RING " -'",
		  what, name);
	return -ENOENT;
}

/* Makes the directory and enters it: what lies above it may be for root only. *ret_error: 0, or why it cannot be had. */
static int make_dir(const char *dir, uid_t owner, int *ret_error)
{
	const struct group *group = getgrnam(GROUP_RING);
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	if (!group)
		return say_missing("group", GROUP_RING);
	/* Kernels before 5.11 charge maps to RLIMIT_MEMLOCK; elsewhere this may fail and does not matter. */
	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	*ret_error = pin_dir_prepare(dir, owner, group->gr_gid);
	if (*ret_error == 0)
		*ret_error = pin_dir_enter(dir);
	return 0;
}

/* Started as root without a package: makes the directory, then leaves root behind; also when the directory cannot be
 * had, so that root looks no further. *ret_error: 0, or why that is. */
static int leave_root(const char *dir, int *ret_error)
{
	const struct passwd *user = getpwnam(USER_LOADER);
	int r = user ? make_dir(dir, user->pw_uid, ret_error) : say_missing("user", USER_LOADER);

	if (r < 0)
		return r;
	r = caps_become(user->pw_uid, user->pw_gid);
	if (r < 0)
		log_error("cannot become \"%s\" with CAP_BPF and CAP_PERFMON only: %s; nothing was loaded",
			  USER_LOADER, strerror(-r));
	return r;
}

static int limit_caps(void)
{
	int r = caps_limit();

	if (r < 0)
		log_error("cannot give up what is not CAP_BPF or CAP_PERFMON: %s; nothing was loaded", strerror(-r));
	return r;
}

/*
 * Root with little more than the two capabilities, as a container's runtime starts it: a user like any other, to
 * whom root's files happen to belong. It can become nobody else, and need not: the pins are root's then. Without
 * CAP_CHOWN they come to the ring's group because that is one of this process's own.
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
	return error < 0 ? say_dir(dir, error) : 0;
}
