/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/loss.h"

#include <errno.h>
#include <stdlib.h>

#include "consumer/container/kernel_maps.h"
#include "consumer/record/gap.h"
#include "consumer/store/ring_rows.h"
#include "consumer/text/clock.h"

/* Missing records and the wall time in which they went missing. */
struct span {
	uint64_t count;
	int64_t from, to;
};

struct kind_loss {
	/* Of this batch. */
	struct span early; /* holes that begin before the start */
	struct span holes; /* all other holes */
	struct span rejected;
	/* Lost before the start and not reported yet. */
	uint64_t earlier;
	/* Reported from the kernel's counter, and not shown by a hole yet. */
	uint64_t ahead;
};

/* Times are wall times. */
struct loss {
	const struct kernel_maps *maps;
	bool from_beginning;
	bool garbage; /* the batch ends with bytes that are no record */
	int64_t since;
	int64_t start;
	const char *earlier_reason;
	int64_t reported_until; /* everything lost before is reported */
	int64_t ahead_until;    /* a hole that begins later is not part of `ahead` */
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

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* What the kernel counted as lost beyond the gap events. False: there is no kernel counter. */
static bool count_unreported(const struct loss *loss, struct ring_rows *ring_rows, unsigned int kind, uint64_t *ret)
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
	bool all_reported = true;

	loss->from_beginning = from_beginning;
	loss->since = since;
	loss->earlier_reason = reason;
	for (unsigned int kind = 1; kind < EV_KIND_COUNT; kind++) {
		struct kind_loss *one = &loss->kinds[kind];

		if (!count_unreported(loss, ring_rows, kind, &one->earlier))
			one->earlier = 0;
		one->ahead = excess(ring_rows_counters(ring_rows, kind)->lost, ring_rows_missing(ring_rows, kind));
		all_reported = all_reported && one->earlier == 0;
	}
	loss->reported_until = all_reported ? begin : since;
	loss->start = loss->ahead_until = clock_wall_ns();
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
	uint64_t covered = from < loss->ahead_until ? least(one->ahead, count) : 0;

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
		return 0; /* the kernel side does not number every record */
	/* A record that interrupts another one of its kind may overtake it; the late one leaves no hole. */
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

/* Writes a gap event, if anything was lost, and counts it as reported. */
static int write_lost(struct ring_rows *ring_rows, const struct gap *gap, int64_t now)
{
	int r = gap->lost > 0 ? gap_add(ring_rows, gap, now) : 0;

	if (!r)
		ring_rows_counters(ring_rows, gap->kind)->lost += gap->lost;
	return r;
}

/* An early hole may also hold what was lost after the start: how much of it is known from the counter at the start. */
static int write_holes(struct loss *loss, struct ring_rows *ring_rows, unsigned int kind, int64_t now)
{
	struct kind_loss *one = &loss->kinds[kind];
	const struct span *early = &one->early, *holes = &one->holes;
	int64_t from = later(early->from, loss->reported_until);
	uint64_t left = EV_UNKNOWN;

	(void)count_unreported(loss, ring_rows, kind, &left);

	uint64_t in_early = least(early->count, left);
	uint64_t before = least(in_early, one->earlier);
	uint64_t in_holes = least(holes->count, left - in_early);
	int64_t until = early->to < loss->start ? early->to : loss->start;
	const struct gap gaps[] = {
		{ loss->earlier_reason, kind, before, from, until },
		{ "ring_full", kind, in_early - before, from, early->to },
		{ "ring_full", kind, in_holes, later(holes->from, loss->reported_until), holes->to },
	};
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(gaps) / sizeof(gaps[0]); i++)
		r = write_lost(ring_rows, &gaps[i], now);
	one->earlier -= before;
	return r;
}

static int write_rejected(struct ring_rows *ring_rows, unsigned int kind, const struct span *rejected, int64_t now)
{
	const struct gap gap = { "rejected", kind, rejected->count, rejected->from, rejected->to };

	return gap_add(ring_rows, &gap, now);
}

int loss_write(struct loss *loss, struct ring_rows *ring_rows, int64_t now)
{
	const struct gap garbage = { "rejected", 0, EV_UNKNOWN, ring_rows_last_time(ring_rows), now };
	int r = 0;

	for (unsigned int kind = 0; !r && kind < EV_KIND_COUNT; kind++) {
		const struct kind_loss *one = &loss->kinds[kind];

		if (one->early.count > 0 || one->holes.count > 0)
			r = write_holes(loss, ring_rows, kind, now);
		if (!r && one->rejected.count > 0)
			r = write_rejected(ring_rows, kind, &one->rejected, now);
	}
	return !r && loss->garbage ? gap_add(ring_rows, &garbage, now) : r;
}

bool loss_has_tail(struct loss *loss, struct ring_rows *ring_rows)
{
	int64_t begin = clock_wall_ns();

	for (unsigned int kind = 1; kind < EV_KIND_COUNT; kind++) {
		uint64_t lost;

		if (count_unreported(loss, ring_rows, kind, &lost) && lost > 0)
			return true;
	}
	loss->reported_until = begin;
	return false;
}

/* No record shows where the hole is. It may begin after the last record of this kind, on the CPU whose last one is the
 * oldest. */
static int write_tail(struct loss *loss, struct ring_rows *ring_rows, unsigned int kind, uint64_t lost, int64_t now)
{
	struct kind_loss *one = &loss->kinds[kind];
	uint64_t before = least(lost, one->earlier);
	int64_t last = ring_rows_last_time_of(ring_rows, kind);
	int64_t from = later(last ? last : loss->since, loss->reported_until);
	const struct gap early = { loss->earlier_reason, kind, before, from, loss->start };
	const struct gap late = { "ring_full", kind, lost - before, later(from, loss->start), clock_wall_ns() };
	int r = write_lost(ring_rows, &early, now);

	if (!r)
		r = write_lost(ring_rows, &late, now);
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

		if (count_unreported(loss, ring_rows, kind, &lost) && lost > 0)
			r = write_tail(loss, ring_rows, kind, lost, now);
		if (r)
			return r;
	}
	loss->reported_until = begin;
	loss->ahead_until = clock_wall_ns();
	return 0;
}
