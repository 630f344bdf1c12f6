/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/container/resolve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/container/cgroup_fs.h"
#include "consumer/container/container_rows.h"
#include "consumer/container/kernel_maps.h"
#include "consumer/container/lifetime.h"
#include "consumer/container/map_walk.h"
#include "consumer/container/names/name_source.h"
#include "consumer/text/clock.h"
#include "consumer/text/path_mark.h"

/* Time until the next attempt to find the path of a cgroup for which no source had one. */
#define RETRY_NS 2000000000ULL
#define PATH_ROOM 4096

struct resolve {
	struct resolve_settings settings;
	const struct kernel_maps *maps;
	struct cgroup_fs *fs;
	struct container_rows *rows;
	struct place_cache *places;
	int64_t offset;
	uint64_t now_ns;
	struct ev_cgroup *removed; /* in this batch */
	size_t removed_count, removed_room;
};

/* A path, marked where a part is missing (path_mark.h). */
struct path {
	char text[PATH_ROOM];
	size_t length; /* 0: not known */
	bool found_by_scan;
};

void resolve_close(struct resolve *resolve)
{
	if (!resolve)
		return;
	place_cache_close(resolve->places);
	free(resolve->removed);
	free(resolve);
}

static void cleanup_resolve(struct resolve **resolve)
{
	resolve_close(*resolve);
}

int resolve_open(const struct resolve_settings *settings, const struct kernel_maps *maps, struct cgroup_fs *fs,
		 struct resolve **ret)
{
	CLEANUP(cleanup_resolve) struct resolve *resolve = calloc(1, sizeof(*resolve));

	if (!resolve)
		return -ENOMEM;
	resolve->settings = *settings;
	resolve->maps = maps;
	resolve->fs = fs;

	int r = place_cache_open(settings->cache_size, &resolve->places);

	if (r)
		return r;
	*ret = TAKE_PTR(resolve);
	return 0;
}

void resolve_reset(struct resolve *resolve, struct container_rows *rows)
{
	resolve->rows = rows;
	resolve->removed_count = 0;
	place_cache_clear(resolve->places);
}

void resolve_begin_batch(struct resolve *resolve, int64_t offset, uint64_t now_ns)
{
	resolve->offset = offset;
	resolve->now_ns = now_ns;
	resolve->removed_count = 0;
	if (name_source_changed())
		place_cache_clear(resolve->places);
}

static int64_t wall(const struct resolve *resolve, uint64_t boot_ns)
{
	return clock_to_wall(boot_ns, resolve->offset);
}

static void set_path(struct path *path, const char *text, size_t length)
{
	if (length > 0 && length < sizeof(path->text)) {
		(void)memcpy(path->text, text, length);
		path->length = length;
	}
}

/* Marks the ends that are missing. A mark takes the place of nothing: the text behind it begins as it was found. */
static void set_cut_path(struct path *path, const char *text, size_t length, bool lacks_beginning, bool lacks_end)
{
	size_t before = lacks_beginning ? PATH_MARK_LENGTH : 0, after = lacks_end ? PATH_MARK_LENGTH : 0;

	if (length == 0 || before + length + after >= sizeof(path->text))
		return;
	(void)memcpy(path->text, PATH_MARK, before);
	(void)memcpy(path->text + before, text, length);
	(void)memcpy(path->text + before + length, PATH_MARK, after);
	path->length = before + length + after;
}

static void path_from_hint(const struct resolve_hint *hint, struct path *path)
{
	char text[EV_NAMES_MAX + 1];

	if (hint->path.length > 0)
		set_cut_path(path, hint->path.data, hint->path.length, false, hint->path.length >= EV_PATH_MAX - 1);
	else if (hint->names.length > 0)
		set_cut_path(path, text, name_list_path(hint->names, text, sizeof(text)), hint->cut, false);
}

static void path_from_metadata(const struct map_metadata *metadata, struct path *path)
{
	set_cut_path(path, metadata->path, metadata->path_length, metadata->path_cut & META_CUT_BEGINNING,
		     metadata->path_cut & META_CUT_END);
}

static bool is_whole(const struct path *path)
{
	return path_mark_is_whole(path->text, path->length);
}

/* Without a last name that may not be whole. */
static size_t named_length(const struct path *path)
{
	size_t length = path->length;

	while (path_mark_at_end(path->text, path->length) && length > 1 && path->text[length - 1] != '/')
		length--;
	return length;
}

/* Tries the sources, cheapest first; a whole path replaces one whose beginning is missing. */
static void find_path(struct resolve *resolve, const struct ev_cgroup *key, const struct resolve_hint *hint,
		      const struct map_metadata *metadata, struct path *path)
{
	struct path other = { .length = 0 };

	path->length = 0;
	path->found_by_scan = false;
	if (key->id == CGROUP_ROOT_ID)
		set_path(path, "/", 1);
	if (!is_whole(path))
		path_from_hint(hint, path);
	if (!is_whole(path) && metadata) {
		path_from_metadata(metadata, &other);
		if (is_whole(&other) || other.length > path->length)
			set_path(path, other.text, other.length);
	}
	if (path->length == 0 && resolve->fs && !hint->gone) {
		int length = cgroup_fs_find(resolve->fs, key->id, resolve->now_ns, path->text, sizeof(path->text));

		path->length = length > 0 ? (size_t)length : 0;
		path->found_by_scan = length > 0;
	}
}

