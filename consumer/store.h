/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage 4: rows to the database, and with them in the same transaction how far the ring was read, what was
 * counted and which sequence numbers were seen. A batch is there completely or not at all. Failures are
 * db.h's.
 */
#ifndef CRI_CONSUMER_STORE_H
#define CRI_CONSUMER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/event.h"
#include "consumer/row.h"

struct db;
struct store;

/* Records of one kind of this ring. Index 0 counts what has no known kind. */
struct store_tally {
	uint64_t stored;
	uint64_t rejected;
	uint64_t lost; /* told by gap rows */
};

/* The last record of one kind seen from one CPU. */
struct store_sequence {
	uint64_t seq; /* 0: none yet */
	int64_t time; /* wall time */
};

/* boot: row number of this boot. Reads what is stored about the ring of that generation. */
int store_open(struct db *db, uint64_t generation, int64_t boot, struct store **ret);
void store_close(struct store *store);

/* True when this ring was read into this database before; position: how far. */
bool store_knows_ring(const struct store *store);
uint64_t store_position(const struct store *store);
uint64_t store_saved_position(const struct store *store); /* of the last commit */

/* When the last commit about another ring was; 0: there never was another. */
int64_t store_earlier_ring(const struct store *store);

/* Lets go of the database. Only store_move() from it, and store_close(), may follow. */
void store_detach(struct store *store);
/* Makes *to, of a database that does not know this ring, go on where the last commit of *store was. */
int store_move(const struct store *store, struct store *to);

/* What is stored about this ring is another's, by its position: begins again with nothing. */
void store_forget(struct store *store);

struct store_tally *store_tally(struct store *store, unsigned int kind);
/* NULL: no memory. Valid until the next call. */
struct store_sequence *store_sequence(struct store *store, uint32_t cpu, enum ev_kind kind);
/* Records of a kind whose number is passed and which never came, of a ring that was read from its beginning. */
uint64_t store_missing(const struct store *store, unsigned int kind);
/* Of the last record of any kind; 0: none. */
int64_t store_last_time(const struct store *store);
/* Of a kind's last record from the CPU that has been silent longest; 0: none. */
int64_t store_last_time_of(const struct store *store, unsigned int kind);

/* Gives the row its id, which is never used again. Inside a transaction; it is there after store_finish(). */
int store_add(struct store *store, const struct ev_row *row, int64_t *ret_id);
/* Last in the transaction: everything before position is stored. now: wall time. */
int store_finish(struct store *store, uint64_t position, int64_t now);
/* After the commit. */
void store_committed(struct store *store);

#endif
