/* SPDX-License-Identifier: BSD-2-Clause */
/* A whole recorder without a kernel: a ring and maps in ordinary memory, a database in its own directory. */
#ifndef CRI_TESTS_PIPELINE_RIG_H
#define CRI_TESTS_PIPELINE_RIG_H

#include <errno.h>
#include <sys/stat.h>

#include "consumer/container/kernel_maps.h"
#include "consumer/record/pipeline.h"
#include "consumer/record/ring.h"
#include "consumer/store/db.h"
#include "consumer/store/ring_rows.h"
#include "tests/harness.h"
#include "tests/ring_rig.h"

#ifndef MAP_ENTRIES /* may be larger in one test */
#define MAP_ENTRIES 64
#endif

/* The metadata map. */
struct fake_maps {
	struct {
		struct ev_cgroup key; /* id 0: free */
		struct map_metadata value;
	} entries[MAP_ENTRIES];
	const struct rig *rig; /* counts */
};

static inline struct map_metadata *fake_find(struct fake_maps *maps, const struct ev_cgroup *key)
{
	for (size_t i = 0; i < MAP_ENTRIES; i++)
		if (maps->entries[i].key.id == key->id && maps->entries[i].key.hierarchy == key->hierarchy)
			return &maps->entries[i].value;
	return NULL;
}

static inline void fake_put(struct fake_maps *maps, uint64_t id, enum meta_source source, const char *path)
{
	const struct ev_cgroup none = { .id = 0 };
	struct map_metadata *free_value = fake_find(maps, &none);
	struct map_metadata value = { .source = (__u8)source, .path_length = (__u16)strlen(path) };

	assert_non_null(free_value);
	(void)memcpy(value.path, path, strlen(path));
	*free_value = value;
	for (size_t i = 0; i < MAP_ENTRIES; i++)
		if (&maps->entries[i].value == free_value)
			maps->entries[i].key = rig_cgroup(id);
}

static inline int fake_lookup(void *context, const struct ev_cgroup *key, struct map_metadata *ret)
{
	const struct map_metadata *found = key->id ? fake_find(context, key) : NULL;

	if (!found)
		return -ENOENT;
	*ret = *found;
	return 0;
}

static inline int fake_classify(void *context, const struct ev_cgroup *key, enum meta_class class, int found_by_scan)
{
	struct map_metadata *found = fake_find(context, key);

	if (!found && found_by_scan) {
		fake_put(context, key->id, META_SCAN, "");
		found = fake_find(context, key);
	}
	if (!found)
		return -ENOENT;
	found->class = (__u8)class;
	return 0;
}

static inline int fake_forget(void *context, const struct ev_cgroup *key)
{
	struct fake_maps *maps = context;

	for (size_t i = 0; i < MAP_ENTRIES; i++)
		if (maps->entries[i].key.id == key->id)
			maps->entries[i].key.id = 0;
	return 0;
}

/* As in the kernel, a key that does not exist stands for none. */
static inline int fake_next(void *context, const struct ev_cgroup *after, struct ev_cgroup *ret)
{
	struct fake_maps *maps = context;
	bool passed = !after || !fake_find(maps, after);

	for (size_t i = 0; i < MAP_ENTRIES; i++) {
		if (passed && maps->entries[i].key.id) {
			*ret = maps->entries[i].key;
			return 0;
		}
		passed = passed || maps->entries[i].key.id == after->id;
	}
	return -ENOENT;
}

static inline int fake_counters(void *context, enum ev_kind kind, struct map_counters *ret)
{
	const struct fake_maps *maps = context;

	*ret = (struct map_counters){ .seq = maps->rig->sent[kind] + maps->rig->lost[kind], .lost = maps->rig->lost[kind] };
	return 0;
}

struct recorder_rig {
	char directory[64];
	char path[128];
	struct rig rig;
	struct fake_maps maps;
	struct kernel_maps kernel_maps;
	struct ring *ring;
	struct pipeline *pipeline;
	struct pipeline_settings settings;
};

