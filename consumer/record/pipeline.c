/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/pipeline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "consumer/container/container_rows.h"
#include "consumer/container/lost_stop.h"
#include "consumer/record/decode.h"
#include "consumer/record/enrich.h"
#include "consumer/record/loss.h"
#include "consumer/record/ring.h"
#include "consumer/record/session.h"
#include "consumer/store/db.h"
#include "consumer/store/ring_rows.h"
#include "consumer/test_hook.h"
#include "consumer/text/clock.h"
#include "consumer/text/error.h"

/* A record is written within microseconds. One that still is not ready then never will be. */
#define BUSY_LIMIT_NS 5000000000ULL

struct pipeline {
	struct pipeline_settings settings;
	struct ring *ring;
	struct session session;
	struct resolve *resolve;
	struct enrich *enrich;
	struct loss *loss;
	struct lost_stop *lost_stop;
	const char *earlier; /* why records were lost while nothing was stored */
	int64_t offset;
	int64_t last_commit;

	/* What was looked at and is not committed: the ring's cursor stands behind it. */
	uint64_t records;
	bool critical; /* holds an OOM kill or pressure: nobody waits for the next flush */
	bool durable;  /* holds an OOM kill: it is on the disk when the commit is done */
	bool broken;   /* ends with bytes that are no record, or with one that never was ready */
	bool newer;    /* ends before a record of a newer version */
	uint64_t busy_since_ns;
};

void pipeline_close(struct pipeline *pipeline)
{
	if (!pipeline)
		return;
	session_close(&pipeline->session);
	resolve_close(pipeline->resolve);
	enrich_close(pipeline->enrich);
	loss_close(pipeline->loss);
	lost_stop_close(pipeline->lost_stop);
	free(pipeline);
}

static void cleanup_pipeline(struct pipeline **pipeline)
{
	pipeline_close(*pipeline);
}

static void reset_scan(struct pipeline *pipeline)
{
	ring_rewind(pipeline->ring);
	pipeline->records = 0;
	pipeline->critical = pipeline->durable = pipeline->broken = pipeline->newer = false;
	pipeline->busy_since_ns = 0;
}

static int abandon(struct pipeline *pipeline, int error)
{
	(void)session_fail(&pipeline->session, error);
	session_abandon(&pipeline->session, error);
	reset_scan(pipeline);
	pipeline->earlier = error == -ENOSPC || error == -EROFS ? "disk_full" : "ring_full";
	return error;
}

/*
 * The programs were loaded anew: what the earlier ring still held is gone, and until the load nothing was recorded.
 * Where the load came first there was no such time.
 */
static int add_reload_gap(struct ring_rows *ring_rows, int64_t since, int64_t now)
{
	int64_t until = ring_rows_earlier_ring(ring_rows), loaded = since ? since : now;

	return until && until < loaded ? loss_add_gap(ring_rows, "reload", 0, EV_UNKNOWN, until, loaded, now) : 0;
}

/* The gap row a start needs, and the position it begins at. */
static int find_position(struct pipeline *pipeline, int64_t now)
{
	static const char *const reasons[] = {
		[RING_START_SKIPPED] = "store_replaced",
		[RING_START_FOREIGN] = "store_replaced",
		[RING_START_CORRUPT] = "rejected",
	};
	struct ring_rows *ring_rows = pipeline->session.ring_rows;
	int64_t since =
		pipeline->settings.loaded_ns ? clock_to_wall(pipeline->settings.loaded_ns, pipeline->offset) : 0;
	int64_t last = ring_rows_last_time(ring_rows);
	bool known = ring_rows_knows_ring(ring_rows);
	uint64_t position;
	enum ring_start start = ring_start(pipeline->ring, known, ring_rows_position(ring_rows), &position);
	const char *reason = (size_t)start < ARRAY_SIZE(reasons) ? reasons[start] : NULL;

	if (start == RING_START_FOREIGN)
		ring_rows_forget(ring_rows);
	if (pipeline->session.replaced || (!known && !reason && position > 0))
		reason = "store_replaced";
	ring_seek(pipeline->ring, position);
	loss_start(pipeline->loss, ring_rows, known || position == 0, since, pipeline->earlier);
	if (reason)
		return loss_add_gap(ring_rows, reason, 0, EV_UNKNOWN, last ? last : since, now, now);
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

/* After every commit, of whatever. */
static void committed(struct pipeline *pipeline)
{
	ring_rows_committed(pipeline->session.ring_rows);
	resolve_commit_batch(pipeline->resolve);
}

/* The first transaction of a session: where it begins and what was there before it. */
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
	committed(pipeline);
	session_started(session);
	pipeline->earlier = "ring_full"; /* from now on a recorder is there */
	pipeline->last_commit = clock_wall_ns();
	if (ring_position(pipeline->ring) != ring_acked(pipeline->ring))
		ring_ack(pipeline->ring);
	reset_scan(pipeline);
	return 0;
}