/* The missing part of a path may name a container: only a whole path proves that a cgroup is the host's. */
static enum meta_class class_of(const struct resolve *resolve, const struct path *path,
				const struct cgroup_identity *identity)
{
	if (identity->kind == CGROUP_CONTAINER || identity->outer_id[0] != '\0')
		return META_CONTAINER;
	if (!is_whole(path))
		return META_UNKNOWN;
	return resolve->settings.record_host ? META_HOST_RECORDED : META_HOST;
}

static enum cgroup_kind kind_of(const struct path *path, const struct cgroup_identity *identity)
{
	bool proven = is_whole(path) || identity->kind == CGROUP_CONTAINER || identity->kind == CGROUP_POD;

	return proven ? identity->kind : CGROUP_UNKNOWN;
}

static bool is_outermost(const struct path *path, const struct cgroup_identity *identity)
{
	return is_whole(path) && identity->kind == CGROUP_CONTAINER && identity->container_path_length == path->length;
}

static int remember(struct resolve *resolve, const struct ev_cgroup *key, const struct cgroup_row *row,
		    struct place *ret)
{
	*ret = (struct place){
		.key = *key,
		.cgroup = row->row,
		.container = row->container,
		.pod = row->pod,
		.kind = row->kind,
		.has_path = row->has_path,
		.until_ns = resolve->now_ns + (row->has_path ? resolve->settings.cache_ttl_ns : RETRY_NS),
	};
	place_cache_put(resolve->places, ret);
	return 0;
}

static void classify(struct resolve *resolve, const struct ev_cgroup *key, const struct path *path,
		     const struct cgroup_identity *identity)
{
	enum meta_class class = class_of(resolve, path, identity);

	if (resolve->maps && class != META_UNKNOWN)
		(void)resolve->maps->classify(resolve->maps->context, key, class, path->found_by_scan);
}

/*
 * Cgroups are made all the time, by the host and inside containers: a cgroup needs a row only when it has an event, or if
 * it is the outermost one of a container. metadata NULL: the kernel's map does not have it. A cgroup without a row is
 * resolved from that map later, so its path must be there completely.
 */
static bool needs_row(const struct resolve *resolve, const struct resolve_hint *hint,
		      const struct map_metadata *metadata, const struct path *path, const struct cgroup_identity *identity)
{
	if (hint->gone)
		return is_outermost(path, identity);
	if (!hint->made_ns || !metadata || metadata->path_length == 0)
		return true;
	if (identity->kind == CGROUP_CONTAINER)
		return is_outermost(path, identity) || metadata->path_cut;
	return resolve->settings.record_host;
}

/* The word for meta_source. */
static const char *identify(const struct resolve *resolve, const struct path *path, struct cgroup_identity *ret)
{
	const struct name_query query = { path->text, named_length(path), resolve->settings.containerd_namespaces };

	*ret = (struct cgroup_identity){ .kind = CGROUP_NONE };
	return name_source_identify(&query, ret);
}

/* Adds or completes the row of a cgroup whose path is known. */
static int learn(struct resolve *resolve, const struct ev_cgroup *key, const struct path *path,
		 const struct cgroup_identity *identity, int64_t born, int64_t now, struct cgroup_row *row)
{
	struct instance_row instance = { 0 };
	int r = 0;

	row->kind = kind_of(path, identity);
	if (identity->pod_uid[0])
		r = container_rows_get_pod(resolve->rows, identity->pod_uid, identity->qos, &row->pod);

	const struct lifetime_cgroup member = { identity, path->text, path->length, row->pod, born, now, row->removed };

	if (!r && identity->kind == CGROUP_CONTAINER)
		r = lifetime_join(resolve->rows, &member, &instance);
	row->container = instance.row;
	if (!r && row->row)
		r = container_rows_complete_cgroup(resolve->rows, row, path->text, path->length);
	else if (!r)
		r = container_rows_add_cgroup(resolve->rows, key, path->text, path->length, row);
	if (!r && identity->kind == CGROUP_CONTAINER)
		r = lifetime_set_outermost(resolve->rows, &member, row->row, &instance);
	row->has_path = !r;
	return r;
}

/* Resolves a cgroup that is not in the cache, or not completely: from the database, then from all sources of a path. */
static int resolve_anew(struct resolve *resolve, const struct ev_cgroup *key, const struct resolve_hint *hint,
			struct place *ret)
{
	struct cgroup_row row = { 0 };
	struct map_metadata metadata;
	struct cgroup_identity identity;
	struct path path;
	int r = container_rows_find_cgroup(resolve->rows, key, &row);

	if (r < 0)
		return r;
	if (row.has_path)
		return remember(resolve, key, &row, ret);

