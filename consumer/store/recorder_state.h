/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the recorder that writes a database is still there: its last word, compared with the system. */
#ifndef CRI_CONSUMER_STORE_RECORDER_STATE_H
#define CRI_CONSUMER_STORE_RECORDER_STATE_H

#include <stdbool.h>
#include <stdint.h>

struct db;

enum recorder_presence {
	RECORDER_NEVER, /* none has written a status */
	RECORDER_RUNNING,
	RECORDER_STOPPED, /* it said so itself */
	RECORDER_SILENT,  /* three of its intervals have passed without a word */
	RECORDER_GONE,	  /* its process is not there any more */
};

struct recorder_state {
	enum recorder_presence state;
	bool loaded; /* its last word about the programs */
	int64_t pid;
	int64_t time;	     /* of the last word, nanoseconds since 1970 */
	int64_t interval_ns; /* its own metrics_interval; else the one given */
};

/*
 * Reads the recorder's row and judges it: by its age, then by its process (kill(2), /proc/PID/comm).
 * lock_path: "DATABASE.lock", which a recorder holds as long as it lives, is tried too; NULL: it is left
 * alone. now: nanoseconds since 1970. 0, or what db.h says about a failed read.
 */
int recorder_state_read(struct db *db, int64_t now, int64_t interval_ns, const char *lock_path, struct recorder_state *ret);

#endif
