/* SPDX-License-Identifier: BSD-2-Clause */
/* One row into the tables it belongs to, inside a transaction of the caller's. Failures are db.h's. */
#ifndef CRI_CONSUMER_STORE_EVENT_ROWS_H
#define CRI_CONSUMER_STORE_EVENT_ROWS_H

#include <stdint.h>

struct db;
struct ev_row;
struct event_rows;

/* boot: row number of this boot. To be closed before the database is. */
int event_rows_open(struct db *db, int64_t boot, struct event_rows **ret);
void event_rows_close(struct event_rows *insert);

/* Under that id, or later: nothing of *row is needed any more. */
int event_rows_add(struct event_rows *insert, const struct ev_row *row, int64_t id);
/* What was to be inserted later. Last in the transaction. */
int event_rows_flush(struct event_rows *insert);

#endif
