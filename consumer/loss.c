/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/loss.h"

#include <errno.h>
#include <stdlib.h>

#include "consumer/names.h"
#include "consumer/row.h"
#include "consumer/store.h"

struct span {
	uint64_t count;
	int64_t from, to;
};

struct kind_loss {
	struct span holes;    /* of this batch */
	struct span rejected; /* of this batch */
	uint64_t earlier;     /* of the kernel's count, what was lost before the start and is not told yet */
	uint64_t earlier_told; /* of it, in this batch */
	/* Since the start, so that a hole that was told when the kernel counted it is not told again. */
	uint64_t seen;         /* records missing in the sequences */
	uint64_t told;         /* by rows */
};

struct loss {
	const struct names *names;
	bool from_beginning;
	int64_t since;
	const char *earlier_reason;
	bool skipped; /* holes need not be the kernel's */
	int64_t told_until; /* before this nothing is untold */
	struct kind_loss kinds[EV_KIND_COUNT];
};

int loss_open(const struct names *names, struct loss **ret)
{
	struct loss *loss = calloc(1, sizeof(*loss));

	if (!loss)
		return -ENOMEM;
	loss->names = names;
	*ret = loss;
	return 0;
}

void loss_close(struct loss *loss)
{
	free(loss);
}

/* What the kernel counted and no row tells. False: the kernel cannot be asked. */
static bool untold(const struct loss *loss, struct store *store, unsigned int kind, uint64_t *ret)
{
	struct map_counters counters;
	uint64_t told = store_tally(store, kind)->lost;

	if (!loss->names || !loss->names->counters ||
	    loss->names->counters(loss->names->context, (enum ev_kind)kind, &counters) != 0)
		return false;
	*ret = counters.lost > told ? counters.lost - told : 0;
	return true;
}

void loss_start(struct loss *loss, struct store *store, bool from_beginning, int64_t since, const char *reason)
{
	int64_t last = store_last_time(store);

	loss->from_beginning = from_beginning;
	loss->since = since;
	loss->earlier_reason = reason;
	loss->told_until = last > since ? last : since;
	for (unsigned int kind = 1; kind < EV_KIND_COUNT; kind++) {
		struct kind_loss *one = &loss->kinds[kind];

		one->earlier_told = one->seen = one->told = 0;
		if (!untold(loss, store, kind, &one->earlier))
			one->earlier = 0;
	}
	loss_begin_batch(loss);
}

void loss_begin_batch(struct loss *loss)
{
	for (unsigned int kind = 0; kind < EV_KIND_COUNT; kind++) {
		struct kind_loss *one = &loss->kinds[kind];

		one->holes = one->rejected = (struct span){ 0 };
		one->earlier += one->earlier_told;
		one->earlier_told = 0;
	}
}

static void widen(struct span *span, uint64_t count, int64_t from, int64_t to)
{
	if (span->count == 0 || from < span->from)
		span->from = from;
	if (span->count == 0 || to > span->to)
		span->to = to;
	span->count += count;
}

int loss_note(struct loss *loss, struct store *store, const struct ev_header *header, int64_t time)
{
	struct store_sequence *last = store_sequence(store, header->cpu, (enum ev_kind)header->kind);

	if (!last)
		return -ENOMEM;

	if (header->seq == 0)
		return 0; /* a second look's, not numbered */
	/* A record that interrupted another of its kind may overtake it: then it comes late, and is no hole. */
	if (header->seq <= last->seq) {
		loss->kinds[header->kind].seen -= loss->kinds[header->kind].seen > 0;
		return 0;
	}
	if (header->seq > last->seq + 1 && (last->seq > 0 || loss->from_beginning)) {
		widen(&loss->kinds[header->kind].holes, header->seq - last->seq - 1,
		      last->time ? last->time : loss->since, time);
		loss->kinds[header->kind].seen += header->seq - last->seq - 1;
	}
	*last = (struct store_sequence){ header->seq, time };
	return 0;
}

