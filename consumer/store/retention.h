/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps the database within its age and size, in steps so small that recording never waits for them. The oldest events
 * by arrival are deleted first; counters of what was stored are not changed.
 *
 * When the database is too large: first names (rows of cgroups, container instances and pods) that no row refers to,
 * then events by their retention (event_storage.h). Names of existing cgroups are never deleted, and do not cause events
 * to be deleted: events keep half of the size.
 */
#ifndef CRI_CONSUMER_STORE_RETENTION_H
#define CRI_CONSUMER_STORE_RETENTION_H

#include <stdint.h>

struct db;
struct event_storage;

/* The most events or names that one step deletes; a slow step is followed by smaller ones. */
#define RETENTION_STEP_ROWS 2000

struct retention_settings {
	uint64_t age_ns; /* 0: no bound */
	uint64_t size;   /* bytes of the database and its WAL; 0: no bound */
	/* How events are stored, NULL-terminated: which types go first, and where their rows are. */
	const struct event_storage *const *storages;
};

/* What was deleted because of the size. */
struct retention_report {
	uint64_t removed;  /* events since the last report or since the database was opened */
	int64_t all_since; /* wall time since which all events are still there; 0: there are no events */
	int64_t oldest;    /* wall time of the oldest event; 0: there are none */
};

/* Wall time before which events are too old; INT64_MIN: the age has no bound. */
int64_t retention_cutoff(const struct retention_settings *settings, int64_t now);

/*
 * One step in a transaction of its own. now: wall time. 1: there is more to do; 0: done; else an error of db.h. The
 * progress is kept in memory by the connection.
 */
int retention_step(struct db *db, const struct retention_settings *settings, int64_t now);

/* Reads the report and resets it. Only between steps. 0 or an error of db.h. */
int retention_take_report(struct db *db, struct retention_report *ret);

#endif
