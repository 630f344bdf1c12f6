/* SPDX-License-Identifier: BSD-2-Clause */
/* One row into the tables it belongs to, inside a transaction of the caller's. Failures are db.h's. */
#ifndef CRI_CONSUMER_INSERT_H
#define CRI_CONSUMER_INSERT_H

#include <stdint.h>

struct db;
struct ev_row;
struct insert;

/* boot: row number of this boot. To be closed before the database is. */
int insert_open(struct db *db, int64_t boot, struct insert **ret);
void insert_close(struct insert *insert);

/* Under that id, or later: nothing of *row is needed any more. */
int insert_row(struct insert *insert, const struct ev_row *row, int64_t id);
/* What was to be inserted later. Last in the transaction. */
int insert_flush(struct insert *insert);

#endif
