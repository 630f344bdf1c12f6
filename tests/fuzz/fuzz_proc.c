/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as the files and names that the recorder and the loader parse: /proc/self/cgroup and mountinfo, files of a
 * cgroup, the name of a unit, the service manager's address.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cgroup_mount.h"
#include "common/unit_name.h"
#include "consumer/container/cgroup_fs.h"
#include "consumer/record/notify.h"
#include "tests/fuzz/fuzz.h"

static void check_mount(const uint8_t *data, size_t size)
{
	struct cgroup_mount mount;
	FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");

	FUZZ_ASSERT(file);
	memset(&mount, '#', sizeof(mount));
	FUZZ_ASSERT(cgroup_mount_parse_hierarchy(file, &mount) == 0);
	FUZZ_ASSERT(mount.mode == INFO_CGROUP_V1 || (mount.mode == INFO_CGROUP_V2 && mount.hierarchy == 0));
	for (int mode = INFO_CGROUP_V1; mode <= INFO_CGROUP_V2; mode++) {
		int r;

		rewind(file);
		mount.mode = (enum info_cgroup_mode)mode;
		r = cgroup_mount_parse_path(file, &mount);
		FUZZ_ASSERT(r == 0 || r == -ENOENT || r == -ENAMETOOLONG);
		FUZZ_ASSERT(r || memchr(mount.path, '\0', sizeof(mount.path)));
	}
	(void)fclose(file);
}

static void check_unit_name(const uint8_t *data, size_t size)
{
	char name[LIMIT_NAME] = { 0 };
	size_t length;

	memcpy(name, data, size < sizeof(name) ? size : sizeof(name) - 1);
	length = strlen(name);
	if (unit_name_is_host(name, (unsigned int)length))
		FUZZ_ASSERT(!strchr(name, ':') && strncmp(name, "systemd-nspawn@", 15) != 0);
	/* Also a name that fills its buffer, without NUL. */
	memset(name, size > 0 ? data[0] : 'a', sizeof(name));
	(void)unit_name_is_host(name, sizeof(name));
}

static void write_file(int directory, const char *name, const uint8_t *data, size_t size)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	FUZZ_ASSERT(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)close(fd);
}

/* A directory in place of a cgroup, created once and removed when the program ends. */
static char root[64];

static void remove_root(void)
{
	char command[96];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", root);
	(void)!system(command);
}

static void make_root(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(root, sizeof(root), "%s/cri-ebpf-fuzz-XXXXXX", tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	FUZZ_ASSERT(mkdtemp(root));
	(void)atexit(remove_root);
}

static void check_cgroup_files(const uint8_t *data, size_t size)
{
	static const char *const usage_names[] = { "memory.current", "memory.usage_in_bytes" };
	static const char *const limit_names[] = { "memory.max", "memory.limit_in_bytes" };
	size_t half = size / 2;
	int directory;

	if (!root[0])
		make_root();
	directory = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FUZZ_ASSERT(directory >= 0);
	for (int v1 = 0; v1 < 2; v1++) {
		struct cgroup_fs *fs = NULL;
		uint64_t value;

		write_file(directory, limit_names[v1], data, half);
		write_file(directory, usage_names[v1], data, half);
		write_file(directory, "memory.stat", data + half, size - half);
		FUZZ_ASSERT(cgroup_fs_open(root, v1, &fs) == 0);
		(void)cgroup_fs_working_set(fs, "/", &value);
		(void)cgroup_fs_limit(fs, "/", &value);
		cgroup_fs_close(fs);
	}
	(void)close(directory);
}

static void check_notify(const char *text)
{
	int fd;

	(void)setenv("NOTIFY_SOCKET", text, 1);
	(void)setenv("WATCHDOG_USEC", text, 1);
	(void)setenv("WATCHDOG_PID", text, 1);
	fd = notify_open();
	notify_send(fd, "READY=1");
	if (fd >= 0)
		(void)close(fd);
	(void)notify_watchdog_ns();
	(void)unsetenv("WATCHDOG_PID");
	(void)notify_watchdog_ns();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	if (size > 0)
		check_mount(data, size);
	check_unit_name(data, size);
	check_cgroup_files(data, size);
	check_notify(text);
	free(text);
	return 0;
}
