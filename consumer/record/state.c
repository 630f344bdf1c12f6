/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "consumer/container/kernel_maps.h"
#include "consumer/record/pipeline.h"
#include "consumer/record/ring.h"
#include "consumer/store/db.h"
#include "consumer/store/ring_rows.h"
#include "consumer/text/clock.h"
#include "consumer/text/event_type.h"
#include "consumer/text/time_words.h"

/* How often a look is repeated when records came in between. */
#define LOOKS 8

enum count { SENT, STORED, REJECTED, UNREAD, LOST, FILTERED, COUNT_COUNT };

static const char *const count_names[COUNT_COUNT] = { "sent", "stored", "rejected", "unread", "lost", "filtered" };

/* By type; 0: of no known type. */
typedef uint64_t count_table[COUNT_COUNT][TYPE_COUNT];

static void look_once(struct pipeline *pipeline, const struct kernel_maps *maps, count_table counts, bool *ret_quiet)
{
	uint64_t unread[EV_KIND_COUNT];

	(void)memset(counts, 0, sizeof(count_table));
	for (unsigned int kind = 0; kind < EV_KIND_COUNT; kind++) {
		enum event_type type = event_type_of_kind(kind);
		struct map_counters kernel = { 0 };
		struct ring_counters tally = { 0 };

		if (maps && kind > 0)
			(void)maps->counters(maps->context, (enum ev_kind)kind, &kernel);
		(void)pipeline_counters(pipeline, kind, &tally);
		counts[SENT][type] += kernel.sent;
		counts[LOST][type] += kernel.lost;
		counts[FILTERED][type] += kernel.filtered;
		counts[STORED][type] += tally.stored;
		counts[REJECTED][type] += tally.rejected;
	}
	*ret_quiet = pipeline_count_unread(pipeline, unread);
	for (unsigned int kind = 0; kind < EV_KIND_COUNT; kind++)
		counts[UNREAD][event_type_of_kind(kind)] += unread[kind];
}

/* Until no record came between the look at the counters and the look at the ring. */
static void look(struct pipeline *pipeline, const struct ring *ring, const struct kernel_maps *maps, count_table counts)
{
	for (int i = 0; i < LOOKS; i++) {
		uint64_t before = ring_producer(ring);
		bool quiet = false;

		look_once(pipeline, maps, counts, &quiet);
		if (quiet && ring_producer(ring) == before)
			return;
	}
}

static void print_string(FILE *out, const char *text)
{
	char escaped[6 * INFO_NAME_MAX + 1];

	(void)text_json_escape(escaped, sizeof(escaped), text, strlen(text));
	(void)fprintf(out, "\"%s\"", escaped);
}

static void print_loader(FILE *out, const struct recorder_status *status)
{
	const struct map_info *info = status->info;

	(void)fprintf(out, "\"loader\":{\"loaded\":%s,\"abi\":%" PRIu32 ",\"version\":", status->unpinned ? "false" : "true",
		      info->abi);
	print_string(out, info->version);
	(void)fprintf(out, ",\"probes\":[");
	for (size_t i = 0; i < INFO_PROBES && info->probes[i].name[0]; i++) {
		(void)fprintf(out, "%s{\"name\":", i ? "," : "");
		print_string(out, info->probes[i].name);
		(void)fprintf(out, ",\"rung\":");
		if (info->probes[i].rung[0])
			print_string(out, info->probes[i].rung);
		else
			(void)fprintf(out, "null");
		(void)fprintf(out, ",\"attached\":null}");
	}
	(void)fprintf(out, "]}");
}

static void print_recorder(FILE *out, const struct recorder_status *status, const struct pipeline *pipeline,
			   const struct ring *ring)
{
	int64_t commit = pipeline_last_commit(pipeline);
	char time[40];

	(void)fprintf(out,
		      ",\"recorder\":{\"running\":%s,\"pid\":%d,\"started_unix_nano\":\"%" PRId64
		      "\",\"heartbeat_unix_nano\":\"%" PRId64 "\",\"metrics_interval_ns\":\"%" PRIu64
		      "\",\"lag_bytes\":%" PRIu64 ",\"last_commit\":",
		      status->running ? "true" : "false", (int)getpid(), status->started, clock_wall_ns(),
		      status->metrics_interval_ns, ring_unread(ring));
	if (commit) {
		time_format_rfc3339(time, sizeof(time), commit);
		(void)fprintf(out, "\"%s\"", time);
	} else {
		(void)fprintf(out, "null");
	}
	(void)fprintf(out, ",\"mode\":\"%s\"}", status->keeps_bpf ? "cap_bpf" : "unprivileged");
}

static void print_counts(FILE *out, count_table counts)
{
	(void)fprintf(out, ",\"counters\":{");
	for (size_t count = 0; count < COUNT_COUNT; count++) {
		const char *comma = "";

		(void)fprintf(out, "%s\"%s\":{", count ? "," : "", count_names[count]);
		for (unsigned int type = 1; type < TYPE_GAP; type++) {
			(void)fprintf(out, "%s\"%s\":%" PRIu64, comma, event_type_name((enum event_type)type), counts[count][type]);
			comma = ",";
		}
		if (counts[count][0])
			(void)fprintf(out, "%s\"unknown\":%" PRIu64, comma, counts[count][0]);
		(void)fprintf(out, "}");
	}
	(void)fprintf(out, "}");
}

static int save(struct db *db, const char *json, size_t length)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_prepare(db,
			   "INSERT INTO status(key, value) VALUES('recorder', ?1)"
			   " ON CONFLICT(key) DO UPDATE SET value = ?1",
			   &stmt);

	if (r)
		return r;
	db_bind_text(stmt, 1, json, length);
	return db_run(stmt);
}

int recorder_status_write(const struct recorder_status *status, struct pipeline *pipeline, const struct ring *ring,
			  const struct kernel_maps *maps)
{
	struct db *db = pipeline_db(pipeline);
	AUTO_FREE char *json = NULL;
	size_t length = 0;
	count_table counts;
	FILE *out;

	if (!db)
		return -ENOENT;
	out = open_memstream(&json, &length);
	if (!out)
		return -ENOMEM;
	look(pipeline, ring, maps, counts);
	(void)fprintf(out, "{");
	print_loader(out, status);
	print_recorder(out, status, pipeline, ring);
	print_counts(out, counts);
	(void)fprintf(out, ",\"generation\":\"%" PRIu64 "\"}", (uint64_t)status->info->generation);
	if (fclose(out) != 0)
		return -ENOMEM;
	return save(db, json, length);
}
