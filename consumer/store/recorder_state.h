/* SPDX-License-Identifier: BSD-2-Clause */
/* What a recorder reports about itself, for readers: its heartbeat in the database and its fault file beside it. */
#ifndef CRI_CONSUMER_STORE_RECORDER_STATE_H
#define CRI_CONSUMER_STORE_RECORDER_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;

enum recorder_presence {
	RECORDER_NEVER, /* no recorder has written its state */
	RECORDER_STARTING, /* it has not written its state yet; the one that did was stopped */
	RECORDER_RUNNING,
	RECORDER_STOPPED, /* it ended regularly */
	RECORDER_SILENT,  /* no heartbeat for three intervals */
	RECORDER_GONE,	  /* its process does not exist any more */
};

struct recorder_state {
	enum recorder_presence state;
	bool loaded; /* whether the BPF programs were loaded at the last heartbeat */
	int64_t pid;
	int64_t time;	     /* of the last heartbeat, nanoseconds since 1970 */
	int64_t interval_ns; /* between heartbeats: the recorder's metrics_interval, or the caller's if it is not stored */
};

/* Counters of records by event type, in the recorder's state: sent = stored + rejected + unread. */
enum recorder_count { COUNT_SENT, COUNT_STORED, COUNT_REJECTED, COUNT_UNREAD, COUNT_LOST, COUNT_FILTERED, COUNT_COUNT };

extern const char *const recorder_count_names[COUNT_COUNT];

/*
 * Reads the state that the recorder stored and compares it with the age of the heartbeat, with the lock file and with
 * the process (kill(2), /proc/PID/comm). The age is measured by boot time, so that a step of the wall clock changes
 * nothing; by wall time where the state is from another boot. lock_path: "DATABASE.lock", which a recorder keeps locked while it runs;
 * NULL: not tried. now: nanoseconds since 1970. 0, or an error of db.h.
 */
int recorder_state_read(struct db *db, int64_t now, int64_t interval_ns, const char *lock_path, struct recorder_state *ret);

/* A recorder holds its lock beside the database, which need not exist yet. */
bool recorder_holds_lock(const char *db_path);

/*
 * Why the recorder cannot store at the moment. The database cannot hold that, so it stands in a small file beside it,
 * "DATABASE.trouble", which is filled up to its full size at the start so that a full disk can be reported too.
 */
#define RECORDER_FAULT_MAX 512

/* Creates the file, without a fault. Returns its descriptor, which the caller closes, or a negative errno. */
int recorder_fault_open(const char *db_path);
/* text NULL: the fault is over. The same fault again writes nothing. A failed write is ignored. fd negative: does nothing. */
void recorder_fault_write(int fd, const char *text);
/* Returns false when there is no fault or the file cannot be read. *ret_since: when it was noticed, wall time. */
bool recorder_fault_read(const char *db_path, char out[RECORDER_FAULT_MAX], int64_t *ret_since);

#endif
