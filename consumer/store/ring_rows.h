/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage 4: rows to the database, and with them in the same transaction how far the ring was read, what was
 * counted and which sequence numbers were seen. A batch is there completely or not at all. Failures are
 * db.h's.
 */
#ifndef CRI_CONSUMER_STORE_RING_ROWS_H
#define CRI_CONSUMER_STORE_RING_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/event.h"
#include "consumer/store/row.h"

struct db;
struct ring_rows;

/* Records of one kind of this ring. Index 0 counts what has no known kind. */
struct ring_counters {
	uint64_t stored;
	uint64_t rejected;
	uint64_t lost; /* told by gap rows */
};

/* The last record of one kind seen from one CPU. */
struct ring_sequence {
	uint64_t seq; /* 0: none yet */
	int64_t time; /* wall time */
};

/* boot: row number of this boot. Reads what is stored about the ring of that generation. */
int ring_rows_open(struct db *db, uint64_t generation, int64_t boot, struct ring_rows **ret);
void ring_rows_close(struct ring_rows *store);

/* True when this ring was read into this database before; position: how far. */
bool ring_rows_knows_ring(const struct ring_rows *store);
uint64_t ring_rows_position(const struct ring_rows *store);
uint64_t ring_rows_saved_position(const struct ring_rows *store); /* of the last commit */

/* When the last commit about another ring was; 0: there never was another. */
int64_t ring_rows_earlier_ring(const struct ring_rows *store);

/* Lets go of the database. Only ring_rows_move() from it, and ring_rows_close(), may follow. */
void ring_rows_detach(struct ring_rows *store);
/* Makes *to, of a database that does not know this ring, go on where the last commit of *store was. */
int ring_rows_move(const struct ring_rows *store, struct ring_rows *to);

/* What is stored about this ring is another's, by its position: begins again with nothing. */
void ring_rows_forget(struct ring_rows *store);

struct ring_counters *ring_rows_counters(struct ring_rows *store, unsigned int kind);
/* NULL: no memory. Valid until the next call. */
struct ring_sequence *ring_rows_sequence(struct ring_rows *store, uint32_t cpu, enum ev_kind kind);
/* Records of a kind whose number is passed and which never came, of a ring that was read from its beginning. */
uint64_t ring_rows_missing(const struct ring_rows *store, unsigned int kind);
/* Of the last record of any kind; 0: none. */
int64_t ring_rows_last_time(const struct ring_rows *store);
/* Of a kind's last record from the CPU that has been silent longest; 0: none. */
int64_t ring_rows_last_time_of(const struct ring_rows *store, unsigned int kind);

/* Gives the row its id, which is never used again. Inside a transaction; it is there after ring_rows_finish(). */
int ring_rows_add(struct ring_rows *store, const struct ev_row *row, int64_t *ret_id);
/* Last in the transaction: everything before position is stored. now: wall time. */
int ring_rows_finish(struct ring_rows *store, uint64_t position, int64_t now);
/* After the commit. */
void ring_rows_committed(struct ring_rows *store);

#endif
