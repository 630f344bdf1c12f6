/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage 4: stores rows, and in the same transaction the position in the ring, the counters and the last sequence
 * numbers. A batch is stored completely or not at all. Errors are those of db.h.
 */
#ifndef CRI_CONSUMER_STORE_RING_ROWS_H
#define CRI_CONSUMER_STORE_RING_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/event.h"
#include "consumer/store/row.h"

struct db;
struct event_storage;
struct ring_rows;

/* Records of one kind of this ring. Kind 0 counts records without a known kind. */
struct ring_counters {
	uint64_t stored;
	uint64_t rejected;
	uint64_t lost; /* recorded in gap rows */
};

/* The last record of one kind from one CPU. */
struct ring_sequence {
	uint64_t seq; /* 0: none yet */
	int64_t time; /* wall time */
};

/* boot, storages: as for event_rows_open(). Loads what is stored about the ring of that generation. */
int ring_rows_open(struct db *db, uint64_t generation, int64_t boot, const struct event_storage *const *storages,
		   struct ring_rows **ret);
void ring_rows_close(struct ring_rows *rows);

/* True when this ring was read into this database before; position: how far. */
bool ring_rows_knows_ring(const struct ring_rows *rows);
uint64_t ring_rows_position(const struct ring_rows *rows);
uint64_t ring_rows_saved_position(const struct ring_rows *rows); /* of the last commit */

/* Wall time of the last commit about another ring; 0: there was none. */
int64_t ring_rows_earlier_ring(const struct ring_rows *rows);

/* Finishes all statements. Afterwards only ring_rows_move() from it and ring_rows_close() are allowed. */
void ring_rows_detach(struct ring_rows *rows);
/* Copies the state of the last commit to *to, of a database that does not know this ring. */
int ring_rows_move(const struct ring_rows *rows, struct ring_rows *to);

/* Resets the state: the stored position shows that it belongs to another ring. */
void ring_rows_forget(struct ring_rows *rows);

struct ring_counters *ring_rows_counters(struct ring_rows *rows, unsigned int kind);
/* NULL: out of memory. Valid until the next call. */
struct ring_sequence *ring_rows_sequence(struct ring_rows *rows, uint32_t cpu, enum ev_kind kind);
/* Records of a kind that never arrived although a later sequence number did, of a ring read from its beginning. */
uint64_t ring_rows_missing(const struct ring_rows *rows, unsigned int kind);
/* Wall time of the last record of any kind; 0: none. */
int64_t ring_rows_last_time(const struct ring_rows *rows);
/* Wall time of the last record of a kind from the CPU whose last record is the oldest; 0: none. */
int64_t ring_rows_last_time_of(const struct ring_rows *rows, unsigned int kind);

/* Whether an exit of the row's process is stored or was added: 1 or 0. Inside a transaction. */
int ring_rows_has_exit(struct ring_rows *rows, const struct ev_row *row);

/*
 * Adds a row with a new id, which is never reused. Inside a transaction; it is inserted at the latest by
 * ring_rows_finish().
 */
int ring_rows_add(struct ring_rows *rows, const struct ev_row *row, int64_t *ret_id);
/* Last in the transaction: stores that everything before position is stored. now: wall time. */
int ring_rows_finish(struct ring_rows *rows, uint64_t position, int64_t now);
/* To be called after the commit. */
void ring_rows_committed(struct ring_rows *rows);

#endif
