/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one way into the ring: reserve or put together, submit, count. Loss is counted here and nowhere
 * else. The sequence number is taken before the reserve, so that a lost record leaves a hole.
 */
#ifndef CRI_BPF_EMIT_H
#define CRI_BPF_EMIT_H

#include "bpf/compat.bpf.h"
#include "bpf/config.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"

enum emit_room {
	EMIT_CRITICAL,     /* the whole ring; wakes the reader at once */
	EMIT_ALWAYS,       /* the whole ring; wakes the reader now and then */
	EMIT_URGENT,       /* leaves the last eighth, which bulk cannot have filled; wakes the reader at once */
	EMIT_BULK,         /* leaves the last quarter to the others, so that no storm can push out an OOM kill */
	EMIT_UNCLASSIFIED, /* half of the ring: nobody has said yet that this cgroup is of interest */
};

static __always_inline struct map_counters *emit_counters(__u32 kind)
{
	return bpf_map_lookup_elem(&counters, &kind);
}

/* A twin (again.bpf.h) may interrupt the program it is for. The result of an atomic addition cannot be had before
 * 5.12, but is not needed. */
static __always_inline void count(__u64 *counter)
{
	__sync_fetch_and_add(counter, 1);
}

static __always_inline void emit_filtered(__u32 kind)
{
	struct map_counters *c = emit_counters(kind);

	if (c)
		count(&c->filtered);
}

static __always_inline void emit_map_error(__u32 kind)
{
	struct map_counters *c = emit_counters(kind);

	if (c)
		count(&c->map_errors);
}

/* A record on its way. */
struct emit {
	struct map_counters *counters;
	enum emit_room room;
	bool unnumbered; /* a twin's: it may come in the middle of another that has just taken its number */
	__u64 used;      /* of the ring, in bytes */
};

static __always_inline bool emit_has_room(struct emit *e, __u64 length)
{
	__u64 bound = cfg_ring_bytes / 4 * 3;

	if (e->room == EMIT_UNCLASSIFIED)
		bound = cfg_ring_bytes / 2;
	else if (e->room == EMIT_URGENT)
		bound = cfg_ring_bytes / 8 * 7;
	e->used = 0;
	if (e->room == EMIT_CRITICAL || e->room == EMIT_ALWAYS)
		return true;
	e->used = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	return e->used < bound && e->used + length + 8 <= bound;
}

/* A wakeup costs more than everything else together, and the reader's timer finds bulk records by itself:
 * it is woken for them only when the ring fills faster than that. */
static __always_inline __u64 emit_wakeup(struct emit *e)
{
	if (e->room != EMIT_CRITICAL && e->room != EMIT_URGENT &&
	    (++e->counters->since_wakeup < cfg_wakeup_events || e->used < cfg_ring_bytes / 8))
		return BPF_RB_NO_WAKEUP;
	e->counters->since_wakeup = 0;
	return BPF_RB_FORCE_WAKEUP;
}

static __always_inline void emit_header(struct ev_header *h, __u32 kind, __u32 length, __u64 seq)
{
	h->abi = EV_ABI;
	h->kind = kind;
	h->length = length;
	h->cpu = bpf_get_smp_processor_id();
	h->zero = 0;
	h->seq = seq;
	h->time_ns = bpf_ktime_get_boot_ns();
}

/* A record of fixed size, filled in place. NULL: lost, and counted. Must be followed by emit_submit. */
static __always_inline void *emit_reserve(struct emit *e, __u32 kind, const __u64 size, enum emit_room room)
{
	struct ev_header *h = NULL;
	__u64 seq;

	e->counters = emit_counters(kind);
	e->room = room;
	if (!e->counters)
		return NULL;
	seq = e->unnumbered ? 0 : ++e->counters->seq;
	if (emit_has_room(e, size))
		h = bpf_ringbuf_reserve(&events, size, 0);
	if (!h) {
		count(&e->counters->lost);
		return NULL;
	}
	emit_header(h, kind, size, seq);
	return h;
}

static __always_inline void emit_submit(struct emit *e, void *record)
{
	count(&e->counters->sent);
	bpf_ringbuf_submit(record, emit_wakeup(e));
}

/* A record with tails, put together in this CPU's scratch space. */
static __always_inline struct scratch *emit_scratch(__u32 slot)
{
	return bpf_map_lookup_elem(&scratch, &slot);
}

static __always_inline void emit_output(struct scratch *s, __u32 kind, __u32 length, enum emit_room room)
{
	struct emit e = { .counters = emit_counters(kind), .room = room };
	__u64 seq;

	if (!e.counters)
		return;
	seq = ++e.counters->seq;
	length &= LIMIT_SCRATCH - 1;
	emit_header((struct ev_header *)s->bytes, kind, length, seq);
	if (!emit_has_room(&e, length) || bpf_ringbuf_output(&events, s->bytes, length, emit_wakeup(&e)))
		count(&e.counters->lost);
	else
		count(&e.counters->sent);
}

/* True for the first call with this key. A map that does not answer counts as first: better twice than
 * never. */
static __always_inline bool seen_first(__u32 kind, __u32 tgid, __u64 start, __u64 value)
{
	struct map_seen_key key = { .kind = kind, .tgid = tgid, .start_ns = start };
	int err;

	if (bpf_map_lookup_elem(&seen, &key))
		return false; /* an update would take a free entry first, only to give it back */
	err = map_add(&seen, &key, &value);
	if (err == -EEXIST)
		return false;
	if (err)
		emit_map_error(kind);
	return true;
}

/* After seen_first(), when there was no room: the next one with this key is the first again. */
static __always_inline void seen_forget(__u32 kind, __u32 tgid, __u64 start)
{
	struct map_seen_key key = { .kind = kind, .tgid = tgid, .start_ns = start };

	bpf_map_delete_elem(&seen, &key);
}

/* Do these programs record, and must it go through `seen` because others may record the same? */
struct turn {
	bool named; /* they are the ones that stay */
	bool ours;
	bool shared;
};

static __always_inline struct turn turn_take(void)
{
	__u32 zero = 0;
	struct map_info *i = bpf_map_lookup_elem(&info, &zero);
	struct turn turn = { .named = true, .ours = true, .shared = true };

	if (i) {
		turn.named = i->set == cfg_set;
		turn.ours = turn.named || i->overlap == OVERLAP_BOTH;
		turn.shared = i->overlap != OVERLAP_NONE;
	}
	return turn;
}

#endif
