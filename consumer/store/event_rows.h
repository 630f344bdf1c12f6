/* SPDX-License-Identifier: BSD-2-Clause */
/* Inserts events into the tables they belong to, inside the caller's transaction. Failures are db.h's. */
#ifndef CRI_CONSUMER_STORE_EVENT_ROWS_H
#define CRI_CONSUMER_STORE_EVENT_ROWS_H

#include <stdint.h>

struct db;
struct ev_row;
struct event_rows;
struct event_storage;

/*
 * boot: row number of this boot. storages: of every type that is added, NULL-terminated; fails when the table of one is
 * missing. To be closed before the database is.
 */
int event_rows_open(struct db *db, int64_t boot, const struct event_storage *const *storages, struct event_rows **ret);
void event_rows_close(struct event_rows *rows);

/* Inserts *row under that id, now or at a later call; nothing of *row is needed afterwards. */
int event_rows_add(struct event_rows *rows, const struct ev_row *row, int64_t id);
/* Whether an exit of the row's process is stored: 1 or 0. */
int event_rows_has_exit(struct event_rows *rows, const struct ev_row *row);
/* Inserts what event_rows_add has put off. Last in the transaction. */
int event_rows_flush(struct event_rows *rows);

#endif
