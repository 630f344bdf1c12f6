/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wires the stages: ring -> decode -> enrich -> store -> acknowledge. Promises that a record is acknowledged
 * only after the commit that contains it, and stored only once. Logs each change of state once.
 */
#ifndef CRI_CONSUMER_RECORD_PIPELINE_H
#define CRI_CONSUMER_RECORD_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/event.h"
#include "consumer/container/resolve.h"

struct db;
struct pipeline;
struct ring;
struct ring_counters;

struct pipeline_settings {
	const char *db_path;
	const char *boot_id;
	uint64_t generation; /* of the ring */
	uint64_t loaded_ns;  /* boot time since when there are records; 0: not known */
	uint64_t buffer_size;
	bool durability_full;
	uint64_t busy_limit_ns; /* after which a record that is never ready is stepped over; 0: five seconds */
	struct resolve_settings resolve;
};

/* Everything given must outlive it; names and scan may be NULL. -ENOMEM. */
int pipeline_open(const struct pipeline_settings *settings, struct ring *ring, const struct kernel_maps *maps,
		  struct cgroup_fs *fs, struct pipeline **ret);
void pipeline_close(struct pipeline *pipeline);

/*
 * Opens the database and finds the place in the ring to begin at. Failures are db.h's; a damaged database is
 * set aside and a new one made. pipeline_commit() does the same when it was not done or failed.
 */
int pipeline_start(struct pipeline *pipeline);

enum pipeline_due {
	PIPELINE_NOTHING, /* no record waits */
	PIPELINE_LATER,   /* some do, for the next flush */
	PIPELINE_NOW,     /* a commit is due at once */
};

/* Looks at what came into the ring. Cheap; stores nothing. */
enum pipeline_due pipeline_scan(struct pipeline *pipeline);

/*
 * Stores and acknowledges what was looked at. 0; -ERROR_RECORD_NEWER: the next record is from a newer version and the
 * recorder must stop; else the batch waits in the ring and the call is to be repeated later.
 */
int pipeline_commit(struct pipeline *pipeline);

/* Everything in the ring now. Like pipeline_commit. */
int pipeline_drain(struct pipeline *pipeline);

/* When nothing waits: tells what was lost, ends lives whose end was lost. Like pipeline_commit. */
int pipeline_reconcile(struct pipeline *pipeline);

/*
 * Something else that used the database failed with that error: it is closed, and opened again by the next commit.
 * 0: it is open again already, because what was in the way is not any more; else the error.
 */
int pipeline_report(struct pipeline *pipeline, int error);

/* Why the last commit failed, for people. */
const char *pipeline_message(const struct pipeline *pipeline);
/* NULL while it is not open. */
struct db *pipeline_db(struct pipeline *pipeline);
/* Wall time of the last commit; 0: none. */
int64_t pipeline_last_commit(const struct pipeline *pipeline);
/* Counts since the ring was made; false while the database is not open. */
bool pipeline_counters(struct pipeline *pipeline, unsigned int kind, struct ring_counters *ret);
/* Counts the records that are in the ring and not acknowledged. False: one is being written. */
bool pipeline_count_unread(struct pipeline *pipeline, uint64_t counts[EV_KIND_COUNT]);

#endif
