/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/host.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/time_namespace.h"

static int read_sysctl(const char *path)
{
	AUTO_FCLOSE FILE *file = fopen(path, "re");
	int value;

	return file && fscanf(file, "%d", &value) == 1 ? value : -1;
}

/* "none [integrity] confidentiality" */
static void read_lockdown(char *out, size_t size)
{
	AUTO_FCLOSE FILE *file = fopen("/sys/kernel/security/lockdown", "re");
	char line[128], *begin, *end;

	out[0] = 0;
	if (!file || !fgets(line, sizeof(line), file))
		return;
	begin = strchr(line, '[');
	end = begin ? strchr(begin, ']') : NULL;
	if (!end)
		return;
	*end = 0;
	(void)snprintf(out, size, "%s", begin + 1);
}

static bool btf_struct_has(const struct btf *btf, const char *name, const char *field)
{
	const int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, id) : NULL;

	for (int i = 0; type && i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_members(type)[i].name_off), field))
			return true;
	return false;
}

static void read_btf(struct host *host)
{
	struct btf *btf = btf__parse("/sys/kernel/btf/vmlinux", NULL);

	host->btf = btf != NULL;
	host->ring_fixed = btf && btf_struct_has(btf, "bpf_ringbuf", "pending_pos");
	btf__free(btf);
}

/* v1: its mount was found, so it is enabled. v2: the root's cgroup.controllers, where cgroup_disable=memory removes
 * it. */
static bool has_memory_controller(const struct cgroup_mount *mount)
{
	char path[PATH_MAX + 32], word[32];
	AUTO_FCLOSE FILE *file = NULL;

	if (mount->mode == INFO_CGROUP_V1)
		return true;
	(void)snprintf(path, sizeof(path), "%s/cgroup.controllers", mount->path);
	file = fopen(path, "re");
	while (file && fscanf(file, "%31s", word) == 1)
		if (!strcmp(word, "memory"))
			return true;
	return false;
}

void host_inspect(struct host *ret)
{
	struct utsname name;
	struct statfs fs;

	memset(ret, 0, sizeof(*ret));
	if (uname(&name) == 0) {
		(void)snprintf(ret->release, sizeof(ret->release), "%s", name.release);
		(void)snprintf(ret->machine, sizeof(ret->machine), "%s", name.machine);
	}
	read_btf(ret);
	ret->bpffs = statfs("/sys/fs/bpf", &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
	ret->cgroup_error = cgroup_mount_find(&ret->cgroup);
	ret->memory_controller = !ret->cgroup_error && has_memory_controller(&ret->cgroup);
	ret->unprivileged_bpf_disabled = read_sysctl("/proc/sys/kernel/unprivileged_bpf_disabled");
	ret->perf_event_paranoid = read_sysctl("/proc/sys/kernel/perf_event_paranoid");
	ret->time_shifted = time_namespace_offset() != 0;
	read_lockdown(ret->lockdown, sizeof(ret->lockdown));
}

bool host_locks_maps(void)
{
	struct utsname name;
	unsigned int major, minor;

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major < 5 || (major == 5 && minor < 11);
}

const char *host_obstacle(const struct host *host)
{
	if (!host->btf)
		return "this kernel has no type information (/sys/kernel/btf/vmlinux): nothing can be observed; "
		       "use a kernel built with CONFIG_DEBUG_INFO_BTF, 5.10 or newer";
	if (host->cgroup_error)
		return "no cgroup hierarchy is mounted: events could not be attributed to containers; "
		       "mount cgroup2 at /sys/fs/cgroup";
	if (!host->memory_controller)
		return "the memory controller is disabled in this kernel: containers have no memory limits to observe; "
		       "remove cgroup_disable=memory from the kernel command line, or use a kernel with CONFIG_MEMCG";
	if (host->time_shifted)
		return "this process is in a time namespace with an offset of boot time (/proc/self/timens_offsets): every "
		       "recorded time would be wrong by it; start it in the host's time namespace";
	return NULL;
}

int host_require(struct host *ret)
{
	const char *obstacle;

	host_inspect(ret);
	obstacle = host_obstacle(ret);
	if (!obstacle)
		return 0;
	log_error("%s. Nothing was loaded", obstacle);
	return -EOPNOTSUPP;
}
