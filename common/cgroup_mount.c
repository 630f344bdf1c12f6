/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/cgroup_mount.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

/* True when word is an element of the comma-separated list. */
static bool list_has(const char *list, const char *word)
{
	const size_t length = strlen(word);

	while (list) {
		if (!strncmp(list, word, length) && (list[length] == ',' || !list[length]))
			return true;
		list = strchr(list, ',');
		if (list)
			list++;
	}
	return false;
}

/* Lines are "4:memory:/a/b"; v2 is "0::/a/b", with an empty list. The path may contain anything, colons too. */
int cgroup_mount_parse_hierarchy(FILE *proc_cgroup, struct cgroup_mount *mount)
{
	AUTO_FREE char *line = NULL;
	size_t size = 0;

	mount->mode = INFO_CGROUP_V2;
	mount->hierarchy = 0;
	while (getline(&line, &size, proc_cgroup) > 0) {
		char *controllers = strchr(line, ':');
		char *path = controllers ? strchr(++controllers, ':') : NULL;

		if (!path)
			continue;
		*path = '\0';
		if (!list_has(controllers, "memory"))
			continue;
		mount->mode = INFO_CGROUP_V1;
		mount->hierarchy = strtoul(line, NULL, 10);
	}
	return ferror(proc_cgroup) ? -EIO : 0;
}

/* mountinfo writes space, tab, newline and backslash of a path as \ooo. */
static void unescape_octal(char *s)
{
	char *out = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
			*out++ = (s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0');
			s += 4;
		} else {
			*out++ = *s++;
		}
	}
	*out = 0;
}

/*
 * Number of levels by which a mount's root lies above the root of this process's cgroup namespace: "/" is 0, "/../.."
 * is 2. -1 when the root is elsewhere or below.
 */
static int levels_above(const char *root)
{
	int levels = 0;

	if (!strcmp(root, "/"))
		return 0;
	for (; !strncmp(root, "/..", 3); root += 3)
		levels++;
	return *root ? -1 : levels;
}

/* Parses a line "36 35 98:0 /root /mount/point options optional... - type source super-options". Returns
 * levels_above() of its root and sets *ret_path, which points into line; -1 when the line is not a mount of the wanted
 * hierarchy. */
static int parse_mountinfo_line(char *line, const struct cgroup_mount *mount, const char **ret_path)
{
	char *save = NULL, *words[5], *type, *super;
	char *separator = strstr(line, " - ");
	bool fits;

	if (!separator)
		return -1;
	*separator = 0;
	type = strtok_r(separator + 3, " \n", &save);
	(void)strtok_r(NULL, " \n", &save);
	super = strtok_r(NULL, " \n", &save);
	if (!type || !super)
		return -1;
	words[0] = strtok_r(line, " ", &save);
	for (int i = 1; i < 5; i++)
		words[i] = strtok_r(NULL, " ", &save);
	if (!words[4])
		return -1;
	*ret_path = words[4];
	unescape_octal(words[4]);
	if (mount->mode == INFO_CGROUP_V2)
		fits = !strcmp(type, "cgroup2");
	else
		fits = !strcmp(type, "cgroup") && list_has(super, "memory");
	return fits ? levels_above(words[3]) : -1;
}

int cgroup_mount_parse_path(FILE *mountinfo, struct cgroup_mount *mount)
{
	AUTO_FREE char *line = NULL;
	size_t size = 0;
	int highest = -1;

	/* A container may have the host's hierarchy mounted beside its own: the host's has the highest root. */
	while (getline(&line, &size, mountinfo) > 0) {
		const char *path;
		int levels = parse_mountinfo_line(line, mount, &path);

		if (levels <= highest)
			continue;
		if (strlen(path) >= sizeof(mount->path))
			return -ENAMETOOLONG;
		strcpy(mount->path, path);
		highest = levels;
	}
	if (ferror(mountinfo))
		return -EIO;
	return highest < 0 ? -ENOENT : 0;
}

int cgroup_mount_find(struct cgroup_mount *ret)
{
	AUTO_FCLOSE FILE *proc_cgroup = fopen("/proc/self/cgroup", "re");
	AUTO_FCLOSE FILE *mountinfo = NULL;
	struct cgroup_mount mount = {};
	int r;

	if (!proc_cgroup)
		return -errno;
	r = cgroup_mount_parse_hierarchy(proc_cgroup, &mount);
	if (r < 0)
		return r;
	mountinfo = fopen("/proc/self/mountinfo", "re");
	if (!mountinfo)
		return -errno;
	r = cgroup_mount_parse_path(mountinfo, &mount);
	if (r < 0)
		return r;
	*ret = mount;
	return 0;
}