static inline void recorder_rig_open(struct recorder_rig *r, size_t ring_size)
{
	(void)memset(r, 0, sizeof(*r));
	harness_make_dir(r->directory, sizeof(r->directory));
	(void)snprintf(r->path, sizeof(r->path), "%s/events.db", r->directory);
	rig_open(&r->rig, ring_size);
	r->maps.rig = &r->rig;
	r->kernel_maps = (struct kernel_maps){ &r->maps, fake_lookup, fake_classify, fake_forget, fake_next, fake_counters };
	r->settings = (struct pipeline_settings){
		.db_path = r->path,
		.boot_id = "11111111-2222-3333-4444-555555555555",
		.generation = 0xfedcba9876543210,
		.loaded_ns = 1000,
		.buffer_size = 10000,
		.resolve = { "default,moby,k8s.io", 100, 300000000000ULL, false },
	};
}

/* Starts a recorder. Returns as pipeline_start. */
static inline int recorder_rig_start(struct recorder_rig *r)
{
	assert_int_equal(ring_attach(&r->rig.consumer, &r->rig.producer, r->rig.data, r->rig.size, &r->ring), 0);
	assert_int_equal(pipeline_open(&r->settings, r->ring, &r->kernel_maps, NULL, &r->pipeline), 0);
	return pipeline_start(r->pipeline);
}

/* Ends the recorder without any clean-up, as SIGKILL does. */
static inline void recorder_rig_kill(struct recorder_rig *r)
{
	pipeline_close(r->pipeline);
	ring_close(r->ring);
	r->pipeline = NULL;
	r->ring = NULL;
}

static inline void recorder_rig_close(struct recorder_rig *r)
{
	char command[256];

	recorder_rig_kill(r);
	rig_close(&r->rig);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", r->directory);
	assert_int_equal(system(command), 0);
}

/* One number from a database; -1 for NULL, -2 for no row. */
static inline int64_t ask_number(const char *path, const char *sql)
{
	struct db *db = NULL;
	struct db_stmt *stmt = NULL;
	int64_t number = -2;

	assert_int_equal(db_open_read(path, &db), 0);
	if (db_prepare(db, sql, &stmt) != 0)
		fail_msg("%s: %s", sql, db_message(db));
	if (db_step(stmt) > 0)
		number = db_is_null(stmt, 0) ? -1 : db_int(stmt, 0);
	db_close(db);
	return number;
}

static inline void ask_text(const char *path, const char *sql, char *out, size_t size)
{
	struct db *db = NULL;
	struct db_stmt *stmt = NULL;

	assert_int_equal(db_open_read(path, &db), 0);
	if (db_prepare(db, sql, &stmt) != 0)
		fail_msg("%s: %s", sql, db_message(db));
	(void)snprintf(out, size, "(none)");
	if (db_step(stmt) > 0)
		(void)snprintf(out, size, "%s", db_is_null(stmt, 0) ? "(null)" : db_text(stmt, 0, NULL));
	db_close(db);
}

static inline void change(const char *path, const char *sql)
{
	struct db *db = NULL;

	assert_int_equal(db_open_write(path, &db), 0);
	if (db_exec(db, sql) != 0)
		fail_msg("%s: %s", sql, db_message(db));
	db_close(db);
}

#define assert_answer(r, sql, want) assert_int_equal(ask_number((r)->path, sql), want)

static inline void assert_text(const struct recorder_rig *r, const char *sql, const char *want)
{
	char got[512];

	ask_text(r->path, sql, got, sizeof(got));
	assert_string_equal(got, want);
}

/* Exits of processes in the cgroup 42, spread over the CPUs. */
static inline void emit_exits(struct recorder_rig *r, int count)
{
	for (int i = 0; i < count; i++)
		(void)rig_exit(&r->rig, (uint32_t)i % RIG_CPUS, (uint32_t)(1000 + r->rig.sent[EV_PROCESS_EXIT]), 42, 0);
}

/* A record that the kernel side has not completed. Returns its position. */
static inline uint64_t push_busy_exit(struct rig *rig, uint32_t cpu)
{
	struct ev_process_exit record = { .h = { .abi = EV_ABI, .kind = EV_PROCESS_EXIT, .length = sizeof(record) } };
	uint64_t at = rig->producer;

	record.h.cpu = cpu;
	record.h.seq = ++rig->seq[cpu][EV_PROCESS_EXIT];
	record.h.time_ns = rig->clock_ns++;
	assert_true(rig_push(rig, &record, sizeof(record), RIG_BUSY));
	return at;
}

#endif
