/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/seed.h"

#include <errno.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>

#include <bpf/bpf.h>

#include "common/cleanup.h"
#include "common/unit_name.h"

static void cleanup_fts(FTS **fts)
{
	if (*fts)
		(void)fts_close(*fts);
}

/* True when the directory and all directories above it are plain systemd units of the host. fts_number of the parent
 * has its answer. */
static bool entry_is_unit(const FTSENT *entry)
{
	char name[LIMIT_NAME] = "";

	if (entry->fts_level == FTS_ROOTLEVEL)
		return true;
	if (!entry->fts_parent->fts_number || entry->fts_namelen >= sizeof(name))
		return false;
	memcpy(name, entry->fts_name, entry->fts_namelen);
	return unit_name_is_host(name, entry->fts_namelen);
}

static void metadata_fill(struct map_metadata *m, const char *path, size_t length, bool unit)
{
	size_t cut = length > META_PATH_MAX ? length - META_PATH_MAX : 0;

	memset(m, 0, sizeof(*m));
	m->class = unit ? META_HOST : META_UNKNOWN;
	m->unit = unit;
	m->source = META_SEED;
	m->path_cut = cut > 0 ? META_CUT_BEGINNING : 0;
	m->path_length = length - cut;
	memcpy(m->path, path + cut, length - cut);
}

static int seed_entry(int map_fd, const struct cgroup_mount *mount, FTSENT *entry)
{
	const char *path = entry->fts_path + strlen(mount->path);
	struct ev_cgroup key = { .hierarchy = mount->hierarchy, .id = entry->fts_statp->st_ino };
	struct map_metadata m;

	entry->fts_number = entry_is_unit(entry);
	if (entry->fts_level == FTS_ROOTLEVEL)
		path = "/";
	metadata_fill(&m, path, strlen(path), entry->fts_number);
	if (bpf_map_update_elem(map_fd, &key, &m, BPF_NOEXIST) == 0)
		return 1;
	return errno == EEXIST ? 0 : -errno;
}

int seed_metadata(int map_fd, const struct cgroup_mount *mount)
{
	char *const roots[] = { (char *)mount->path, NULL };
	CLEANUP(cleanup_fts) FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	int added = 0;
	FTSENT *entry;

	if (!fts)
		return -errno;
	while ((entry = fts_read(fts))) {
		int r;

		if (entry->fts_info != FTS_D)
			continue; /* a file, or a directory that was removed meanwhile */
		r = seed_entry(map_fd, mount, entry);
		if (r < 0)
			return r;
		added += r;
	}
	return added;
}
