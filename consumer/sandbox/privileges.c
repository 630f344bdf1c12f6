/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/sandbox/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "consumer/text/error.h"

int privileges_find_user(const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
	const struct passwd *user;

	errno = 0;
	user = getpwnam(name);
	if (!user)
		return errno && errno != ENOENT && errno != ESRCH ? -errno : -ENOENT;
	*ret_uid = user->pw_uid;
	*ret_gid = user->pw_gid;
	return 0;
}

/* Splits path into its parent directory, which is opened, and its last component. *ret_name "": there is none, as in "/". */
static int open_above(char *path, const char **ret_name)
{
	size_t length = strlen(path);
	char *slash;

	while (length > 1 && path[length - 1] == '/')
		path[--length] = '\0';
	slash = strrchr(path, '/');
	*ret_name = slash ? slash + 1 : path;

	const char *above = !slash ? "." : slash == path ? "/" : path;

	if (slash && slash != path)
		*slash = '\0';

	int fd = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* True when it is the directory that mkdir created: a process that can write to the parent could have replaced it. */
static bool is_just_made(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 0777 & ~0750U) == 0 && st.st_nlink <= 2;
}

int privileges_make_directory(const char *path, uid_t uid, gid_t gid)
{
	AUTO_FREE char *copy = strdup(path);
	const char *name;

	if (!copy)
		return -ENOMEM;

	AUTO_CLOSE int above = open_above(copy, &name);

	if (above < 0)
		return above;
	if (!*name)
		return 0;
	if (mkdirat(above, name, 0750) != 0)
		return errno == EEXIST ? 0 : -errno;

	AUTO_CLOSE int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!is_just_made(fd))
		return -ERROR_REPLACED;
	return fchown(fd, uid, gid) != 0 || fchmod(fd, 0750) != 0 ? -errno : 0;
}

/* Without CAP_SETPCAP the bounding set stays; the sandbox keeps the process from starting a program that could use it. */
static int clear_bounding_set(void)
{
	for (cap_value_t cap = 0; CAP_IS_SUPPORTED(cap); cap++)
		if (cap_drop_bound(cap) != 0 && errno != EPERM)
			return -errno;
	return 0;
}

#define NONE   ((cap_value_t)-1)
#define NOBODY 65534 /* the overflow uid of the kernel */

/* Leaves only `keep` in the permitted set, and with `effective` also in the effective set. */
static int limit_capabilities(cap_value_t keep, bool effective)
{
	cap_t caps = cap_init();
	int r = caps ? 0 : -ENOMEM;

	if (!r && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
		r = -errno;
	if (!r && keep != NONE &&
	    (cap_set_flag(caps, CAP_PERMITTED, 1, &keep, CAP_SET) != 0 ||
	     cap_set_flag(caps, CAP_EFFECTIVE, 1, &keep, effective ? CAP_SET : CAP_CLEAR) != 0))
		r = -errno;
	if (!r && cap_set_proc(caps) != 0)
		r = -errno;
	(void)cap_free(caps);
	return r;
}

/* keep_bpf: keeps the permitted set over the change of user, until limit_capabilities. */
static int become(uid_t uid, gid_t gid, bool keep_bpf)
{
	if ((keep_bpf && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) || setgroups(0, NULL) != 0 ||
	    setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
		return -errno;
	return 0;
}

/* True when a capability other than `but` is in one of the three sets of cap_t or in the ambient set. */
static bool has_capability(cap_value_t but)
{
	static const cap_flag_t sets[] = { CAP_EFFECTIVE, CAP_PERMITTED, CAP_INHERITABLE };
	cap_t now = cap_get_proc();
	bool found = !now;

	for (cap_value_t cap = 0; now && CAP_IS_SUPPORTED(cap); cap++) {
		for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
			cap_flag_value_t value = CAP_SET;

			if (cap == but && sets[i] != CAP_INHERITABLE)
				continue;
			if (cap_get_flag(now, cap, sets[i], &value) != 0 || value == CAP_SET)
				found = true;
		}
		if (cap_get_ambient(cap) == 1)
			found = true;
	}
	(void)cap_free(now);
	return found;
}

int privileges_drop(uid_t uid, gid_t gid, bool keep_bpf)
{
	bool root = geteuid() == 0;
	cap_value_t keep = keep_bpf ? CAP_BPF : NONE;
	int r = clear_bounding_set();

	if (!r && root)
		r = become(uid, gid, keep_bpf);
	if (!r)
		r = limit_capabilities(keep, true);
	if (r)
		return r;

	if (has_capability(keep) || geteuid() == 0 || getuid() == 0 || setuid(0) == 0 || seteuid(0) == 0)
		return -ERROR_PRIVILEGES_LEFT;
	return 0;
}

int privileges_try_without(uid_t uid, gid_t gid, int (*attempt)(const void *context), const void *context)
{
	int status = 0;
	pid_t child = fork();

	if (child < 0)
		return -errno;
	if (child == 0) {
		int r = privileges_drop(uid, gid, false);

		if (!r)
			r = attempt(context);
		/* An exit status has eight bits: enough for an errno value, not for an error of text/error.h. */
		_exit(r <= -ERROR_FIRST ? ENOTRECOVERABLE : -r);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

/* ------------------------------------------------------------------ reading one file */

static int try_opening(const void *context)
{
	AUTO_CLOSE int fd = open(context, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? -errno : 0;
}

/* A missing file counts as readable: it may be created later. */
static int try_finding(const void *context)
{
	int r = try_opening(context);

	return r == -ENOENT ? 0 : r;
}

static int find_owner(const char *path, struct stat *ret)
{
	AUTO_FREE char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	if (stat(path, ret) == 0)
		return 0;
	return errno != ENOENT || stat(dirname(copy), ret) != 0 ? -errno : 0;
}

static bool has_permitted(cap_value_t cap)
{
	cap_t now = cap_get_proc();
	cap_flag_value_t value = CAP_CLEAR;
	bool has = now && cap_get_flag(now, cap, CAP_PERMITTED, &value) == 0 && value == CAP_SET;

	(void)cap_free(now);
	return has;
}

/* Keeps the user, which may be root if only root can read the file. */
static int limit_to_reading(const char *path)
{
	cap_value_t keep = has_permitted(CAP_DAC_READ_SEARCH) ? CAP_DAC_READ_SEARCH : NONE;
	int r = clear_bounding_set();

	if (!r)
		r = limit_capabilities(keep, false);
	/* A file that does not exist yet may be created with any owner, hence only if it exists. */
	if (!r && keep != NONE && try_opening(path) == 0)
		keep = NONE;
	if (!r)
		r = limit_capabilities(keep, true);
	if (!r && has_capability(keep))
		r = -ERROR_PRIVILEGES_LEFT;
	return r;
}

int privileges_drop_for_reading(const char *path)
{
	struct stat owner;

	if (!path)
		return privileges_drop(NOBODY, NOBODY, false);
	if (geteuid() != 0 || find_owner(path, &owner) != 0 || owner.st_uid == 0)
		return limit_to_reading(path);

	/* A file of another user may belong to the group root. */
	gid_t gid = owner.st_gid ? owner.st_gid : NOBODY;

	if (privileges_try_without(owner.st_uid, gid, try_finding, path) != 0)
		return limit_to_reading(path);
	return privileges_drop(owner.st_uid, gid, false);
}