void loss_reject(struct loss *loss, struct store *store, unsigned int kind, int64_t time)
{
	unsigned int index = kind < EV_KIND_COUNT ? kind : 0;

	store_tally(store, index)->rejected++;
	widen(&loss->kinds[index].rejected, 1, time, time);
}

void loss_skip(struct loss *loss)
{
	loss->skipped = true;
}

int loss_add_gap(struct store *store, const char *reason, unsigned int kind, uint64_t lost, int64_t from, int64_t to,
		 int64_t now)
{
	struct ev_row row = { .type = TYPE_GAP, .time = now };

	row.status = row.flags = row.duration_ns = EV_UNKNOWN;
	row.gap = (struct row_gap){ reason, type_of_kind(kind), lost, from, to };
	return store_add(store, &row, NULL);
}

/* The kernel's count, divided by when. */
static int write_lost(struct loss *loss, struct store *store, unsigned int kind, uint64_t lost,
		      const struct span *span, int64_t now)
{
	struct kind_loss *one = &loss->kinds[kind];
	uint64_t earlier = lost < one->earlier ? lost : one->earlier;
	int r = 0;

	if (earlier > 0)
		r = loss_add_gap(store, loss->earlier_reason, kind, earlier, span->from, span->to, now);
	if (!r && lost > earlier)
		r = loss_add_gap(store, "ring_full", kind, lost - earlier, span->from, span->to, now);
	if (r)
		return r;
	one->earlier -= earlier;
	one->earlier_told += earlier;
	one->told += lost;
	store_tally(store, kind)->lost += lost;
	return 0;
}

/* The holes that are more than the kernel lost: they were stepped over here. */
static int write_skipped(struct loss *loss, struct store *store, unsigned int kind, int64_t now)
{
	struct kind_loss *one = &loss->kinds[kind];
	uint64_t more = loss->skipped && one->seen > one->told ? one->seen - one->told : 0;

	if (more > one->holes.count)
		more = one->holes.count;
	if (more == 0)
		return 0;
	one->told += more;
	return loss_add_gap(store, "rejected", kind, more, one->holes.from, one->holes.to, now);
}

int loss_write(struct loss *loss, struct store *store, int64_t now)
{
	for (unsigned int kind = 0; kind < EV_KIND_COUNT; kind++) {
		const struct kind_loss *one = &loss->kinds[kind];
		const struct span *rejected = &one->rejected;
		uint64_t lost = one->holes.count;
		int r = 0;

		if (lost > 0)
			(void)untold(loss, store, kind, &lost);
		if (lost > 0)
			r = write_lost(loss, store, kind, lost, &one->holes, now);
		if (!r && one->holes.count > 0)
			r = write_skipped(loss, store, kind, now);
		if (!r && rejected->count > 0)
			r = loss_add_gap(store, "rejected", kind, rejected->count, rejected->from, rejected->to, now);
		if (r)
			return r;
	}
	return 0;
}

bool loss_has_tail(struct loss *loss, struct store *store, int64_t now)
{
	for (unsigned int kind = 1; kind < EV_KIND_COUNT; kind++) {
		uint64_t lost;

		if (untold(loss, store, kind, &lost) && lost > 0)
			return true;
	}
	loss->told_until = now;
	return false;
}

int loss_write_tail(struct loss *loss, struct store *store, int64_t now)
{
	const struct span span = { .from = loss->told_until, .to = now };

	for (unsigned int kind = 1; kind < EV_KIND_COUNT; kind++) {
		uint64_t lost = 0;
		int r = 0;

		if (untold(loss, store, kind, &lost) && lost > 0)
			r = write_lost(loss, store, kind, lost, &span, now);
		if (r)
			return r;
	}
	return 0;
}

void loss_committed(struct loss *loss)
{
	for (unsigned int kind = 0; kind < EV_KIND_COUNT; kind++)
		loss->kinds[kind].earlier_told = 0;
	loss_begin_batch(loss);
}
