/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The database while it is open for recording: from an open to the first failure. After a failure nothing in
 * memory is trusted, it may be ahead of the database: all is read from there again. Logs what happens to the
 * file.
 */
#ifndef CRI_CONSUMER_RECORD_SESSION_H
#define CRI_CONSUMER_RECORD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "consumer/store/wal_guard.h"

struct db;
struct container_rows;
struct ring_rows;

/* Texts must outlive the session. */
struct session_settings {
	const char *db_path;
	const char *boot_id;
	uint64_t generation; /* of the ring */
};

/* Zero but for the settings: not open. */
struct session {
	struct session_settings settings;
	struct db *db; /* NULL: not open */
	struct container_rows *container_rows;
	struct ring_rows *ring_rows;
	bool replaced;		/* the database does not know of what this recorder stored before */
	struct ring_rows *previous; /* what the last commit left when the session before failed */
	bool damaged;		/* the file was found damaged in use */
	bool opened;		/* once at least */
	struct wal_guard guard;
	char message[256]; /* why the last call failed, for people */
};

/* A damaged database is set aside and a new one made. Failures are db.h's; then nothing is open. */
int session_open(struct session *session);
/* What session_open carried over is stored now. */
void session_started(struct session *session);

/* After a transaction: readers who were kept from a new index may have it, unless one has just locked the last. */
void session_committed(struct session *session);

/*
 * Before each transaction: 0; -ERROR_DB_REOPEN: the file was moved or deleted, or its index must be changed: abandon the
 * session and open it again; -EBUSY: its log is too large and cannot be made smaller.
 */
int session_check(struct session *session);
/* The last call failed because of a lock that is out of the way now. True once for each. */
bool session_try_again(struct session *session);

/* Notes why something failed. Returns error. */
int session_fail(struct session *session, int error);
/* Ends it after a failure: what was not committed is gone. */
void session_abandon(struct session *session, int error);
void session_close(struct session *session);

#endif
