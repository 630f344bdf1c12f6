/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/state.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "consumer/container/kernel_maps.h"
#include "consumer/record/kind.h"
#include "consumer/record/pipeline.h"
#include "consumer/record/ring.h"
#include "consumer/record/watch.h"
#include "consumer/store/db.h"
#include "consumer/store/recorder_state.h"
#include "consumer/store/ring_rows.h"
#include "consumer/text/clock.h"
#include "consumer/text/event_type.h"
#include "consumer/text/json.h"

/* How often counting is repeated when records arrive meanwhile. */
#define ATTEMPTS 8

/* By type; 0: of no known type. */
typedef uint64_t count_table[COUNT_COUNT][TYPE_COUNT];

/* Returns whether no record in the ring was incomplete. */
static bool count_once(struct pipeline *pipeline, const struct kernel_maps *maps, count_table counts)
{
	uint64_t unread[EV_KIND_COUNT];
	bool complete;

	(void)memset(counts, 0, sizeof(count_table));
	for (unsigned int kind = 0; kind < EV_KIND_COUNT; kind++) {
		enum event_type type = kind_type(kind);
		struct map_counters kernel = { 0 };
		struct ring_counters counters = { 0 };

		if (maps && kind > 0)
			(void)maps->counters(maps->context, (enum ev_kind)kind, &kernel);
		(void)pipeline_counters(pipeline, kind, &counters);
		counts[COUNT_SENT][type] += map_counters_sent(&kernel);
		counts[COUNT_LOST][type] += kernel.lost;
		counts[COUNT_FILTERED][type] += kernel.filtered;
		counts[COUNT_STORED][type] += counters.stored;
		counts[COUNT_REJECTED][type] += counters.rejected;
	}
	complete = pipeline_count_unread(pipeline, unread);
	for (unsigned int kind = 0; kind < EV_KIND_COUNT; kind++)
		counts[COUNT_UNREAD][kind_type(kind)] += unread[kind];
	return complete;
}

/* Repeats until no record arrived between the reading of the counters and that of the ring. */
static void count_all(struct pipeline *pipeline, const struct ring *ring, const struct kernel_maps *maps,
		      count_table counts)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		uint64_t before = ring_producer(ring);

		if (count_once(pipeline, maps, counts) && ring_producer(ring) == before)
			return;
	}
}

/* A number that may not fit a double is a string in JSON. */
static void write_decimal(struct json *json, const char *name, int64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, number);
	json_text(json, name, text);
}

static void write_probe(struct json *json, const struct watch *watch, size_t probe)
{
	const struct map_info *info = watch_info(watch);
	int attached = watch_attached(watch, probe);

	json_object(json, NULL);
	json_text(json, "name", info->probes[probe].name);
	json_text(json, "rung", info->probes[probe].rung[0] ? info->probes[probe].rung : NULL);
	if (attached < 0)
		json_null(json, "attached");
	else
		json_bool(json, "attached", attached);
	json_close(json, '}');
}

static void write_loader(struct json *json, const struct recorder_status *status)
{
	const struct map_info *info = watch_info(status->watch);

	json_object(json, "loader");
	json_bool(json, "loaded", !status->unpinned);
	json_int(json, "abi", info->abi);
	json_text(json, "version", info->version);
	json_array(json, "probes");
	for (size_t i = 0; i < INFO_PROBES && info->probes[i].name[0]; i++)
		write_probe(json, status->watch, i);
	json_close(json, ']');
	json_close(json, '}');
}

static void write_recorder(struct json *json, const struct recorder_status *status, const struct pipeline *pipeline,
			   const struct ring *ring)
{
	int64_t commit = pipeline_last_commit(pipeline);

	json_object(json, "recorder");
	json_bool(json, "running", status->running);
	json_int(json, "pid", getpid());
	write_decimal(json, "started_unix_nano", status->started);
	write_decimal(json, "heartbeat_unix_nano", clock_wall_ns());
	write_decimal(json, "heartbeat_boot_ns", (int64_t)clock_boot_ns());
	json_text(json, "boot_id", status->boot_id);
	write_decimal(json, "metrics_interval_ns", (int64_t)status->metrics_interval_ns);
	json_int(json, "lag_bytes", (int64_t)ring_unread(ring));
	json_time(json, "last_commit", commit);
	json_text(json, "mode", status->keeps_bpf ? "cap_bpf" : "unprivileged");
	json_close(json, '}');
}

static void write_counters(struct json *json, count_table counts)
{
	json_object(json, "counters");
	for (size_t count = 0; count < COUNT_COUNT; count++) {
		json_object(json, recorder_count_names[count]);
		for (unsigned int type = 1; type < TYPE_COUNT; type++)
			if (type != TYPE_GAP)
				json_int(json, event_type_name((enum event_type)type), (int64_t)counts[count][type]);
		if (counts[count][0])
			json_int(json, "unknown", (int64_t)counts[count][0]);
		json_close(json, '}');
	}
	json_close(json, '}');
}

static int save(struct db *db, const char *text, size_t length)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_prepare(db,
			   "INSERT INTO status(key, value) VALUES('recorder', ?1)"
			   " ON CONFLICT(key) DO UPDATE SET value = ?1",
			   &stmt);

	if (r)
		return r;
	db_bind_text(stmt, 1, text, length);
	return db_run(stmt);
}

int recorder_status_write(const struct recorder_status *status, struct pipeline *pipeline, const struct ring *ring,
			  const struct kernel_maps *maps)
{
	struct db *db = pipeline_db(pipeline);
	AUTO_FREE char *text = NULL;
	size_t length = 0;
	count_table counts;
	char generation[24];

	if (!db)
		return -ENOENT;

	struct json json = { .out = open_memstream(&text, &length) };

	if (!json.out)
		return -ENOMEM;
	count_all(pipeline, ring, maps, counts);
	(void)snprintf(generation, sizeof(generation), "%" PRIu64, status->generation);
	json_object(&json, NULL);
	write_loader(&json, status);
	write_recorder(&json, status, pipeline, ring);
	write_counters(&json, counts);
	watch_write(status->watch, &json);
	json_text(&json, "generation", generation);
	json_close(&json, '}');
	if (fclose(json.out) != 0)
		return -ENOMEM;
	return save(db, text, strcspn(text, "\n"));
}