int pipeline_open(const struct pipeline_settings *settings, struct ring *ring, const struct kernel_maps *maps,
		  struct cgroup_fs *fs, struct pipeline **ret)
{
	CLEANUP(cleanup_pipeline) struct pipeline *pipeline = calloc(1, sizeof(*pipeline));

	if (!pipeline)
		return -ENOMEM;
	pipeline->settings = *settings;
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
		r = lost_stop_open(fs, &pipeline->lost_stop);
	if (r)
		return r;
	*ret = TAKE_PTR(pipeline);
	return 0;
}

/* Somebody's lock was in the way and is not any more: what failed is done again, once. */
static int once_more(struct pipeline *pipeline, int (*what)(struct pipeline *))
{
	int r = what(pipeline);

	return r && session_try_again(&pipeline->session) ? what(pipeline) : r;
}

static int start(struct pipeline *pipeline)
{
	return pipeline->session.db ? 0 : start_session(pipeline);
}

int pipeline_start(struct pipeline *pipeline)
{
	return once_more(pipeline, start);
}

int pipeline_report(struct pipeline *pipeline, int error)
{
	if (!pipeline->session.db)
		return error;
	(void)abandon(pipeline, error);
	return session_try_again(&pipeline->session) ? start_session(pipeline) : error;
}

/* Of a record in the ring, before it is decoded. */
static bool is_newer(const struct ring_span *span)
{
	uint16_t abi;

	if (span->length < sizeof(struct ev_header))
		return false;
	(void)memcpy(&abi, span->data, sizeof(abi));
	return abi > EV_ABI;
}

static bool is_critical(unsigned int kind)
{
	return kind == EV_OOM_KILL || kind == EV_MEMORY_HIGH || kind == EV_MEMORY_LIMIT;
}

/*
 * A record stands at the cursor but is not ready. What is behind it is sound: it alone is stepped over. The batch
 * ends there, so that storing meets it last.
 */
static void check_busy(struct pipeline *pipeline, uint64_t producer)
{
	uint64_t now = clock_boot_ns();
	struct ring_span span;

	if (ring_position(pipeline->ring) >= producer) {
		pipeline->busy_since_ns = 0;
	} else if (pipeline->busy_since_ns == 0) {
		pipeline->busy_since_ns = now;
	} else if (now - pipeline->busy_since_ns > pipeline->settings.busy_limit_ns) {
		(void)ring_skip(pipeline->ring, producer, &span);
		pipeline->broken = true;
	}
}

static enum pipeline_due judge(const struct pipeline *pipeline)
{
	uint64_t bytes = ring_position(pipeline->ring) - ring_acked(pipeline->ring);

	if (pipeline->critical || pipeline->broken || pipeline->newer ||
	    pipeline->records >= pipeline->settings.buffer_size || bytes >= ring_size(pipeline->ring) / 4)
		return PIPELINE_NOW;
	return bytes > 0 ? PIPELINE_LATER : PIPELINE_NOTHING;
}

enum pipeline_due pipeline_scan(struct pipeline *pipeline)
{
	uint64_t producer = ring_producer(pipeline->ring);
	struct ring_span span;
	int r = 0;

	while (!pipeline->broken && !pipeline->newer && pipeline->records < pipeline->settings.buffer_size) {
		uint64_t before = ring_position(pipeline->ring);

		r = ring_next(pipeline->ring, producer, &span);
		if (r == 0) {
			check_busy(pipeline, producer);
			break;
		}
		pipeline->busy_since_ns = 0;
		if (r < 0) {
			pipeline->broken = true;
		} else if (is_newer(&span)) {
			pipeline->newer = true;
			ring_seek(pipeline->ring, before);
		} else {
			unsigned int kind = decode_kind(span.data, span.length);

			pipeline->records++;
			pipeline->critical |= is_critical(kind);
			/* Not pressure: a container that swings round its limit would make the disk work all the time. */
			pipeline->durable |= kind == EV_OOM_KILL;
		}
	}
	return judge(pipeline);
}

/* Whatever follows a sound header, its number has come. */
static int reject(struct pipeline *pipeline, const struct ring_span *span, const struct ev_header *header)
{
	struct ring_rows *ring_rows = pipeline->session.ring_rows;
	int64_t time = clock_to_wall(header->time_ns, pipeline->offset);
	int r = 0;

	if (decode_is_header(header, span->length))
		r = loss_note(pipeline->loss, ring_rows, header, time);
	if (!r)
		loss_reject(pipeline->loss, ring_rows, header->kind, time);
	return r;
}

static int store_record(struct pipeline *pipeline, const struct ring_span *span)
{
	struct ring_rows *ring_rows = pipeline->session.ring_rows;
	struct ev_row row;
	struct ev ev;
	int r = decode_record(span->data, span->length, &ev);

	if (r == -ENOTSUP || r == -EBADMSG)
		return reject(pipeline, span, &ev.h);
	if (r)
		return r;
	r = loss_note(pipeline->loss, ring_rows, &ev.h, clock_to_wall(ev.h.time_ns, pipeline->offset));
	if (!r)
		r = enrich_event(pipeline->enrich, &ev, &row);
	if (r > 0)
		r = ring_rows_add(ring_rows, &row, NULL);
	if (!r)
		ring_rows_counters(ring_rows, ev.h.kind)->stored++;
	test_hook("in_batch");
	return r;
}

