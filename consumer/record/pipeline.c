/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/pipeline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "consumer/container/container_rows.h"
#include "consumer/container/lifetime.h"
#include "consumer/record/decode.h"
#include "consumer/record/enrich.h"
#include "consumer/record/gap.h"
#include "consumer/record/kind_lifecycle.h"
#include "consumer/record/loss.h"
#include "consumer/record/outage.h"
#include "consumer/record/outage_rows.h"
#include "consumer/record/ring.h"
#include "consumer/record/session.h"
#include "consumer/store/db.h"
#include "consumer/store/ring_rows.h"
#include "consumer/test_hook.h"
#include "consumer/text/clock.h"
#include "consumer/text/error.h"

/* A record is complete within microseconds. One that is incomplete for longer will never be completed. */
#define BUSY_LIMIT_NS 5000000000ULL
/* The ring is quiet while at most one part of so many is filled. */
#define QUIET_PART 8

static const struct outages unseen;

struct pipeline {
	struct pipeline_settings settings;
	struct ring *ring;
	struct session session;
	struct resolve *resolve;
	struct enrich *enrich;
	struct loss *loss;
	struct lifetime_scan *lost_stops;
	struct outage_rows outage_rows;
	struct batch batch;
	const char *earlier; /* reason for what was lost while nothing could be stored */
	int64_t offset;	     /* of the batch (clock.h) */
	int64_t last_commit;
};

void pipeline_close(struct pipeline *pipeline)
{
	if (!pipeline)
		return;
	session_close(&pipeline->session);
	resolve_close(pipeline->resolve);
	enrich_close(pipeline->enrich);
	loss_close(pipeline->loss);
	lifetime_scan_close(pipeline->lost_stops);
	free(pipeline);
}

static void cleanup_pipeline(struct pipeline **pipeline)
{
	pipeline_close(*pipeline);
}

static bool is_disk_full(int error)
{
	return error == -ENOSPC || error == -EROFS || error == -ERROR_DB_FILE_LIMIT;
}

static int abandon(struct pipeline *pipeline, int error)
{
	(void)session_fail(&pipeline->session, error);
	session_abandon(&pipeline->session, error);
	batch_reset(&pipeline->batch, pipeline->ring);
	pipeline->earlier = is_disk_full(error) ? "disk_full" : "ring_full";
	return error;
}

/*
 * The programs were loaded anew: records that were still in the previous ring are gone, and until the load nothing was
 * recorded. No gap if the database has nothing from before the load.
 */
static int add_reload_gap(struct ring_rows *ring_rows, int64_t since, int64_t now)
{
	const struct gap gap = { "reload", 0, EV_UNKNOWN, ring_rows_earlier_ring(ring_rows), since ? since : now };

	return gap.from && gap.from < gap.to ? gap_add(ring_rows, &gap, now) : 0;
}

static int64_t load_time(const struct pipeline *pipeline)
{
	uint64_t loaded = pipeline->settings.loaded_ns;

	return loaded ? clock_to_wall(loaded, pipeline->offset) : 0;
}

/* Seeks the ring to where recording begins, and adds the gap event that this needs. */
static int find_position(struct pipeline *pipeline, int64_t now)
{
	static const char *const reasons[] = {
		[RING_START_SKIPPED] = "store_replaced",
		[RING_START_FOREIGN] = "store_replaced",
		[RING_START_CORRUPT] = "rejected",
	};
	struct ring_rows *ring_rows = pipeline->session.ring_rows;
	int64_t since = load_time(pipeline);
	int64_t last = ring_rows_last_time(ring_rows);
	bool known = ring_rows_knows_ring(ring_rows);
	uint64_t position;
	enum ring_start start = ring_start(pipeline->ring, known, ring_rows_position(ring_rows), &position);
	const char *reason = (size_t)start < ARRAY_SIZE(reasons) ? reasons[start] : NULL;

	if (start == RING_START_FOREIGN)
		ring_rows_forget(ring_rows);
	if (pipeline->session.replaced || (!known && !reason && position > 0))
		reason = pipeline->session.older ? "older_version" : "store_replaced";
	ring_seek(pipeline->ring, position);
	loss_start(pipeline->loss, ring_rows, known || position == 0, since, pipeline->earlier);
	if (reason) {
		const struct gap gap = { reason, 0, EV_UNKNOWN, last ? last : since, now };

		return gap_add(ring_rows, &gap, now);
	}
	return known ? 0 : add_reload_gap(ring_rows, since, now);
}

