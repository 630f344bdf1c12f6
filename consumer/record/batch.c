/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/batch.h"

#include <errno.h>
#include <string.h>

#include "consumer/record/decode.h"
#include "consumer/record/enrich.h"
#include "consumer/record/loss.h"
#include "consumer/record/ring.h"
#include "consumer/store/ring_rows.h"
#include "consumer/test_hook.h"
#include "consumer/text/clock.h"

void batch_reset(struct batch *batch, struct ring *ring)
{
	ring_rewind(ring);
	*batch = (struct batch){ .records = 0 };
}

/* Only the version, of a record that is not decoded yet. */
static bool is_newer(const struct ring_span *span)
{
	uint16_t abi;

	if (span->length < sizeof(struct ev_header))
		return false;
	(void)memcpy(&abi, span->data, sizeof(abi));
	return abi > EV_ABI;
}

/*
 * At the cursor stands an incomplete record, or the end. A record that was never completed is skipped alone, because
 * those behind it are sound. The batch ends with it, so that batch_store() finds it last.
 */
static void check_busy(struct batch *batch, struct ring *ring, uint64_t producer, uint64_t busy_ns)
{
	uint64_t now = clock_boot_ns();
	struct ring_span span;

	if (ring_position(ring) >= producer) {
		batch->busy_since_ns = 0;
	} else if (batch->busy_since_ns == 0) {
		batch->busy_since_ns = now;
	} else if (now - batch->busy_since_ns > busy_ns) {
		(void)ring_skip(ring, producer, &span);
		batch->broken = true;
	}
}

static enum batch_due due_of(const struct batch *batch, const struct ring *ring, const struct batch_limits *limits)
{
	uint64_t bytes = ring_position(ring) - ring_acked(ring);

	if (batch->urgency > KIND_DEFERRED || batch->broken || batch->newer || batch->records >= limits->records ||
	    bytes >= ring_size(ring) / 4)
		return BATCH_NOW;
	return bytes > 0 ? BATCH_LATER : BATCH_NOTHING;
}

static void add(struct batch *batch, const struct ring_span *span)
{
	const struct kind *kind = kind_find(decode_kind(span->data, span->length));

	batch->records++;
	if (kind && kind->urgency > batch->urgency)
		batch->urgency = kind->urgency;
}

enum batch_due batch_scan(struct batch *batch, struct ring *ring, const struct batch_limits *limits)
{
	uint64_t producer = ring_producer(ring);

	while (!batch->broken && !batch->newer && batch->records < limits->records) {
		uint64_t before = ring_position(ring);
		struct ring_span span;
		int r = ring_next(ring, producer, &span);

		if (r == 0) {
			check_busy(batch, ring, producer, limits->busy_ns);
			break;
		}
		batch->busy_since_ns = 0;
		if (r < 0) {
			batch->broken = true;
		} else if (is_newer(&span)) {
			batch->newer = true;
			ring_seek(ring, before);
		} else {
			add(batch, &span);
		}
	}
	return due_of(batch, ring, limits);
}

/* Counts the record as rejected. If its header is sound, its sequence number has arrived and leaves no hole. */
static int reject(const struct batch_target *target, const struct ring_span *span, const struct ev_header *header)
{
	int64_t time = clock_to_wall(header->time_ns, target->offset);
	int r = 0;

	if (decode_is_header(header, span->length))
		r = loss_note(target->loss, target->ring_rows, header, time);
	if (!r)
		loss_reject(target->loss, target->ring_rows, header->kind, time);
	return r;
}

/* The kernel may report an exit again when the process is released (exit_index.h): that makes no second row. */
static int is_repeated(const struct batch_target *target, const struct ev *ev, const struct ev_row *row)
{
	return ev->h.kind == EV_PROCESS_EXIT && row->flags & EVENT_LATE ? ring_rows_has_exit(target->ring_rows, row) : 0;
}

/* Adds the row of the record, if it makes one, and ahead of it a start that it proves. */
static int add_rows(const struct batch_target *target, const struct ev *ev, const struct ev_row *row)
{
	const struct ev_row *start = enrich_inferred_start(target->enrich);
	int r = start ? ring_rows_add(target->ring_rows, start, NULL) : 0;

	if (r || !row)
		return r;
	r = is_repeated(target, ev, row);
	return r ? (r < 0 ? r : 0) : ring_rows_add(target->ring_rows, row, NULL);
}

static int store_record(const struct batch_target *target, const struct ring_span *span)
{
	struct ev_row row;
	struct ev ev;
	int r = decode_record(span->data, span->length, &ev);

	if (r == -ENOTSUP || r == -EBADMSG)
		return reject(target, span, &ev.h);
	if (r)
		return r;
	r = loss_note(target->loss, target->ring_rows, &ev.h, clock_to_wall(ev.h.time_ns, target->offset));
	if (!r)
		r = enrich_event(target->enrich, &ev, &row);
	if (r >= 0)
		r = add_rows(target, &ev, r > 0 ? &row : NULL);
	if (!r)
		ring_rows_counters(target->ring_rows, ev.h.kind)->stored++;
	test_hook("in_batch");
	return r;
}

/*
 * A record that was never completed. The kernel side writes its header first. If it did not get that far, the bytes may
 * be the header of an earlier record, whose sequence number has arrived already.
 */
static int reject_busy(const struct batch_target *target, const struct ring_span *span)
{
	struct ev_header header = { 0 };

	if (span->length >= sizeof(header))
		(void)memcpy(&header, span->data, sizeof(header));
	if (decode_is_header(&header, span->length)) {
		const struct ring_sequence *last =
			ring_rows_sequence(target->ring_rows, header.cpu, (enum ev_kind)header.kind);

		if (!last)
			return -ENOMEM;
		if (header.seq > last->seq)
			return reject(target, span, &header);
	}
	loss_reject(target->loss, target->ring_rows, 0, clock_wall_ns());
	return 0;
}

int batch_store(const struct batch_target *target, uint64_t end)
{
	struct ring *ring = target->ring;
	struct ring_span span;
	int r;

	ring_rewind(ring);
	while ((r = ring_next(ring, end, &span)) > 0) {
		r = store_record(target, &span);
		if (r)
			return r;
	}
	if (r == 0 && ring_position(ring) < end) {
		r = ring_skip(ring, end, &span);
		if (r == 0)
			r = reject_busy(target, &span);
	}
	if (r == -EBADMSG) {
		loss_reject_garbage(target->loss, target->ring_rows);
		r = 0;
	}
	ring_seek(ring, end);
	return r;
}