/*
 * A record that never was ready. Its header is written first of all; where that is not so, there stands the header
 * of an earlier record, whose number has come already.
 */
static int reject_busy(struct pipeline *pipeline, const struct ring_span *span)
{
	struct ring_rows *ring_rows = pipeline->session.ring_rows;
	struct ev_header header = { 0 };

	if (span->length >= sizeof(header))
		(void)memcpy(&header, span->data, sizeof(header));
	if (decode_is_header(&header, span->length)) {
		const struct ring_sequence *last = ring_rows_sequence(ring_rows, header.cpu, (enum ev_kind)header.kind);

		if (!last)
			return -ENOMEM;
		if (header.seq > last->seq)
			return reject(pipeline, span, &header);
	}
	loss_reject(pipeline->loss, ring_rows, 0, clock_wall_ns());
	return 0;
}

/* The second time over the records: the first only counted them. */
static int store_batch(struct pipeline *pipeline, uint64_t end)
{
	struct ring_span span;
	int r;

	ring_rewind(pipeline->ring);
	while ((r = ring_next(pipeline->ring, end, &span)) > 0) {
		r = store_record(pipeline, &span);
		if (r)
			return r;
	}
	if (r == 0 && ring_position(pipeline->ring) < end) {
		r = ring_skip(pipeline->ring, end, &span);
		if (r == 0)
			r = reject_busy(pipeline, &span);
	}
	if (r == -EBADMSG) {
		loss_reject_garbage(pipeline->loss, pipeline->session.ring_rows);
		r = 0;
	}
	ring_seek(pipeline->ring, end);
	return r;
}

static int write_batch(struct pipeline *pipeline, uint64_t end)
{
	struct session *session = &pipeline->session;
	int64_t now = clock_wall_ns();
	int r;

	test_hook("before_begin");
	r = db_begin(session->db, pipeline->durable || pipeline->settings.durability_full);
	if (r)
		return r;
	test_hook("after_begin");
	begin_batch(pipeline);
	r = store_batch(pipeline, end);
	if (!r)
		r = loss_write(pipeline->loss, session->ring_rows, now);
	if (!r)
		r = ring_rows_finish(session->ring_rows, end, now);
	test_hook("before_commit");
	if (!r)
		r = db_commit(session->db);
	test_hook(pipeline->durable ? "after_full_commit" : "after_commit");
	return r;
}

/* Everything that must be so before a transaction: the file is there, and it is the one that is open. */
static int prepare(struct pipeline *pipeline)
{
	int r = pipeline->session.db ? session_check(&pipeline->session) : -ERROR_DB_REOPEN;

	if (r != -ERROR_DB_REOPEN)
		return r ? session_fail(&pipeline->session, r) : 0;
	if (pipeline->session.db) {
		session_abandon(&pipeline->session, 0);
		reset_scan(pipeline);
	}
	return start_session(pipeline);
}

static int commit(struct pipeline *pipeline)
{
	int r = prepare(pipeline);

	if (r)
		return r;
	/* A new session begins with nothing looked at. */
	if (ring_position(pipeline->ring) == ring_acked(pipeline->ring))
		(void)pipeline_scan(pipeline);

	bool newer = pipeline->newer;
	uint64_t end = ring_position(pipeline->ring);

	if (end != ring_acked(pipeline->ring)) {
		r = write_batch(pipeline, end);
		if (r)
			return abandon(pipeline, r);
		ring_ack(pipeline->ring);
		test_hook("after_ack");
		committed(pipeline);
		session_committed(&pipeline->session);
		pipeline->last_commit = clock_wall_ns();
		reset_scan(pipeline);
	}
	return newer ? -ERROR_RECORD_NEWER : 0;
}

int pipeline_commit(struct pipeline *pipeline)
{
	return once_more(pipeline, commit);
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
	struct ev_row row;
	int r;

	while ((r = lost_stop_end_next(pipeline->lost_stop, pipeline->session.container_rows, now, &row)) > 0) {
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
		r = ring_rows_finish(session->ring_rows, ring_acked(pipeline->ring), now);
	test_hook("in_settle");
	return r ? r : db_commit(session->db);
}

static int reconcile(struct pipeline *pipeline)
{
	int r = prepare(pipeline);
	bool tail = !r && loss_has_tail(pipeline->loss, pipeline->session.ring_rows);
	int instances = r ? r : lost_stop_scan(pipeline->lost_stop, pipeline->session.container_rows);

	if (r)
		return r;
	if (instances < 0)
		return abandon(pipeline, instances);
	if (!tail && !instances)
		return 0;
	r = write_reconcile(pipeline);
	if (r)
		return abandon(pipeline, r);
	committed(pipeline);
	session_committed(&pipeline->session);
	return 0;
}

int pipeline_reconcile(struct pipeline *pipeline)
{
	return once_more(pipeline, reconcile);
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
