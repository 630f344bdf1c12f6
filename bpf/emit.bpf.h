/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The only functions that write to the ring. A record of fixed size is reserved, filled and submitted; a
 * record with tails is built in scratch memory and copied. Every record is counted here and nowhere else. Most get
 * a sequence number, taken before the reservation so that a lost record leaves a hole; those that get none have a counter.
 */
#ifndef CRI_BPF_EMIT_H
#define CRI_BPF_EMIT_H

#include "bpf/compat.bpf.h"
#include "bpf/config.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"

/* How many eighths of the ring a record may use, so that a flood of exits cannot displace an OOM kill, nor the OOM kills
 * of one container the first one of another (share.bpf.h). EMIT_WAKES: the reader is woken at once, else only when the
 * ring fills faster than the reader's timer empties it. */
#define EMIT_EIGHTHS 15
#define EMIT_WAKES   16

enum emit_room {
	EMIT_FIRST_KILL = 8 | EMIT_WAKES,
	EMIT_FIRST_VICTIM = 8, /* the exit that the first kill caused */
	EMIT_KILL = 7 | EMIT_WAKES,
	EMIT_VICTIM = 7,
	EMIT_FIRST_PRESSURE = 7 | EMIT_WAKES,
	EMIT_PRESSURE = 6 | EMIT_WAKES,
	EMIT_BULK = 6,
	EMIT_UNCLASSIFIED = 4, /* the recorder has not classified this cgroup yet */
};

static __always_inline struct map_counters *emit_counters(__u32 kind)
{
	return bpf_map_lookup_elem(&counters, &kind);
}

/* Atomic, because programs that count the same kind may run within each other on one CPU: the second chance of an exit
 * interrupts the program of another exit; while programs are replaced, one set may preempt the other. Kernels before 5.12
 * cannot return the result of an atomic addition; it is not needed here. */
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

/* State of one record between reservation and submission. */
struct emit {
	struct map_counters *counters;
	enum emit_room room;
	bool unnumbered; /* seq is 0, because this program may run within another one that takes a number of this kind */
	__u64 used;      /* bytes of the ring that are not read yet; 0 when not requested */
};

static __always_inline bool emit_has_room(struct emit *e, __u64 length)
{
	const __u32 eighths = e->room & EMIT_EIGHTHS;
	const __u64 bound = cfg_ring_bytes / 8 * eighths;

	e->used = 0;
	if (eighths == 8)
		return true; /* the reservation finds out */
	e->used = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	return e->used < bound && e->used + length + 8 <= bound;
}

/* Flags for the submission. A wakeup costs more than the rest of the program, and the reader polls for bulk records by
 * a timer; it is woken for them only after cfg_wakeup_events records, each time when another eighth of the ring is in use.
 * A record that was read stays in use until the recorder has committed it; for those there is nobody to wake. */
static __always_inline __u64 emit_wakeup(struct emit *e)
{
	struct map_counters *c = e->counters;

	if (e->room & EMIT_WAKES)
		return BPF_RB_FORCE_WAKEUP;
	if (e->used < c->woken_bytes)
		c->woken_bytes = e->used;
	if (++c->since_wakeup < cfg_wakeup_events || e->used < c->woken_bytes + cfg_ring_bytes / 8)
		return BPF_RB_NO_WAKEUP;
	c->since_wakeup = 0;
	c->woken_bytes = e->used;
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

/* Reserves a record of fixed size. e->counters: those of the kind, or NULL. Returns NULL when there is no room (counted as
 * lost); else the caller fills the record behind its header and must call emit_submit(). */
static __always_inline void *emit_reserve(struct emit *e, __u32 kind, const __u64 size, enum emit_room room)
{
	struct ev_header *h = NULL;
	__u64 seq;

	if (!e->counters)
		e->counters = emit_counters(kind);
	e->room = room;
	if (!e->counters)
		return NULL;
	seq = e->unnumbered ? 0 : ++e->counters->seq;
	if (e->unnumbered)
		count(&e->counters->unnumbered);
	if (emit_has_room(e, size))
		h = bpf_ringbuf_reserve(&events, size, 0);
	if (unlikely(!h)) {
		count(&e->counters->lost);
		return NULL;
	}
	emit_header(h, kind, size, seq);
	return h;
}

static __always_inline void emit_submit(struct emit *e, void *record)
{
	bpf_ringbuf_submit(record, emit_wakeup(e));
}

/* This CPU's scratch memory, in which a record with tails is built; slot: SCRATCH_*. */
static __always_inline struct scratch *emit_scratch(__u32 slot)
{
	return bpf_map_lookup_elem(&scratch, &slot);
}

/* Writes the header of the record at the beginning of s and copies `length` bytes to the ring. */
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
}

/* True for the first call with this key. A failed update counts as first: an event recorded twice is better than one
 * that is missing. */
static __always_inline bool seen_first(__u32 kind, __u32 tgid, __u64 start, __u64 value)
{
	struct map_seen_key key = { .kind = kind, .tgid = tgid, .start_ns = start };
	int err;

	if (bpf_map_lookup_elem(&seen, &key))
		return false; /* an update would allocate an entry first, only to free it again */
	err = map_add(&seen, &key, &value);
	if (err == -EEXIST)
		return false;
	if (err)
		emit_map_error(kind);
	return true;
}

/* Undoes seen_first() when the ring had no room: the next event with this key counts as the first. */
static __always_inline void seen_forget(__u32 kind, __u32 tgid, __u64 start)
{
	struct map_seen_key key = { .kind = kind, .tgid = tgid, .start_ns = start };

	bpf_map_delete_elem(&seen, &key);
}

/* Replaces the value under a key. */
static __always_inline void seen_set(__u32 kind, __u32 tgid, __u64 start, __u64 value)
{
	struct map_seen_key key = { .kind = kind, .tgid = tgid, .start_ns = start };

	if (bpf_map_update_elem(&seen, &key, &value, BPF_ANY))
		emit_map_error(kind);
}

/* What the programs of this load do while one set of programs replaces another (enum info_overlap). */
struct role {
	bool current; /* map_info.set names this set */
	bool records; /* this set records events */
	bool shared;  /* another set may record the same event: check `seen` first */
};

static __always_inline struct role role_read(void)
{
	__u32 zero = 0;
	struct map_info *i = bpf_map_lookup_elem(&info, &zero);
	struct role role = { .current = true, .records = true, .shared = true };

	if (i) {
		role.current = i->set == cfg_set;
		role.records = role.current || i->overlap == OVERLAP_BOTH;
		role.shared = i->overlap != OVERLAP_NONE;
	}
	return role;
}

#endif
