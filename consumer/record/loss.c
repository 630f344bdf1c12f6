/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/loss.h"

#include <errno.h>
#include <stdlib.h>

#include "consumer/container/kernel_maps.h"
#include "consumer/store/ring_rows.h"
#include "consumer/store/row.h"
#include "consumer/text/clock.h"

struct span {
	uint64_t count;
	int64_t from, to;
};

struct kind_loss {
	/* Of this batch. */
	struct span early; /* holes that begin before the start */
	struct span holes; /* the others */
	struct span rejected;
	/* What was lost before the start and is not told yet. */
	uint64_t earlier;
	/* What was told by the kernel's count, before a record showed the hole. */
	uint64_t ahead;
};

struct loss {
	const struct kernel_maps *maps;
	bool from_beginning;
	bool garbage; /* this batch ends with bytes that are no record */
	int64_t since;
	int64_t start;
	const char *earlier_reason;
	int64_t told_until;    /* before this nothing is untold */
	int64_t covered_until; /* a hole that begins later is told by nothing yet */
	struct kind_loss kinds[EV_KIND_COUNT];
};

int loss_open(const struct kernel_maps *maps, struct loss **ret)
{
	struct loss *loss = calloc(1, sizeof(*loss));

	if (!loss)
		return -ENOMEM;
	loss->maps = maps;
	*ret = loss;
	return 0;
}

