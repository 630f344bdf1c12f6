/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage 1: reads the pinned ring buffer in place. The cursor is private; the kernel sees the consumer position only
 * when ring_ack() publishes it, so that a record leaves the ring only after it is stored.
 *
 * Layout of the pages: kernel/bpf/ringbuf.c. Positions count bytes since the ring was made and only grow;
 * position & (size - 1) is the offset in the data, which is mapped twice in a row.
 */
#ifndef CRI_CONSUMER_RECORD_RING_H
#define CRI_CONSUMER_RECORD_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring;

/* One record, in the ring: valid until the ring is acknowledged beyond it. */
struct ring_span {
	const void *data;
	size_t length;
};

/* Opens a pinned ring buffer. Returns a descriptor, which the caller closes, or a negative errno. */
int ring_open_pin(const char *path);

/*
 * Maps the ring of map_fd, which the caller keeps (and keeps open as long as it waits on it). -ERROR_MAP_LAYOUT: the
 * map is no ring buffer of ring_bytes.
 */
int ring_open(int map_fd, size_t ring_bytes, struct ring **ret);

/* A ring in ordinary memory, for tests. data: 2 * size bytes; size: a power of two. Nothing is copied. */
int ring_attach(uint64_t *consumer, const uint64_t *producer, const void *data, size_t size, struct ring **ret);
void ring_close(struct ring *ring);

/*
 * Reads the record at the cursor, if it ends at or before `end`, a position of ring_producer(); moves past it and past
 * discarded records. 1: *ret is the record. 0: there is none, or it is incomplete. -EBADMSG: no valid record stands
 * there; the cursor is moved to `end`.
 */
int ring_next(struct ring *ring, uint64_t end, struct ring_span *ret);

/*
 * Moves past the record at the cursor although it is incomplete; the kernel has set its length first of all. 0: *ret is
 * the record, whose bytes may still be those of an earlier one; -EBADMSG: the length is not valid, and the cursor is
 * moved to `end`.
 */
int ring_skip(struct ring *ring, uint64_t end, struct ring_span *ret);

/* Moves the cursor back to the last acknowledged position, or to any position. */
void ring_rewind(struct ring *ring);
void ring_seek(struct ring *ring, uint64_t position);

/* Acknowledges everything before the cursor: the kernel may overwrite it. Only after the commit. In a frozen ring only
 * this process sees that. */
void ring_ack(struct ring *ring);

/* True when the map was frozen (BPF_MAP_FREEZE): it can be read, but the kernel learns of no position, so that the ring
 * fills and stays full. */
bool ring_is_frozen(const struct ring *ring);

uint64_t ring_size(const struct ring *ring);
uint64_t ring_position(const struct ring *ring); /* of the cursor */
uint64_t ring_acked(const struct ring *ring);
uint64_t ring_producer(const struct ring *ring);
uint64_t ring_unread(const struct ring *ring); /* bytes that are not acknowledged */

/* Where to begin reading, according to the position in the database and the positions in the ring. */
enum ring_start {
	RING_START_HERE,     /* at the consumer position of the ring */
	RING_START_FORWARD,  /* behind records that are stored but were not acknowledged */
	RING_START_SKIPPED,  /* another reader took records that are not in this database */
	RING_START_FOREIGN,  /* the stored position belongs to another ring */
	RING_START_CORRUPT,  /* no position is valid: the records in the ring are given up */
};
/* Pure. known: the database has a position for this generation of the ring. */
enum ring_start ring_start(const struct ring *ring, int known, uint64_t stored_position, uint64_t *ret_position);

#endif
