/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/pin.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/pins.h"
#include "common/text.h"

const char *const pin_maps[PIN_MAPS] = {
	PIN_EVENTS, PIN_METADATA, PIN_COUNTERS, PIN_SEEN, PIN_ARMED, PIN_INFO,
};

const char *const pin_second_maps[PIN_SECOND_MAPS] = { PIN_EXITED, PIN_DISPLACED };

int pin_path(char *out, size_t size, const char *dir, const char *name)
{
	return snprintf(out, size, "%s/%s", dir, name) >= (int)size ? -ENAMETOOLONG : 0;
}

static int dir_is_bpffs(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return fs.f_type == BPF_FS_MAGIC ? 0 : -ENOTTY;
}

/* For a directory that does not exist yet. */
static int parent_is_bpffs(const char *dir)
{
	AUTO_CLOSE int fd = -1;
	char parent[PATH_MAX];

	if (strlen(dir) >= sizeof(parent))
		return -ENAMETOOLONG;
	strcpy(parent, dir);
	fd = open(dirname(parent), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return dir_is_bpffs(fd);
}

static bool ends_in_dots(const char *dir)
{
	return !strcmp(dir, ".") || !strcmp(dir, "..") || text_ends_with(dir, "/.") || text_ends_with(dir, "/..") ||
	       text_ends_with(dir, "/");
}

int pin_dir_open(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* 1 when the directory was made, 0 when it existed. An existing one may be a mount point, so its parent is not
 * checked. */
static int make_dir(const char *dir)
{
	struct stat st;
	int r;

	if (lstat(dir, &st) == 0)
		return 0;
	r = parent_is_bpffs(dir);
	if (r < 0)
		return r;
	if (mkdir(dir, 0750) == 0)
		return 1;
	return errno == EEXIST ? 0 : -errno;
}

#define BPFFS_ROOT_INO 1 /* the root of the file system, which all users of bpffs share */

/* Never changes the owner of a directory that belongs to another user. */
int pin_dir_prepare(const char *dir, uid_t owner, gid_t group)
{
	int r = ends_in_dots(dir) ? -EINVAL : make_dir(dir);
	bool made = r == 1;
	struct stat st;

	if (r < 0)
		return r;

	AUTO_CLOSE int fd = pin_dir_open(dir);

	if (fd < 0)
		return fd;
	r = dir_is_bpffs(fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!made && (st.st_uid != owner || st.st_ino == BPFFS_ROOT_INO))
		return -EEXIST;
	if ((st.st_uid != owner || st.st_gid != group) && fchown(fd, owner, group) < 0)
		return -errno;
	if ((st.st_mode & 07777) != 02750 && fchmod(fd, 02750) < 0)
		return -errno;
	return 0;
}

int pin_dir_is_bpffs(void)
{
	AUTO_CLOSE int fd = open(PIN_HERE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : dir_is_bpffs(fd);
}

int pin_dir_check(void)
{
	AUTO_CLOSE int fd = open(PIN_HERE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0)
		return -errno;
	r = dir_is_bpffs(fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid())
		return -EACCES;
	if (st.st_mode & (S_IWGRP | S_IWOTH) || !(st.st_mode & S_ISGID))
		return -EMEDIUMTYPE;
	return 0;
}

static int check_owner(const char *name, void *context)
{
	struct stat st;

	(void)context;
	if (lstat(name, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	return st.st_uid == geteuid() ? 0 : -EUCLEAN;
}

int pin_dir_check_entries(void)
{
	return pin_each(PIN_HERE, check_owner, NULL);
}

static int pin_info_fd(const char *dir, unsigned int flags)
{
	LIBBPF_OPTS(bpf_obj_get_opts, options, .file_flags = flags);
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	char path[PATH_MAX];
	AUTO_CLOSE int fd = -1;
	int r = pin_path(path, sizeof(path), dir, PIN_INFO);

	if (r < 0)
		return r;
	fd = bpf_obj_get_opts(path, &options);
	if (fd < 0)
		return -errno;
	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return -errno;
	if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size != sizeof(struct map_info))
		return -EPROTO;
	return TAKE_FD(fd);
}

int pin_read_info(const char *dir, struct map_info *ret)
{
	AUTO_CLOSE int fd = pin_info_fd(dir, BPF_F_RDONLY);
	struct map_info info;
	__u32 zero = 0;

	if (fd < 0)
		return fd;
	if (bpf_map_lookup_elem(fd, &zero, &info) < 0)
		return -errno;
	map_info_terminate(&info);
	*ret = info;
	return 0;
}

int pin_write_info(const char *dir, const struct map_info *info)
{
	AUTO_CLOSE int fd = pin_info_fd(dir, 0);
	__u32 zero = 0;

	if (fd < 0)
		return fd;
	return bpf_map_update_elem(fd, &zero, info, BPF_ANY) < 0 ? -errno : 0;
}

/* Deletes an entry that cannot exist: no cgroup has the id 0, and a ring has no entries. A map that was frozen refuses
 * that before anything else. /proc/self/fdinfo says it too, but a process that was root cannot read that before 5.14. */
static bool map_is_frozen(const char *dir, const char *name)
{
	static const char nothing[sizeof(struct ev_cgroup)];
	char path[PATH_MAX];
	AUTO_CLOSE int fd = -1;

	if (pin_path(path, sizeof(path), dir, name) < 0)
		return false;
	fd = bpf_obj_get(path);
	return fd >= 0 && bpf_map_delete_elem(fd, nothing) < 0 && errno == EPERM;
}

static const struct {
	const char *name, *consequence;
} shared_maps[] = {
	{ PIN_EVENTS, "no recorder can start, and the ring fills up" },
	{ PIN_METADATA, "the recorder can put no class or name into it" },
};

void pin_find_frozen(const char *dir, struct pin_frozen *ret)
{
	_Static_assert(ARRAY_SIZE(ret->names) == ARRAY_SIZE(shared_maps), "a place for each");

	ret->count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(shared_maps); i++) {
		if (!map_is_frozen(dir, shared_maps[i].name))
			continue;
		ret->names[ret->count] = shared_maps[i].name;
		ret->consequences[ret->count++] = shared_maps[i].consequence;
	}
}

void pin_log_frozen(const char *shown, const struct pin_frozen *frozen, const char *end)
{
	for (size_t i = 0; i < frozen->count; i++)
		log_error("somebody in group " GROUP_RING " has frozen \"%s/%s\" (BPF_MAP_FREEZE): %s. Find out who, store "
			  "what is in the ring (cri-ebpf record --once), then make new maps: cri-ebpf-loader unload && "
			  "cri-ebpf-loader load%s", shown, frozen->names[i], frozen->consequences[i], end);
}

int pin_set_add(struct pin_set *set, const char *name, mode_t mode)
{
	char path[PATH_MAX];
	void *grown = reallocarray(set->names, set->count + 1, sizeof(set->names[0]));
	int r = pin_path(path, sizeof(path), set->dir, name);

	if (grown)
		set->names = grown;
	if (!grown || r < 0) {
		(void)unlink(path);
		return grown ? r : -ENOMEM;
	}
	(void)snprintf(set->names[set->count++].name, sizeof(set->names[0].name), "%s", name);
	return chmod(path, mode) < 0 ? -errno : 0;
}

void pin_set_undo(struct pin_set *set)
{
	while (set->count) {
		char path[PATH_MAX];

		if (pin_path(path, sizeof(path), set->dir, set->names[--set->count].name) == 0)
			(void)unlink(path);
	}
}

void pin_set_free(struct pin_set *set)
{
	free(set->names);
	set->names = NULL;
	set->count = 0;
}

int pin_each(const char *dir, int (*visit)(const char *name, void *context), void *context)
{
	AUTO_CLOSEDIR DIR *stream = opendir(dir);
	struct dirent *entry;

	if (!stream)
		return -errno;
	while ((entry = readdir(stream))) {
		int r;

		if (entry->d_name[0] == '.')
			continue;
		r = visit(entry->d_name, context);
		if (r)
			return r;
	}
	return 0;
}

bool pin_is_swapped(const char *name)
{
	return text_starts_with(name, PIN_LINK_PREFIX) || text_starts_with(name, PIN_PROGRAM_PREFIX);
}

bool pin_is_second_map(const char *name)
{
	for (size_t i = 0; i < PIN_SECOND_MAPS; i++) {
		const size_t length = strlen(pin_second_maps[i]);

		if (!strncmp(name, pin_second_maps[i], length) && (!name[length] || !strcmp(name + length, PIN_NEW_SUFFIX)))
			return true;
	}
	return false;
}

static bool name_is_link(const char *name)
{
	return pin_is_swapped(name) || text_starts_with(name, PIN_TRY_PREFIX);
}

static bool name_is_map(const char *name)
{
	for (size_t i = 0; i < PIN_MAPS; i++)
		if (!strcmp(pin_maps[i], name))
			return true;
	return pin_is_second_map(name);
}

struct removal {
	bool (*wanted)(const char *name);
	int removed;
	int error;
};

static int remove_one(const char *name, void *context)
{
	struct removal *removal = context;

	if (!removal->wanted(name))
		return 0;
	if (unlink(name) < 0)
		removal->error = -errno;
	else
		removal->removed++;
	return 0;
}

int pin_remove_all(void)
{
	struct removal removal = { .wanted = name_is_link };
	int r = pin_each(PIN_HERE, remove_one, &removal);

	if (r < 0)
		return r;
	removal.wanted = name_is_map;
	r = pin_each(PIN_HERE, remove_one, &removal);
	if (r < 0)
		return r;
	return removal.error ? removal.error : removal.removed;
}

static int remove_try(const char *name, void *context)
{
	struct stat st;

	(void)context;
	if (text_starts_with(name, PIN_TRY_PREFIX) && lstat(name, &st) == 0 && (st.st_uid == 0 || st.st_uid == geteuid()))
		(void)unlink(name);
	return 0;
}

int pin_remove_tries(void)
{
	return pin_each(PIN_HERE, remove_try, NULL);
}

bool pin_link_is_attached(const char *dir, const char *name)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);
	char path[PATH_MAX];
	AUTO_CLOSE int fd = -1;

	if (pin_path(path, sizeof(path), dir, name) < 0)
		return false;
	fd = bpf_obj_get(path);
	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.prog_id != 0;
}
