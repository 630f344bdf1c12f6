/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The database while it is open for recording: from an opening to the first failure. After a failure the state in memory
 * may be ahead of the database, so everything is read from there again. Logs what happens to the file.
 */
#ifndef CRI_CONSUMER_RECORD_SESSION_H
#define CRI_CONSUMER_RECORD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "consumer/store/db_files.h"
#include "consumer/store/row_check.h"
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
	bool replaced;		/* the database lacks what this recorder has stored before */
	bool older;		/* one of an older version was set aside for it */
	struct ring_rows *previous; /* counters and position after the last commit of the session before */
	struct db_file_id damaged; /* found damaged in use; inode 0: none */
	struct db_file_id directory; /* of the database when it was opened first */
	bool opened;		/* once at least */
	struct row_check check; /* of the rows, which upkeep continues; done at once after a clean stop */
	struct wal_guard guard;
	char message[512]; /* why the last call failed, as a sentence */
};

/*
 * A damaged database of ours, or one of an older version, is set aside and a new one made. Failures are db.h's and those of
 * db_origin_judge_write(); then nothing is open. -ERROR_DB_DIRECTORY: another directory is now where that of the database
 * was. Its files are out of reach for a process whose sandbox admits the first one: only a new process can go on.
 */
int session_open(struct session *session);
/* The first transaction of the session, with what session_open carried over, is committed. */
void session_started(struct session *session);

/* After a transaction: lets readers open a new wal-index, unless one of them has just locked the last one. */
void session_committed(struct session *session);

/*
 * Before each transaction: 0; -ERROR_DB_REOPEN: the file was moved or deleted, or its wal-index must be replaced:
 * abandon the session and open it again; -EBUSY: its WAL is too large and cannot be truncated; -ERROR_DB_DIRECTORY.
 */
int session_check(struct session *session);
/*
 * The failed call can be repeated at once: the lock that was in the way has been broken since, or the database is damaged
 * and the next opening sets it aside.
 */
bool session_try_again(struct session *session);

/* Sets the message. Returns error. */
int session_fail(struct session *session, int error);
/* The last transaction: the recorder ends in good order. */
int session_end(struct session *session);
/* Ends the session after a failure and rolls back. */
void session_abandon(struct session *session, int error);
void session_close(struct session *session);

#endif
