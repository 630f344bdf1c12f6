/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How retention delays recording: a database of five million events, or the number in the first argument, is left as it
 * is, then reduced to a size and then to an age, while exits arrive. A sample is the time from a record in the ring to
 * its commit with one step of retention in between, the recorder's worst case. Prints one JSON object per line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "consumer/record/pipeline.h"
#include "consumer/record/ring.h"
#include "consumer/store/db.h"
#include "consumer/record/kind.h"
#include "consumer/store/retention.h"
#include "consumer/text/clock.h"
#include "tests/ring_rig.h"

#define RING       (1 << 20)
#define BURST      100 /* exits between two steps */
#define CONTAINERS 1000
#define SAMPLES    200000
#define HOUR_NS    3600000000000ULL

static char directory[64] = "/tmp/cri-ebpf-bench-XXXXXX";
static char path[128];
static double samples[SAMPLES], cpu_samples[SAMPLES];

static void need(int condition, const char *what)
{
	if (condition)
		return;
	(void)fprintf(stderr, "bench_retention: %s\n", what);
	exit(1);
}

static double read_ns(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double wall_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

/* CPU time of this process: the latency without other processes and without waiting for the disk. */
static double cpu_ns(void)
{
	return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static void report(const char *run, const char *name, double value, const char *unit)
{
	(void)printf("{\"name\":\"retention.%s.%s\",\"value\":%.1f,\"unit\":\"%s\"}\n", run, name, value, unit);
}

static int64_t read_number(struct db *db, const char *sql)
{
	struct db_stmt *stmt = NULL;
	int64_t number;

	need(db_prepare(db, sql, &stmt) == 0 && db_step(stmt) == 1, sql);
	number = db_int(stmt, 0);
	db_finish(stmt);
	return number;
}

/* Mostly exits, one in fifty a kill or pressure, of removed containers; the events of the last hour are not too old. */
static void fill(long rows)
{
	struct db *db = NULL;
	char sql[2048];

	need(db_open_write(path, &db) == 0, "cannot make the database");
	(void)snprintf(sql, sizeof(sql),
		       "BEGIN; INSERT INTO boot(boot_id) VALUES('before');"
		       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
		       " INSERT INTO cgroup(boot, hierarchy, kernfs_id, path, kind, meta_source, removed)"
		       " SELECT 1, 0, i, printf('/docker/%%064x', i), 1, 'kernel', 5 FROM n;"
		       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %ld)"
		       " INSERT INTO event(id, type, time, boot, cgroup, pid, ppid, uid, comm, status, flags, duration)"
		       " SELECT i, iif(i %% 50, 3, 1 + i %% 100 / 50), %lld - 86400000000000 + i * 1000, 1,"
		       "  1 + i * 7919 %% %d, i, 1, 0, 'sleep', 0, 0, 1000000 FROM n;"
		       "INSERT INTO oom(id, incident, decision, limit_source, group_kill, chosen)"
		       " SELECT id, id, time, 'kernel', 0, 1 FROM event WHERE type = 1;"
		       "INSERT INTO pressure(id, level) SELECT id, 'high' FROM event WHERE type = 2; COMMIT",
		       CONTAINERS, rows, (long long)clock_wall_ns(), CONTAINERS);
	if (db_exec(db, sql) != 0)
		need(0, db_message(db));
	db_close(db);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report_samples(const char *run, size_t count, double longest_step)
{
	qsort(samples, count, sizeof(samples[0]), compare);
	qsort(cpu_samples, count, sizeof(cpu_samples[0]), compare);
	report(run, "commit_cpu_p99", cpu_samples[count * 99 / 100] / 1e6, "ms");
	report(run, "commit_cpu_max", cpu_samples[count - 1] / 1e6, "ms");
	report(run, "commit_latency_p50", samples[count / 2] / 1e6, "ms");
	report(run, "commit_latency_p99", samples[count * 99 / 100] / 1e6, "ms");
	report(run, "commit_latency_max", samples[count - 1] / 1e6, "ms");
	report(run, "step_max", longest_step / 1e6, "ms");
	report(run, "steps", (double)count, "1");
}

/* Steps until retention is done, at least `least`, with exits that arrive meanwhile. */
static void bench(const char *run, struct rig *rig, struct pipeline *pipeline, const struct retention_settings *settings,
		  size_t least)
{
	struct db *db = pipeline_db(pipeline);
	int64_t before = read_number(db, "SELECT count(*) FROM event");
	double begin = wall_ns(), longest = 0;
	uint64_t file, log, stored = 0;
	size_t count = 0;
	int more = 1;

	while ((more > 0 || count < least) && count < SAMPLES) {
		for (uint32_t i = 0; i < BURST; i++)
			stored += (uint64_t)rig_exit(rig, i % RIG_CPUS, i, 100000 + i % CONTAINERS, 0);

		double at = wall_ns(), cpu = cpu_ns(), step;

		more = retention_step(db, settings, clock_wall_ns());
		step = wall_ns() - at;
		need(more >= 0 && pipeline_drain(pipeline) == 0, "cannot store");
		cpu_samples[count] = cpu_ns() - cpu;
		samples[count++] = wall_ns() - at;
		longest = step > longest ? step : longest;
	}
	begin = wall_ns() - begin;
	db_file_sizes(db, &file, &log);
	report_samples(run, count, longest);
	report(run, "time", begin / 1e9, "s");
	report(run, "events_removed", (double)(before + (int64_t)stored - read_number(db, "SELECT count(*) FROM event")), "1");
	report(run, "database_after", (double)file, "bytes");
	report(run, "log_after", (double)log, "bytes");
}

int main(int argc, char **argv)
{
	struct pipeline_settings settings = {
		.db_path = path, .boot_id = "bench", .generation = 1, .buffer_size = 10000,
		.resolve = { "default,moby,k8s.io", 10000, 300000000000ULL, false },
	};
	long rows = argc > 1 ? strtol(argv[1], NULL, 10) : 5000000;
	struct retention_settings by_size = { .size = (uint64_t)rows * 50, .storages = kind_storages };
	struct retention_settings by_age = { .age_ns = HOUR_NS, .storages = kind_storages };
	struct retention_settings unbounded = { .storages = kind_storages };
	struct pipeline *pipeline = NULL;
	struct ring *ring = NULL;
	char command[128];
	struct rig rig;

	need(rows >= 100000, "at least 100000 events");
	need(mkdtemp(directory) != NULL, "no directory");
	(void)snprintf(path, sizeof(path), "%s/events.db", directory);
	fill(rows);
	rig_open(&rig, RING);
	rig.clock_ns = clock_boot_ns(); /* new events are not too old, however long this machine has been up */
	need(ring_attach(&rig.consumer, &rig.producer, rig.data, RING, &ring) == 0 &&
		     pipeline_open(&settings, ring, NULL, NULL, &pipeline) == 0 && pipeline_start(pipeline) == 0,
	     "cannot start");
	bench("none", &rig, pipeline, &unbounded, 2000);
	bench("size", &rig, pipeline, &by_size, 1);
	bench("age", &rig, pipeline, &by_age, 1);
	pipeline_close(pipeline);
	ring_close(ring);
	rig_close(&rig);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	return system(command) == 0 ? 0 : 1;
}
