/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A mark in the database that whoever wrote last has ended in good order. It is removed by the first transaction of a
 * writer and set by its last, so it is never there after a kill or a power cut. A new database has it.
 */
#ifndef CRI_CONSUMER_STORE_CLEAN_STOP_H
#define CRI_CONSUMER_STORE_CLEAN_STOP_H

#include <stdbool.h>

struct db;

/* Removes the mark; *ret: whether it was there. Before anything else is written. Failures are db.h's. */
int clean_stop_take(struct db *db, bool *ret);
/* Sets it, after everything else. */
int clean_stop_write(struct db *db);

#endif
