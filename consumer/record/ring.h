/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage 1: reads the pinned ring buffer in place. The cursor is private: what was read stays in the ring
 * until ring_ack(), so that a record leaves it only when it is stored.
 *
 * Layout and meaning of the pages: kernel/bpf/ringbuf.c. Positions count bytes since the ring was made and
 * only grow; position & (size - 1) is the place in the data, which is mapped twice in a row.
 */
#ifndef CRI_CONSUMER_RECORD_RING_H
#define CRI_CONSUMER_RECORD_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring;

/* One record, in the ring: valid until the ring is acknowledged beyond it. */
struct ring_span {
	const void *data;
	size_t length;
};

/* Opens a pinned ring buffer. Returns a descriptor of the caller's or a negative errno. */
int ring_open_pin(const char *path);

/*
 * Maps the ring of map_fd, which stays the caller's (and must stay open to be waited on). -ERROR_MAP_LAYOUT: the
 * map is no ring buffer of ring_bytes.
 */
int ring_open(int map_fd, size_t ring_bytes, struct ring **ret);

/* A ring in ordinary memory; data holds 2 * size bytes, size is a power of two. Nothing is copied. */
int ring_attach(uint64_t *consumer, const uint64_t *producer, const void *data, size_t size, struct ring **ret);
void ring_close(struct ring *ring);

/*
 * The record at the cursor, if it ends at or before `end`, a position of ring_producer(); moves past it and
 * past discarded ones. 1: a record. 0: none, or one that is still being written. -EBADMSG: what stands there
 * is no record; the cursor is moved to `end`.
 */
int ring_next(struct ring *ring, uint64_t end, struct ring_span *ret);

/*
 * Past the record at the cursor although it is still being written: the kernel sets its length before anything
 * else. 0: *ret is where it is, its bytes may be those of an earlier record; -EBADMSG: that is no length; the cursor
 * is moved to `end`.
 */
int ring_skip(struct ring *ring, uint64_t end, struct ring_span *ret);

/* Back to the last acknowledged position, or to any other one. */
void ring_rewind(struct ring *ring);
void ring_seek(struct ring *ring, uint64_t position);

/* Gives everything before the cursor back to the kernel. Only after the commit. */
void ring_ack(struct ring *ring);

uint64_t ring_size(const struct ring *ring);
uint64_t ring_position(const struct ring *ring); /* of the cursor */
uint64_t ring_acked(const struct ring *ring);
uint64_t ring_producer(const struct ring *ring);
uint64_t ring_unread(const struct ring *ring); /* bytes the kernel cannot use again yet */

/* Where to begin, by what the database says and what the ring says. */
enum ring_start {
	RING_START_HERE,     /* the ring's own position */
	RING_START_FORWARD,  /* stored, but not acknowledged: skip what is stored */
	RING_START_SKIPPED,  /* somebody took records that are not in this database */
	RING_START_FOREIGN,  /* the stored position is another ring's */
	RING_START_CORRUPT,  /* no position can be trusted: what is in the ring is given up */
};
/* Pure. known: stored_position belongs to this ring's generation. */
enum ring_start ring_start(const struct ring *ring, int known, uint64_t stored_position, uint64_t *ret_position);

#endif