static void begin_batch(struct pipeline *pipeline)
{
	uint64_t now_ns = clock_boot_ns();

	pipeline->offset = clock_offset(pipeline->offset);
	resolve_begin_batch(pipeline->resolve, pipeline->offset, now_ns);
	enrich_begin_batch(pipeline->enrich, pipeline->offset, now_ns);
	loss_begin_batch(pipeline->loss);
}

/* To be called after every commit. */
static void note_commit(struct pipeline *pipeline)
{
	ring_rows_committed(pipeline->session.ring_rows);
	resolve_commit_batch(pipeline->resolve);
}

/* The first transaction of a session: the position in the ring, and the containers that exist already. */
static int write_start(struct pipeline *pipeline)
{
	struct session *session = &pipeline->session;
	int64_t now = clock_wall_ns();
	int r = db_begin(session->db, pipeline->settings.durability_full);

	if (r)
		return r;
	begin_batch(pipeline);
	r = find_position(pipeline, now);
	if (!r)
		r = resolve_seed(pipeline->resolve);
	if (!r)
		r = outage_rows_read(session->db, pipeline->settings.generation, load_time(pipeline), &pipeline->outage_rows);
	if (!r)
		r = ring_rows_finish(session->ring_rows, ring_position(pipeline->ring), now);
	test_hook("in_start");
	return r ? r : db_commit(session->db);
}

static int start_session(struct pipeline *pipeline)
{
	struct session *session = &pipeline->session;
	int r = session_open(session);

	ring_rewind(pipeline->ring);
	if (r)
		return r;
	resolve_reset(pipeline->resolve, session->container_rows);
	enrich_reset(pipeline->enrich, session->container_rows);
	r = write_start(pipeline);
	if (r) {
		const char *earlier = pipeline->earlier;

		(void)abandon(pipeline, r);
		pipeline->earlier = earlier;
		return r;
	}
	test_hook("after_start");
	note_commit(pipeline);
	session_started(session);
	pipeline->earlier = "ring_full"; /* no longer "recorder_down" */
	pipeline->last_commit = clock_wall_ns();
	if (ring_position(pipeline->ring) != ring_acked(pipeline->ring))
		ring_ack(pipeline->ring);
	batch_reset(&pipeline->batch, pipeline->ring);
	return 0;
}

int pipeline_open(const struct pipeline_settings *settings, struct ring *ring, const struct kernel_maps *maps,
		  struct cgroup_fs *fs, struct pipeline **ret)
{
	CLEANUP(cleanup_pipeline) struct pipeline *pipeline = calloc(1, sizeof(*pipeline));

	if (!pipeline)
		return -ENOMEM;
	pipeline->settings = *settings;
	if (!settings->outages)
		pipeline->settings.outages = &unseen;
	if (!pipeline->settings.busy_limit_ns)
		pipeline->settings.busy_limit_ns = BUSY_LIMIT_NS;
	pipeline->session.settings =
		(struct session_settings){ settings->db_path, settings->boot_id, settings->generation };
	pipeline->ring = ring;
	pipeline->earlier = "recorder_down";

	int r = resolve_open(&settings->resolve, maps, fs, &pipeline->resolve);

	if (!r)
		r = enrich_open(pipeline->resolve, fs, &pipeline->enrich);
	if (!r)
		r = loss_open(maps, &pipeline->loss);
	if (!r)
		r = lifetime_scan_open(fs, &pipeline->lost_stops);
	if (r)
		return r;
	*ret = TAKE_PTR(pipeline);
	return 0;
}

