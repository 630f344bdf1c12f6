/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/dir_error.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/pins.h"

static const struct {
	int error;
	const char *sentence;
} dir_errors[] = {
	{ -ENOENT, "does not exist; see that a BPF file system is mounted (mount -t bpf -o mode=0700 bpf /sys/fs/bpf), then "
		   "make the directory: systemd-tmpfiles --create cri-ebpf.conf, or without a package start the loader as root "
		   "once" },
	{ -ENOTTY, "is not on a BPF file system; mount one first: mount -t bpf -o mode=0700 bpf /sys/fs/bpf" },
	{ -EACCES, "belongs to another user, who could change what is pinned there, or may not be searched; "
		   "give it to the loader's user, or bind-mount it where that user can reach it" },
	{ -EUCLEAN, "contains entries that the loader's user does not own; find out what they are, remove them, and load "
		    "again" },
	{ -EINVAL, "must end in a name" },
	{ -EPERM, "cannot be given to the group of the ring's readers; start the loader with group " GROUP_RING
		  " (runAsGroup), or with CAP_CHOWN" },
	{ -EMEDIUMTYPE, "must be setgid and not writable for group or others, else the ring's readers could end "
			"the recording; set mode 2750" },
};

/* Names the owner if that is still known: this process may not be able to search the parents. */
static void explain_owner(char *out, size_t size, const char *dir)
{
	const struct passwd *user;
	struct stat st;

	if (lstat(dir, &st) < 0) {
		(void)snprintf(out, size, "another user");
		return;
	}
	user = getpwuid(st.st_uid);
	(void)snprintf(out, size, "user \"%s\" (uid %u)", user ? user->pw_name : "?", st.st_uid);
}

const char *dir_error_explain(const char *dir, int error)
{
	static char text[PATH_MAX + 512];
	const char *sentence = NULL;
	char owner[128];

	for (size_t i = 0; i < ARRAY_SIZE(dir_errors); i++)
		if (dir_errors[i].error == error)
			sentence = dir_errors[i].sentence;
	if (error == -EEXIST) {
		explain_owner(owner, sizeof(owner), dir);
		(void)snprintf(text, sizeof(text),
			       "the pin directory \"%s\" belongs to %s, who could change what is pinned there; find out who "
			       "made it, remove it (rm -r), and load again; or name another with --pin-dir", dir, owner);
	} else if (sentence) {
		(void)snprintf(text, sizeof(text), "the pin directory \"%s\" %s", dir, sentence);
	} else {
		(void)snprintf(text, sizeof(text), "cannot use the pin directory \"%s\": %s", dir, strerror(-error));
	}
	return text;
}
