/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time per event in the recorder, measured with a ring in ordinary memory: decoding and enriching with the container
 * cached, and from the ring to a committed row. Prints one JSON object per line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "consumer/container/container_rows.h"
#include "consumer/container/resolve.h"
#include "consumer/record/decode.h"
#include "consumer/record/enrich.h"
#include "consumer/record/pipeline.h"
#include "consumer/record/ring.h"
#include "consumer/store/db.h"
#include "consumer/text/clock.h"
#include "tests/ring_rig.h"

#define RING       (4 << 20) /* a quarter of it holds 9362 exits: full batches */
#define BATCHES    100
#define CONTAINERS 100
#define DECODED    2000000
#define CACHED     10000

static const struct resolve_settings resolve_settings = { "default,moby,k8s.io", CACHED, 300000000000ULL, false };

static char directory[64] = "/tmp/cri-ebpf-bench-XXXXXX";
static char path[128];

static void need(int condition, const char *what)
{
	if (condition)
		return;
	(void)fprintf(stderr, "bench_pipeline: %s\n", what);
	exit(1);
}

static double cpu_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double wall_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void report(const char *name, double value, const char *unit)
{
	(void)printf("{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"%s\"}\n", name, value, unit);
}

/* A field of /proc/self/status, in kB. */
static double status_kb(const char *field)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	double kb = 0;

	need(file != NULL, "no /proc");
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, field, strlen(field)) == 0)
			kb = strtod(line + strlen(field) + 1, NULL);
	(void)fclose(file);
	return kb;
}

static void emit_container(struct rig *rig, uint64_t id)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "/docker/%064llx", (unsigned long long)id);
	need(rig_lifecycle(rig, EV_CGROUP_MKDIR, 1000 + id, 7, name), "the ring is full");
}

static void bench_store(void)
{
	struct pipeline_settings settings = { .db_path = path, .boot_id = "bench", .generation = 1, .buffer_size = 10000,
					      .resolve = resolve_settings };
	struct pipeline *pipeline = NULL;
	struct ring *ring = NULL;
	double cpu = 0, wall = 0;
	uint64_t events = 0;
	struct rig rig;

	rig_open(&rig, RING);
	need(ring_attach(&rig.consumer, &rig.producer, rig.data, RING, &ring) == 0 &&
		     pipeline_open(&settings, ring, NULL, NULL, &pipeline) == 0 && pipeline_start(pipeline) == 0,
	     "cannot start");
	for (uint64_t id = 0; id < CONTAINERS; id++)
		emit_container(&rig, id);
	need(pipeline_drain(pipeline) == 0, "cannot store");

	for (int batch = 0; batch < BATCHES; batch++) {
		uint32_t count = 0;

		for (; rig.producer - rig.consumer < RING / 4; count++)
			(void)rig_exit(&rig, count % RIG_CPUS, count, 1000 + count % CONTAINERS, 0);
		cpu -= cpu_ns();
		wall -= wall_ns();
		need(pipeline_drain(pipeline) == 0, "cannot store");
		cpu += cpu_ns();
		wall += wall_ns();
		events += count;
	}
	report("store.cpu_per_event", cpu / (double)events, "ns");
	report("store.time_per_event", wall / (double)events, "ns");
	report("store.events_per_second", (double)events / wall * 1e9, "1/s");
	pipeline_close(pipeline);
	ring_close(ring);
	rig_close(&rig);
}

/* decode_record and enrich_event alone, over the records of a filled ring. */
static void bench_enrich(void)
{
	struct resolve *resolve = NULL;
	struct enrich *enrich = NULL;
	struct container_rows *identity = NULL;
	struct ring *ring = NULL;
	struct db *db = NULL;
	struct ring_span span;
	struct ev_row row;
	struct rig rig;
	struct ev ev;
	double before, rss = status_kb("RssAnon:");
	uint64_t done = 0, rows = 0;

	need(db_open_write(path, &db) == 0 && container_rows_open(db, "bench", &identity) == 0 &&
		     resolve_open(&resolve_settings, NULL, NULL, &resolve) == 0 &&
		     enrich_open(resolve, NULL, &enrich) == 0,
	     "cannot open");
	resolve_reset(resolve, identity);
	enrich_reset(enrich, identity);
	resolve_begin_batch(resolve, clock_offset(0), 2000000000);
	enrich_begin_batch(enrich, clock_offset(0), 2000000000);

	rig_open(&rig, RING);
	for (uint32_t i = 0; rig.producer < RING - 4096; i++)
		(void)rig_exit(&rig, i % RIG_CPUS, i, 1000 + i % CONTAINERS, 0);
	need(ring_attach(&rig.consumer, &rig.producer, rig.data, RING, &ring) == 0, "no memory");
	before = cpu_ns();
	while (done < DECODED) {
		ring_rewind(ring);
		while (ring_next(ring, rig.producer, &span) > 0) {
			if (decode_record(span.data, span.length, &ev) == 0)
				rows += enrich_event(enrich, &ev, &row) > 0;
			done++;
		}
	}
	report("decode_enrich.cpu_per_event", (cpu_ns() - before) / (double)done, "ns");
	need(rows == done, "an event was not understood");

	need(db_begin(db, false) == 0, "no transaction");
	for (uint64_t id = 0; id < CACHED; id++) {
		const struct ev_cgroup key = { .id = 100000 + id };
		const struct resolve_hint hint = { .names = { "a\0b", 4 }, .time_ns = 1 };
		struct place place;

		need(resolve_place(resolve, &key, &hint, &place) == 0, "no place");
	}
	need(db_commit(db) == 0, "no commit");
	need(resolve_cached(resolve) == CACHED, "the cache is not full");
	report("cache.bytes_per_container", (status_kb("RssAnon:") - rss) * 1024 / CACHED, "bytes");

	enrich_close(enrich);
	resolve_close(resolve);
	container_rows_close(identity);
	db_close(db);
	ring_close(ring);
	rig_close(&rig);
}

/* An idle recorder with its database open and a full cache; the memory of the ring does not count. */
static void bench_memory(void)
{
	struct pipeline_settings settings = { .db_path = path, .boot_id = "bench", .generation = 2, .buffer_size = 10000,
					      .resolve = resolve_settings };
	struct pipeline *pipeline = NULL;
	struct ring *ring = NULL;
	struct rig rig;
	double ring_kb;

	rig_open(&rig, 65536);
	need(ring_attach(&rig.consumer, &rig.producer, rig.data, 65536, &ring) == 0 &&
		     pipeline_open(&settings, ring, NULL, NULL, &pipeline) == 0 && pipeline_start(pipeline) == 0,
	     "cannot start");
	for (uint64_t id = 0; id < CACHED; id++) {
		emit_container(&rig, id);
		if (rig.producer - rig.consumer > 32768)
			need(pipeline_drain(pipeline) == 0, "cannot store");
	}
	need(pipeline_drain(pipeline) == 0, "cannot store");
	ring_kb = 2.0 * 65536 / 1024;
	report("recorder.rss_anon", status_kb("RssAnon:") - ring_kb, "kB");
	report("recorder.rss", status_kb("VmRSS:") - ring_kb, "kB");
	pipeline_close(pipeline);
	ring_close(ring);
	rig_close(&rig);
}

int main(void)
{
	char command[128];

	need(mkdtemp(directory) != NULL, "no directory");
	(void)snprintf(path, sizeof(path), "%s/events.db", directory);
	bench_memory(); /* first, since memory that the others have freed would count */
	bench_store();
	bench_enrich();
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	return system(command) == 0 ? 0 : 1;
}
