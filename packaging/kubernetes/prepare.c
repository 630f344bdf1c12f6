/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cri-ebpf-prepare DATABASE-DIRECTORY PROFILE-DIRECTORY
 *
 * Does in a cluster what a package and systemd do on other hosts: gives the database's directory, which the kubelet
 * created as root, to the recorder's user, and installs the seccomp profiles of the next containers where the container
 * runtime looks for them. It is the only program of cri-ebpf that writes to files of the host as root; it is therefore
 * small, and never reads what the recorder has written.
 *
 * Must be root, because both directories belong to root, with CAP_CHOWN and no other capability.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/pins.h"

#define PROFILE_SOURCE "/usr/share/cri-ebpf/seccomp"

static const char *const profiles[] = { "loader.json", "record.json" };

static int open_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/*
 * Sets the mode before the owner: afterwards this process, root without CAP_DAC_OVERRIDE, cannot open the directory any
 * more. -EEXIST: it belongs to another user.
 */
static int give_directory(const char *path, const struct passwd *user)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return -errno;
	if (st.st_uid == user->pw_uid)
		return 0;
	if (st.st_uid != geteuid())
		return -EEXIST;

	AUTO_CLOSE int fd = open_directory(path);

	if (fd < 0)
		return fd;
	return fchmod(fd, 0750) < 0 || fchown(fd, user->pw_uid, user->pw_gid) < 0 ? -errno : 0;
}

static int copy(int from, int to)
{
	ssize_t n;

	do
		n = sendfile(to, from, NULL, 1 << 20);
	while (n > 0);
	return n < 0 ? -errno : 0;
}

/* Replaces the profile by rename, so that a runtime never reads a half-written one. */
static int install_profile(int directory, const char *name)
{
	char path[128], new_name[64];

	(void)snprintf(path, sizeof(path), PROFILE_SOURCE "/%s", name);
	(void)snprintf(new_name, sizeof(new_name), ".%s.new", name);

	AUTO_CLOSE int from = open(path, O_RDONLY | O_CLOEXEC);

	if (from < 0)
		return -errno;

	AUTO_CLOSE int to = openat(directory, new_name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (to < 0)
		return -errno;

	int r = copy(from, to);

	return r == 0 && renameat(directory, new_name, directory, name) < 0 ? -errno : r;
}

static int install_profiles(const char *path)
{
	AUTO_CLOSE int directory = open_directory(path);
	int r = directory < 0 ? directory : 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(profiles); i++)
		r = install_profile(directory, profiles[i]);
	return r;
}

int main(int argc, char **argv)
{
	const struct passwd *user = getpwnam(USER_RECORDER);
	int r;

	log_init("cri-ebpf-prepare", LOG_LEVEL_INFO);
	if (argc != 3) {
		log_error("usage: cri-ebpf-prepare DATABASE-DIRECTORY PROFILE-DIRECTORY");
		return EXIT_USAGE;
	}
	if (!user) {
		log_error("user \"" USER_RECORDER
			  "\" does not exist, so the database would have no owner; nothing was done: "
			  "run this program in the image of cri-ebpf");
		return EXIT_DENIED;
	}
	r = give_directory(argv[1], user);
	if (r == -EEXIST)
		log_error("\"%s\" belongs to neither root nor user " USER_RECORDER
			  " (%u), so the recorder could not write there; nothing was done. If a package of cri-ebpf is "
			  "installed on this node, use either the package or this pod, and change the owner",
			  argv[1], (unsigned int)user->pw_uid);
	else if (r < 0)
		log_error("cannot give \"%s\" to user " USER_RECORDER ": %s; nothing could be recorded there", argv[1],
			  strerror(-r));
	if (r < 0)
		return EXIT_DENIED;
	r = install_profiles(argv[2]);
	if (r < 0)
		log_error("cannot write the seccomp profiles to \"%s\": %s; the container runtime will not start the "
			  "containers that need them",
			  argv[2], strerror(-r));
	return r < 0 ? EXIT_DENIED : EXIT_FOUND;
}
