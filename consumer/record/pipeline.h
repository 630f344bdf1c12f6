/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connects the stages: ring -> decode -> enrich -> store -> acknowledge. A record is acknowledged only after the commit
 * that contains it, and is stored exactly once.
 */
#ifndef CRI_CONSUMER_RECORD_PIPELINE_H
#define CRI_CONSUMER_RECORD_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/event.h"
#include "consumer/container/resolve.h"
#include "consumer/record/batch.h"

struct db;
struct outages;
struct pipeline;
struct ring;
struct ring_counters;
struct row_check;

struct pipeline_settings {
	const char *db_path;
	const char *boot_id;
	uint64_t generation; /* of the ring */
	uint64_t loaded_ns;  /* boot time when the programs were loaded; 0: not known */
	uint64_t buffer_size; /* most records in one transaction */
	bool durability_full;
	uint64_t busy_limit_ns; /* an incomplete record older than this is skipped; 0: five seconds */
	struct resolve_settings resolve;
	const struct outages *outages; /* what the watch saw last; NULL: it is not watched */
};

/* Everything given must outlive it; maps and fs may be NULL. -ENOMEM. */
int pipeline_open(const struct pipeline_settings *settings, struct ring *ring, const struct kernel_maps *maps,
		  struct cgroup_fs *fs, struct pipeline **ret);
void pipeline_close(struct pipeline *pipeline);

/*
 * Opens the database and finds the position in the ring to begin at. Failures are db.h's; a damaged database is set
 * aside and a new one made. pipeline_commit() does the same whenever the database is not open.
 */
int pipeline_start(struct pipeline *pipeline);

/* Scans what has arrived in the ring. Cheap; stores nothing. */
enum batch_due pipeline_scan(struct pipeline *pipeline);

/* Little waits in the ring and nothing of it is urgent: there is time for upkeep. As cheap as pipeline_scan(). */
bool pipeline_is_quiet(struct pipeline *pipeline);

/*
 * Stores and acknowledges what was scanned. 0; -ERROR_RECORD_NEWER: the next record is from a newer version and the
 * recorder must stop; else the batch stays in the ring, and the call is to be repeated later.
 */
int pipeline_commit(struct pipeline *pipeline);

/* Stores everything that is in the ring now. Returns as pipeline_commit. */
int pipeline_drain(struct pipeline *pipeline);

/*
 * To be called when nothing waits: writes gap events for losses that no record shows and for outages, and container_stop
 * events for containers whose stop was lost. Returns as pipeline_commit.
 */
int pipeline_reconcile(struct pipeline *pipeline);

/*
 * Another user of pipeline_db() failed with that error: closes the database; the next commit opens it again. 0: it is
 * open again already, because the lock that was in the way is gone or a damaged database was set aside; else the error.
 */
int pipeline_report(struct pipeline *pipeline, int error);

/* The check of the rows that upkeep continues. */
struct row_check *pipeline_row_check(struct pipeline *pipeline);
/* The last call before a clean end: the next recorder need not check the rows. Failures are db.h's. */
int pipeline_end(struct pipeline *pipeline);

/* Why the last commit failed, as a sentence. */
const char *pipeline_message(const struct pipeline *pipeline);
/* NULL while it is not open. */
struct db *pipeline_db(struct pipeline *pipeline);
/* Wall time of the last commit; 0: none. */
int64_t pipeline_last_commit(const struct pipeline *pipeline);
/* The counters of a kind since the ring was made; false while the database is not open. */
bool pipeline_counters(struct pipeline *pipeline, unsigned int kind, struct ring_counters *ret);
/* Counts the records in the ring that are not acknowledged. False: one of them is incomplete. */
bool pipeline_count_unread(struct pipeline *pipeline, uint64_t counts[EV_KIND_COUNT]);

#endif