void loss_close(struct loss *loss)
{
	free(loss);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t excess(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* What the kernel counted and no row tells. False: the kernel cannot be asked. */
static bool untold(const struct loss *loss, struct ring_rows *ring_rows, unsigned int kind, uint64_t *ret)
{
	struct map_counters counters;

	if (!loss->maps || !loss->maps->counters ||
	    loss->maps->counters(loss->maps->context, (enum ev_kind)kind, &counters) != 0)
		return false;
	*ret = excess(counters.lost, ring_rows_counters(ring_rows, kind)->lost);
	return true;
}

void loss_start(struct loss *loss, struct ring_rows *ring_rows, bool from_beginning, int64_t since, const char *reason)
{
	int64_t begin = clock_wall_ns();
	bool all_told = true;

	loss->from_beginning = from_beginning;
	loss->since = since;
	loss->earlier_reason = reason;
	for (unsigned int kind = 1; kind < EV_KIND_COUNT; kind++) {
		struct kind_loss *one = &loss->kinds[kind];

		if (!untold(loss, ring_rows, kind, &one->earlier))
			one->earlier = 0;
		one->ahead = excess(ring_rows_counters(ring_rows, kind)->lost, ring_rows_missing(ring_rows, kind));
		all_told = all_told && one->earlier == 0;
	}
	loss->told_until = all_told ? begin : since;
	loss->start = loss->covered_until = clock_wall_ns();
	loss_begin_batch(loss);
}

void loss_begin_batch(struct loss *loss)
{
	for (unsigned int kind = 0; kind < EV_KIND_COUNT; kind++) {
		struct kind_loss *one = &loss->kinds[kind];

		one->early = one->holes = one->rejected = (struct span){ 0 };
	}
	loss->garbage = false;
}

static void widen(struct span *span, uint64_t count, int64_t from, int64_t to)
{
	if (span->count == 0 || from < span->from)
		span->from = from;
	if (span->count == 0 || to > span->to)
		span->to = to;
	span->count += count;
}

static void note_hole(struct loss *loss, struct kind_loss *one, uint64_t count, int64_t from, int64_t to)
{
	uint64_t covered = from < loss->covered_until ? least(one->ahead, count) : 0;

	one->ahead -= covered;
	if (count > covered)
		widen(from < loss->start ? &one->early : &one->holes, count - covered, from, to);
}

int loss_note(struct loss *loss, struct ring_rows *ring_rows, const struct ev_header *header, int64_t time)
{
	struct ring_sequence *last = ring_rows_sequence(ring_rows, header->cpu, (enum ev_kind)header->kind);

	if (!last)
		return -ENOMEM;

	if (header->seq == 0)
		return 0; /* a second look's, not numbered */
	/* A record that interrupted another of its kind may overtake it: then it comes late, and is no hole. */
	if (header->seq <= last->seq)
		return 0;
	if (header->seq > last->seq + 1 && (last->seq > 0 || loss->from_beginning))
		note_hole(loss, &loss->kinds[header->kind], header->seq - last->seq - 1,
			  last->time ? last->time : loss->since, time);
	*last = (struct ring_sequence){ header->seq, time };
	return 0;
}

void loss_reject(struct loss *loss, struct ring_rows *ring_rows, unsigned int kind, int64_t time)
{
	unsigned int index = kind < EV_KIND_COUNT ? kind : 0;

	ring_rows_counters(ring_rows, index)->rejected++;
	widen(&loss->kinds[index].rejected, 1, time, time);
}

void loss_reject_garbage(struct loss *loss, struct ring_rows *ring_rows)
{
	ring_rows_counters(ring_rows, 0)->rejected++;
	loss->garbage = true;
}

int loss_add_gap(struct ring_rows *ring_rows, const char *reason, unsigned int kind, uint64_t lost, int64_t from, int64_t to,
		 int64_t now)
{
	struct ev_row row = { .type = TYPE_GAP, .time = now };

	/* A clock that was set back may put the end before the beginning. */
	row.status = row.flags = row.duration_ns = EV_UNKNOWN;
	row.gap = (struct row_gap){ reason, event_type_of_kind(kind), lost, from < to ? from : to, to };
	return ring_rows_add(ring_rows, &row, NULL);
}

static int tell(struct ring_rows *ring_rows, const char *reason, unsigned int kind, uint64_t lost, int64_t from, int64_t to,
		int64_t now)
{
	int r = lost > 0 ? loss_add_gap(ring_rows, reason, kind, lost, from, to, now) : 0;

	if (!r)
		ring_rows_counters(ring_rows, kind)->lost += lost;
	return r;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* A hole that begins before the start may hold what was lost after it too: the kernel's count at the start says. */
static int write_holes(struct loss *loss, struct ring_rows *ring_rows, unsigned int kind, int64_t now)
{
	struct kind_loss *one = &loss->kinds[kind];
	const struct span *early = &one->early, *holes = &one->holes;
	int64_t from = later(early->from, loss->told_until);
	uint64_t left = EV_UNKNOWN;

	(void)untold(loss, ring_rows, kind, &left);

	uint64_t in_early = least(early->count, left);
	uint64_t before = least(in_early, one->earlier);
	uint64_t in_holes = least(holes->count, left - in_early);
	int64_t until = early->to < loss->start ? early->to : loss->start;
	int r = tell(ring_rows, loss->earlier_reason, kind, before, from, until, now);

	if (!r)
		r = tell(ring_rows, "ring_full", kind, in_early - before, from, early->to, now);
	if (!r)
		r = tell(ring_rows, "ring_full", kind, in_holes, later(holes->from, loss->told_until), holes->to, now);
	one->earlier -= before;
	return r;
}

int loss_write(struct loss *loss, struct ring_rows *ring_rows, int64_t now)
{
	for (unsigned int kind = 0; kind < EV_KIND_COUNT; kind++) {
		const struct kind_loss *one = &loss->kinds[kind];
		const struct span *rejected = &one->rejected;
		int r = 0;

		if (one->early.count > 0 || one->holes.count > 0)
			r = write_holes(loss, ring_rows, kind, now);
		if (!r && rejected->count > 0)
			r = loss_add_gap(ring_rows, "rejected", kind, rejected->count, rejected->from, rejected->to, now);
		if (r)
			return r;
	}
	return loss->garbage ? loss_add_gap(ring_rows, "rejected", 0, EV_UNKNOWN, ring_rows_last_time(ring_rows), now, now) : 0;
}

bool loss_has_tail(struct loss *loss, struct ring_rows *ring_rows)
{
	int64_t begin = clock_wall_ns();

	for (unsigned int kind = 1; kind < EV_KIND_COUNT; kind++) {
		uint64_t lost;

		if (untold(loss, ring_rows, kind, &lost) && lost > 0)
			return true;
	}
	loss->told_until = begin;
	return false;
}

/* No record shows yet where the holes are: behind the last record of the kind, on whichever CPU. */
static int write_tail(struct loss *loss, struct ring_rows *ring_rows, unsigned int kind, uint64_t lost, int64_t now)
{
	struct kind_loss *one = &loss->kinds[kind];
	uint64_t before = least(lost, one->earlier);
	int64_t last = ring_rows_last_time_of(ring_rows, kind);
	int64_t from = later(last ? last : loss->since, loss->told_until);
	int r = tell(ring_rows, loss->earlier_reason, kind, before, from, loss->start, now);

	if (!r)
		r = tell(ring_rows, "ring_full", kind, lost - before, later(from, loss->start), clock_wall_ns(), now);
	one->earlier -= before;
	one->ahead += lost;
	return r;
}

int loss_write_tail(struct loss *loss, struct ring_rows *ring_rows, int64_t now)
{
	int64_t begin = clock_wall_ns();

	for (unsigned int kind = 1; kind < EV_KIND_COUNT; kind++) {
		uint64_t lost = 0;
		int r = 0;

		if (untold(loss, ring_rows, kind, &lost) && lost > 0)
			r = write_tail(loss, ring_rows, kind, lost, now);
		if (r)
			return r;
	}
	loss->told_until = begin;
	loss->covered_until = clock_wall_ns();
	return 0;
}