/* Repeats a step once if it failed because of a lock that was broken since, or of a damaged database. */
static int with_retry(struct pipeline *pipeline, int (*step)(struct pipeline *))
{
	int r = step(pipeline);

	return r && session_try_again(&pipeline->session) ? step(pipeline) : r;
}

static int start(struct pipeline *pipeline)
{
	return pipeline->session.db ? 0 : start_session(pipeline);
}

int pipeline_start(struct pipeline *pipeline)
{
	return with_retry(pipeline, start);
}

int pipeline_report(struct pipeline *pipeline, int error)
{
	if (!pipeline->session.db)
		return error;
	(void)abandon(pipeline, error);
	return session_try_again(&pipeline->session) ? start_session(pipeline) : error;
}

enum batch_due pipeline_scan(struct pipeline *pipeline)
{
	const struct batch_limits limits = { pipeline->settings.buffer_size, pipeline->settings.busy_limit_ns };

	return batch_scan(&pipeline->batch, pipeline->ring, &limits);
}

bool pipeline_is_quiet(struct pipeline *pipeline)
{
	return pipeline_scan(pipeline) != BATCH_NOW && ring_unread(pipeline->ring) <= ring_size(pipeline->ring) / QUIET_PART;
}

static int write_batch(struct pipeline *pipeline, uint64_t end)
{
	struct session *session = &pipeline->session;
	bool durable = pipeline->batch.urgency == KIND_DURABLE;
	int64_t now = clock_wall_ns();
	int r;

	test_hook("before_begin");
	r = db_begin(session->db, durable || pipeline->settings.durability_full);
	if (r)
		return r;
	test_hook("after_begin");
	begin_batch(pipeline);

	const struct batch_target target = {
		.ring = pipeline->ring,
		.enrich = pipeline->enrich,
		.loss = pipeline->loss,
		.ring_rows = session->ring_rows,
		.offset = pipeline->offset,
	};

	r = batch_store(&target, end);
	if (!r)
		r = loss_write(pipeline->loss, session->ring_rows, now);
	if (!r)
		r = ring_rows_finish(session->ring_rows, end, now);
	test_hook("before_commit");
	if (!r)
		r = db_commit(session->db);
	test_hook(durable ? "after_full_commit" : "after_commit");
	return r;
}

/* Before a transaction: makes sure that the database is open and that its path still names the open file. */
static int prepare(struct pipeline *pipeline)
{
	int r = pipeline->session.db ? session_check(&pipeline->session) : -ERROR_DB_REOPEN;

	if (r != -ERROR_DB_REOPEN)
		return r ? session_fail(&pipeline->session, r) : 0;
	if (pipeline->session.db) {
		session_abandon(&pipeline->session, 0);
		batch_reset(&pipeline->batch, pipeline->ring);
	}
	return start_session(pipeline);
}

static int commit(struct pipeline *pipeline)
{
	int r = prepare(pipeline);

	if (r)
		return r;
	/* A session that has just been opened has scanned nothing yet. */
	if (ring_position(pipeline->ring) == ring_acked(pipeline->ring))
		(void)pipeline_scan(pipeline);

	bool newer = pipeline->batch.newer;
	uint64_t end = ring_position(pipeline->ring);

	if (end != ring_acked(pipeline->ring)) {
		r = write_batch(pipeline, end);
		if (r)
			return abandon(pipeline, r);
		ring_ack(pipeline->ring);
		test_hook("after_ack");
		note_commit(pipeline);
		session_committed(&pipeline->session);
		pipeline->last_commit = clock_wall_ns();
		batch_reset(&pipeline->batch, pipeline->ring);
	}
	return newer ? -ERROR_RECORD_NEWER : 0;
}

int pipeline_commit(struct pipeline *pipeline)
{
	return with_retry(pipeline, commit);
}

int pipeline_drain(struct pipeline *pipeline)
{
	uint64_t end = ring_producer(pipeline->ring);

	for (;;) {
		uint64_t before = ring_acked(pipeline->ring);

		(void)pipeline_scan(pipeline);

		int r = pipeline_commit(pipeline);

		if (r)
			return r;
		if (ring_acked(pipeline->ring) >= end || ring_acked(pipeline->ring) == before)
			return 0;
	}
}