	bool in_map = resolve->maps && resolve->maps->lookup(resolve->maps->context, key, &metadata) == 0;

	find_path(resolve, key, hint, in_map ? &metadata : NULL, &path);
	if (path.length == 0 && !row.row && hint->gone) {
		*ret = (struct place){ .key = *key };
		return 0;
	}
	if (path.length == 0) {
		r = row.row ? 0 : container_rows_add_cgroup(resolve->rows, key, NULL, 0, &row);
		return r ? r : remember(resolve, key, &row, ret);
	}

	row.source = identify(resolve, &path, &identity);
	classify(resolve, key, &path, &identity);
	if (!row.row && !needs_row(resolve, hint, in_map ? &metadata : NULL, &path, &identity)) {
		*ret = (struct place){ .key = *key, .kind = kind_of(&path, &identity) };
		return 0;
	}

	uint64_t made = !hint->made_ns && in_map && metadata.source == META_BIRTH ? hint->time_ns : hint->made_ns;

	r = learn(resolve, key, &path, &identity, made ? wall(resolve, made) : 0, wall(resolve, hint->time_ns), &row);
	return r ? r : remember(resolve, key, &row, ret);
}

int resolve_place(struct resolve *resolve, const struct ev_cgroup *key, const struct resolve_hint *hint,
		  struct place *ret)
{
	const struct place *known;

	if (key->id == 0) {
		*ret = (struct place){ .key = *key };
		return 0;
	}
	known = place_cache_find(resolve->places, key);
	if (known && resolve->now_ns < known->until_ns &&
	    (known->has_path || (hint->names.length == 0 && hint->path.length == 0))) {
		*ret = *known;
		return 0;
	}
	return resolve_anew(resolve, key, hint, ret);
}

void resolve_note_start(struct resolve *resolve, const struct ev_cgroup *key)
{
	struct place *place = place_cache_find(resolve->places, key);

	if (place)
		place->start_known = true;
}

void resolve_note_runtime(struct resolve *resolve, const struct ev_cgroup *key)
{
	struct place *place = place_cache_find(resolve->places, key);

	if (place)
		place->runtime_seen = true;
}

int resolve_removed(struct resolve *resolve, const struct ev_cgroup *key)
{
	if (resolve->removed_count == resolve->removed_room) {
		size_t room = resolve->removed_room ? 2 * resolve->removed_room : 64;
		struct ev_cgroup *grown = reallocarray(resolve->removed, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		resolve->removed = grown;
		resolve->removed_room = room;
	}
	resolve->removed[resolve->removed_count++] = *key;
	place_cache_drop(resolve->places, key);
	return 0;
}

void resolve_commit_batch(struct resolve *resolve)
{
	for (size_t i = 0; resolve->maps && i < resolve->removed_count; i++)
		(void)resolve->maps->forget(resolve->maps->context, &resolve->removed[i]);
	resolve->removed_count = 0;
}

/* The map has only the end of a long path; a row may have all of it. */
static int path_from_row(struct resolve *resolve, const struct cgroup_row *row, struct path *path)
{
	int r = container_rows_cgroup_path(resolve->rows, row->row, path->text, sizeof(path->text), &path->length);

	if (r <= 0)
		path->length = 0;
	return r < 0 && r != -ERANGE ? r : 0;
}

/*
 * Sets the class of a cgroup in the map, and adds a row if it is the outermost one of a container. A cgroup whose removal
 * is stored already leaves the map at the commit; its row stays.
 */
static int seed_one(struct resolve *resolve, const struct ev_cgroup *key, const struct map_metadata *metadata)
{
	struct resolve_hint hint = { .time_ns = resolve->now_ns };
	struct path path = { .length = 0 };
	struct cgroup_identity identity;
	struct cgroup_row row = { 0 };
	struct place place;
	int r = container_rows_find_cgroup(resolve->rows, key, &row);

	if (r < 0)
		return r;
	path_from_metadata(metadata, &path);
	if (path.length == 0)
		return 0;
	r = !is_whole(&path) && row.has_path ? path_from_row(resolve, &row, &path) : 0;
	if (r)
		return r;
	row.source = identify(resolve, &path, &identity);
	classify(resolve, key, &path, &identity);
	if (row.removed)
		return resolve_removed(resolve, key);
	/* The record of its creation may still be in the ring, and has the time. */
	if (!is_outermost(&path, &identity) || metadata->source == META_BIRTH)
		return 0;
	return resolve_place(resolve, key, &hint, &place);
}

int resolve_seed(struct resolve *resolve)
{
	const struct kernel_maps *maps = resolve->maps;
	struct map_walk walk = { .count = 0 };
	struct ev_cgroup key;
	int r = 0;

	while (maps && r == 0 && map_walk_next(&walk, maps, &key) == 0) {
		struct map_metadata metadata;

		if (maps->lookup(maps->context, &key, &metadata) == 0)
			r = seed_one(resolve, &key, &metadata);
	}
	return r;
}

size_t resolve_cached(const struct resolve *resolve)
{
	return place_cache_count(resolve->places);
}
