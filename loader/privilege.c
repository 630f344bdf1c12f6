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
	{ -ENOENT, "does not exist; see that a BPF file system is mounted (mount -t bpf bpf /sys/fs/bpf), then make the "
		   "directory: systemd-tmpfiles --create cri-ebpf.conf, or without a package start the loader as root once" },
	{ -ENOTTY, "is not on a BPF file system; mount one first: mount -t bpf bpf /sys/fs/bpf" },
	{ -EACCES, "belongs to somebody else, who could change what is pinned there, or may not be searched; "
		   "give it to the loader's user, or bind-mount it where that user can get at it" },
	{ -EEXIST, "is there already and belongs to somebody else; remove it, or name another with --pin-dir" },
	{ -EINVAL, "must end in a name" },
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

/* Started as root without a package: makes the directory, then leaves root behind; also when the directory cannot be
 * had, so that root looks no further. *ret_error: 0, or why that is. */
static int leave_root(const char *dir, int *ret_error)
{
	const struct passwd *user = getpwnam(USER_LOADER);
	const struct group *group = getgrnam(GROUP_RING);
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int r;

	if (!user || !group) {
		log_error("%s \"%s\" does not exist, so the pins would have no owner; nothing was loaded. "
			  "Create the accounts, for example: systemd-sysusers --inline 'u " USER_LOADER " - \"cri-ebpf loader\"' "
			  "'g " GROUP_RING " -'",
			  user ? "group" : "user", user ? GROUP_RING : USER_LOADER);
		return -ENOENT;
	}
	/* Kernels before 5.11 charge maps to RLIMIT_MEMLOCK; elsewhere this may fail and does not matter. */
	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	*ret_error = pin_dir_prepare(dir, user->pw_uid, group->gr_gid);
	if (*ret_error == 0)
		*ret_error = pin_dir_enter(dir); /* what lies above it may be for root only */
	r = caps_become(user->pw_uid, user->pw_gid);
	if (r < 0)
		log_error("cannot become \"%s\" with CAP_BPF and CAP_PERFMON only: %s; nothing was loaded",
			  USER_LOADER, strerror(-r));
	return r;
}

static int stay_user(const char *dir, int *ret_error)
{
	int r = caps_limit();

	if (r < 0)
		log_error("cannot give up what is not CAP_BPF or CAP_PERFMON: %s; nothing was loaded", strerror(-r));
	else
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
	r = geteuid() == 0 ? leave_root(dir, &error) : stay_user(dir, &error);
	if (r < 0)
		return r;
	if (error == 0)
		error = pin_dir_check();
	return error < 0 ? say_dir(dir, error) : 0;
}