static int write_lost_stops(struct pipeline *pipeline, int64_t now)
{
	struct lifecycle_detail detail;
	struct instance_row instance;
	struct ev_row row;
	int r;

	while ((r = lifetime_scan_stop_next(pipeline->lost_stops, pipeline->session.container_rows, now, &instance)) > 0) {
		kind_lifecycle_lost_stop(&instance, now, &detail, &row);
		r = ring_rows_add(pipeline->session.ring_rows, &row, NULL);
		if (r)
			return r;
	}
	return r;
}

static int write_reconcile(struct pipeline *pipeline)
{
	struct session *session = &pipeline->session;
	int64_t now = clock_wall_ns();
	int r = db_begin(session->db, pipeline->settings.durability_full);

	if (r)
		return r;
	begin_batch(pipeline);
	r = loss_write_tail(pipeline->loss, session->ring_rows, now);
	if (!r)
		r = write_lost_stops(pipeline, now);
	if (!r)
		r = outage_rows_write(&pipeline->outage_rows, pipeline->settings.outages, session->db, session->ring_rows, now);
	if (!r)
		r = ring_rows_finish(session->ring_rows, ring_acked(pipeline->ring), now);
	test_hook("in_reconcile");
	return r ? r : db_commit(session->db);
}

static int reconcile(struct pipeline *pipeline)
{
	int r = prepare(pipeline);
	bool tail = !r && loss_has_tail(pipeline->loss, pipeline->session.ring_rows);
	int lost_stops = r ? r : lifetime_scan_run(pipeline->lost_stops, pipeline->session.container_rows);

	if (r)
		return r;
	if (lost_stops < 0)
		return abandon(pipeline, lost_stops);
	if (!tail && !lost_stops && !outage_rows_differ(&pipeline->outage_rows, pipeline->settings.outages))
		return 0;
	r = write_reconcile(pipeline);
	if (r)
		return abandon(pipeline, r);
	note_commit(pipeline);
	outage_rows_committed(&pipeline->outage_rows, pipeline->settings.outages);
	session_committed(&pipeline->session);
	return 0;
}

int pipeline_reconcile(struct pipeline *pipeline)
{
	return with_retry(pipeline, reconcile);
}

struct row_check *pipeline_row_check(struct pipeline *pipeline)
{
	return &pipeline->session.check;
}

int pipeline_end(struct pipeline *pipeline)
{
	return pipeline->session.db ? session_end(&pipeline->session) : 0;
}

const char *pipeline_message(const struct pipeline *pipeline)
{
	return pipeline->session.message;
}

struct db *pipeline_db(struct pipeline *pipeline)
{
	return pipeline->session.db;
}

int64_t pipeline_last_commit(const struct pipeline *pipeline)
{
	return pipeline->last_commit;
}

bool pipeline_counters(struct pipeline *pipeline, unsigned int kind, struct ring_counters *ret)
{
	if (!pipeline->session.ring_rows)
		return false;
	*ret = *ring_rows_counters(pipeline->session.ring_rows, kind);
	return true;
}

bool pipeline_count_unread(struct pipeline *pipeline, uint64_t counts[EV_KIND_COUNT])
{
	uint64_t cursor = ring_position(pipeline->ring);
	uint64_t producer = ring_producer(pipeline->ring);
	struct ring_span span;

	(void)memset(counts, 0, EV_KIND_COUNT * sizeof(counts[0]));
	ring_rewind(pipeline->ring);
	while (ring_next(pipeline->ring, producer, &span) > 0) {
		unsigned int kind = decode_kind(span.data, span.length);

		counts[kind < EV_KIND_COUNT ? kind : 0]++;
	}

	bool complete = ring_position(pipeline->ring) == producer && ring_producer(pipeline->ring) == producer;

	ring_seek(pipeline->ring, cursor);
	return complete;
}
