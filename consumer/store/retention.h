/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps the database within its age and size, in steps so small that recording never waits for them. What is
 * oldest by arrival goes first; counts of what was ever stored are not touched.
 *
 * When it is too large, what nobody will miss goes first: names to which nothing refers; then exits that no OOM
 * kill caused, and forks; then memory pressure; and only when none of these is left everything else. Names of what
 * lives do not go, and no event goes in their place: events have half of the size for themselves.
 */
#ifndef CRI_CONSUMER_STORE_RETENTION_H
#define CRI_CONSUMER_STORE_RETENTION_H

#include <stdint.h>

struct db;
struct event_storage;

/* The most events, or names, that one step removes; fewer where they take long. */
#define RETENTION_STEP_ROWS 2000

struct retention_settings {
	uint64_t age_ns; /* 0: for ever */
	uint64_t size;   /* bytes of the database and its log; 0: no bound */
	/* How events are stored, NULL-terminated: which types go first, and where their rows are. */
	const struct event_storage *const *storages;
};

/* What the bound of size cost. */
struct retention_report {
	uint64_t removed;  /* events, since the last report or the opening of the database */
	int64_t all_since; /* wall time; what was recorded from then on is complete; 0: nothing is left */
	int64_t oldest;    /* of all events that are left; 0: none */
};

/*
 * One step, a transaction of its own. now: wall time. 1: there is more to do, 0: nothing; else db.h's. Where it
 * stands is kept with the open database, in memory.
 */
int retention_step(struct db *db, const struct retention_settings *settings, int64_t now);

/* Takes the report: the next one begins at zero. Only between steps. Failures are db.h's. */
int retention_take_report(struct db *db, struct retention_report *ret);

#endif
