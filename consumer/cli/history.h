/* SPDX-License-Identifier: BSD-2-Clause */
/* The recorded history, opened for reading, with messages a person can act on. */
#ifndef CRI_CONSUMER_CLI_HISTORY_H
#define CRI_CONSUMER_CLI_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "consumer/store/db.h"

/* path: the database, for opening and for messages. 0 and the database; else logs the reason and the advice and
 * returns an exit code. */
int history_open(const char *path, struct db **ret);

/* Logs why the database at path could not be opened; returns the exit code. error: a negative errno. */
int history_not_opened(const char *path, int error);

/*
 * One warning when the recorder that writes db was stopped, is gone or silent: events missing from the answer may still
 * be in the ring. None for a database that no recorder has written to. interval_ns: the recorder's metrics_interval.
 * now: nanoseconds since 1970.
 */
void history_warn_stale(struct db *db, uint64_t interval_ns, int64_t now, bool utc);

/* After the last row: 0; or logs that the rows may be wrong, because the recorder replaced the wal-index to get rid of
 * a reader's lock, and returns an exit code. */
int history_check(const char *path, const struct db *db);

/* Logs why reading failed; returns the exit code. */
int history_failed(const char *path, const struct db *db, int error);

/* For CLEANUP. */
void history_close(struct db **db);

#endif
