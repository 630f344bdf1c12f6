/* SPDX-License-Identifier: BSD-2-Clause */
/* The recorded history, opened for reading, with messages a person can act on. */
#ifndef CRI_CONSUMER_CLI_HISTORY_H
#define CRI_CONSUMER_CLI_HISTORY_H

#include "consumer/store/db.h"

struct command_common;

/* 0 and the database; else logs what is wrong and what to do, and returns an exit code. */
int history_open(const struct command_common *common, struct db **ret);

/* The same words and exit code for whoever failed to get so far. error: a negative errno. */
int history_not_opened(const struct command_common *common, int error);

/*
 * One warning when the recorder that writes db has stopped, died or fallen silent: what is missing from the
 * answer may still be in the ring. Nothing under --quiet, and nothing for a history that names no recorder.
 * now: nanoseconds since 1970.
 */
void history_warn_stale(const struct command_common *common, struct db *db, int64_t now, bool utc);

/*
 * After the last row: 0; or logs that what was read may be wrong, because the recorder had to shake off somebody's
 * lock meanwhile, and returns an exit code.
 */
int history_check(const struct command_common *common, const struct db *db);

/* Logs why reading failed, returns the exit code. */
int history_failed(const struct command_common *common, const struct db *db, int error);

/* For CLEANUP. */
void history_close(struct db **db);

#endif
