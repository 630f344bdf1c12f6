/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "consumer/container/container_rows.h"
#include "consumer/store/db.h"
#include "consumer/store/db_files.h"
#include "consumer/store/ring_rows.h"
#include "consumer/store/wal_index.h"
#include "consumer/test_hook.h"
#include "consumer/text/clock.h"

/* A reader that never ends lets the log grow: warned about at this size, put out at that many times as much. */
#define LOG_WARN_BYTES (64ULL << 20)
#define LOG_LIMIT      4
#define LOG_TRY_NS     5000000000ULL
/* Whoever held one lock may hold the next: for so long after it nobody's lock is waited for as long as before. */
#define HASTE_NS	  600000000000ULL
#define HASTE_PATIENCE_MS 100
#define TOLD_INTERVAL_NS  3600000000000ULL
/* Readers are kept from a new index for so long when one held the last as well: twice as long each time. */
#define SHARE_DELAY_NS	  1000000000ULL
#define SHARE_DELAY_LIMIT 300000000000ULL

/* Only while the database is closed. */
static void drop_index(struct session *session)
{
	if (session->index_kept)
		(void)close(session->index_fd);
	session->index_kept = session->index_private = false;
}

static void keep_index(struct session *session, int fd)
{
	drop_index(session);
	session->index_kept = session->index_private = fd >= 0;
	session->index_fd = fd;
}

static void share_index(struct session *session)
{
	if (session->index_private)
		session->index_private = wal_index_share(session->settings.db_path, session->index_fd) != 0;
}

static void close_parts(struct session *session)
{
	container_rows_close(session->identity);
	ring_rows_close(session->store);
	db_close(session->db);
	session->identity = NULL;
	session->store = NULL;
	session->db = NULL;
	if (!session->index_private)
		drop_index(session);
}

/* Without a recorder there is nobody whom a reader's lock stops. */
void session_close(struct session *session)
{
	close_parts(session);
	share_index(session);
	drop_index(session);
	ring_rows_close(session->previous);
	session->previous = NULL;
}

int session_fail(struct session *session, int error)
{
	const char *text = db_message(session->db);

	(void)snprintf(session->message, sizeof(session->message), "%s%s%s", strerror(-error), *text ? ": " : "", text);
	return error;
}

static void __attribute__((format(printf, 2, 3))) add_message(struct session *session, const char *format, ...)
{
	size_t used = strlen(session->message);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(session->message + used, sizeof(session->message) - used, format, args);
	va_end(args);
}

static void note_replaced(struct session *session)
{
	uint64_t first = test_number("CRI_TEST_SHARE_DELAY", SHARE_DELAY_NS), now = clock_boot_ns();
	uint64_t delay = session->share_delay_ns ? 2 * session->share_delay_ns : first;

	if (delay > SHARE_DELAY_LIMIT)
		delay = SHARE_DELAY_LIMIT;
	session->share_delay_ns = session->replaced_ns && now - session->replaced_ns < HASTE_NS ? delay : 0;
	session->replaced_ns = now;
}

static void tell_replaced(struct session *session, pid_t holder)
{
	char who[64] = "a process that cannot be named";

	if (session->replaced_told_ns && session->replaced_ns - session->replaced_told_ns < TOLD_INTERVAL_NS)
		return;
	session->replaced_told_ns = session->replaced_ns;
	if (holder > 0)
		(void)snprintf(who, sizeof(who), "process %d", (int)holder);
	log_warning(
		"%s held a lock on \"%s-shm\" that recording cannot do without: that file was replaced and recording"
		" goes on; whoever had the database open must open it again, and what was being read then may be"
		" wrong",
		who, session->settings.db_path);
}

/*
 * Whoever reads the history can hold a lock that stops every commit, or so many checkpoints that the log grows
 * without end. Only shared ones, though: somebody who may write is waited for and named.
 */
static int replace_index(struct session *session, enum wal_index_hold enough)
{
	const char *path = session->settings.db_path;
	pid_t holder;
	enum wal_index_hold hold = wal_index_inspect(path, &holder);
	int fd = -1;
	int r = hold >= enough ? wal_index_replace(path, &fd) : -EBUSY;

	if (fd >= 0)
		keep_index(session, fd);
	if (r == 0) {
		note_replaced(session);
		tell_replaced(session, holder);
	} else if (hold == DB_INDEX_WRITTEN && holder > 0) {
		add_message(session, ": process %d holds a lock on \"%s-shm\", end it", (int)holder, path);
	}
	return r;
}

/* A reader's ordinary lock is only to blame when nothing else is: not at the first time. */
static void look_at_holder(struct session *session, int error)
{
	session->busy = error == -EBUSY ? session->busy + 1 : 0;
	session->index_replaced =
		session->busy > 0 && replace_index(session, session->busy > 1 ? DB_INDEX_READ : DB_INDEX_KEPT) == 0;
}

bool session_try_again(struct session *session)
{
	bool again = session->index_replaced;

	session->index_replaced = false;
	return again;
}

void session_abandon(struct session *session, int error)
{
	if (session->db)
		db_rollback(session->db);
	/* What was only carried over is still the one before it. */
	if (session->store && ring_rows_knows_ring(session->store) && !session->replaced) {
		ring_rows_close(session->previous);
		session->previous = TAKE_PTR(session->store);
		ring_rows_detach(session->previous);
	}
	close_parts(session);
	if (session->log_blocked)
		(void)replace_index(session, DB_INDEX_READ);
	session->log_blocked = false;
	look_at_holder(session, error);
	session->damaged = error == -EBADMSG;
}

/*
 * What a power cut left of the log may be less than an index from before it says. And a recorder that was killed may
 * have left one that it had begun to replace.
 */
static void refuse_old_index(struct session *session)
{
	const char *path = session->settings.db_path;
	bool stale = !session->opened && wal_index_is_stale(path, clock_wall_ns() - (int64_t)clock_boot_ns());
	int fd = -1;

	if (stale || wal_index_is_spoiled(path))
		(void)wal_index_replace(path, &fd);
	if (fd >= 0)
		keep_index(session, fd);
}

/* A recorder that was killed may have left one that its readers still wait for. */
static void find_private_index(struct session *session)
{
	if (!session->index_private)
		keep_index(session, wal_index_open_private(session->settings.db_path));
}

/* A lock is no sign of damage, and checking all pages once more would be time that a reader can take from recording. */
static int open_for_recording(struct session *session)
{
	const char *path = session->settings.db_path;

	return session->opened && session->busy ? db_open_write_again(path, &session->db)
						: db_open_write(path, &session->db);
}

/* A damaged file is evidence: it is set aside, never deleted. */
static int open_database(struct session *session)
{
	const char *path = session->settings.db_path;
	int r = session->damaged ? -EBADMSG : open_for_recording(session);
	char aside[4200];

	if (r == -ENOTUNIQ && db_file_was_database(path))
		r = -EBADMSG;
	if (r != -EBADMSG)
		return r;
	r = db_file_set_aside(path, clock_wall_ns() / 1000000000, aside, sizeof(aside));
	if (r)
		return r;
	session->damaged = false;
	log_error("database \"%s\" is damaged: it was moved to \"%s\" and a new one is begun; what is left in it can"
		  " be read with sqlite3 and its command .recover",
		  path, aside);
	return db_open_write(path, &session->db);
}

/* This process has stored more of the ring than the file says: it is not the file it stored into. */
static bool is_behind(const struct session *session)
{
	return session->previous && (!ring_rows_knows_ring(session->store) ||
				     ring_rows_position(session->store) < ring_rows_saved_position(session->previous));
}

int session_open(struct session *session)
{
	refuse_old_index(session);
	find_private_index(session);

	int r = open_database(session);

	if (!r)
		r = container_rows_open(session->db, session->settings.boot_id, &session->identity);
	if (!r)
		r = ring_rows_open(session->db, session->settings.generation, container_rows_boot(session->identity),
			       &session->store);
	if (!r) {
		session->replaced = is_behind(session);
		r = session->replaced ? ring_rows_move(session->previous, session->store) : 0;
	}
	if (r) {
		(void)session_fail(session, r);
		close_parts(session);
		look_at_holder(session, r);
		session->damaged = r == -EBADMSG;
		return r;
	}
	session->opened = true;
	if (session->replaced_ns && clock_boot_ns() - session->replaced_ns < HASTE_NS)
		db_set_busy_timeout(session->db, HASTE_PATIENCE_MS);
	return 0;
}

void session_settled(struct session *session)
{
	session->busy = 0;
	ring_rows_close(session->previous);
	session->previous = NULL;
	session->replaced = false;
}

/*
 * The log goes into the database while both are still open: what is left of it beside the path belongs to no file
 * there, and the next to open that would take it for its own.
 */
static void empty_log(struct session *session)
{
	const char *path = session->settings.db_path;
	uint64_t database, log;
	char aside[4200];

	(void)db_exec(session->db, "PRAGMA wal_checkpoint(TRUNCATE)");
	db_file_sizes(session->db, &database, &log);
	if (log == 0 || db_wal_moved(session->db))
		return;
	if (db_file_set_wal_aside(path, clock_wall_ns() / 1000000000, aside, sizeof(aside)) == 0)
		log_warning(
			"\"%s-wal\" could not be emptied into the database it belongs to: it was moved to \"%s-wal\", and what it"
			" holds is in neither database",
			path, aside);
}

static int check_files(struct session *session)
{
	const char *path = session->settings.db_path;

	if (db_moved(session->db)) {
		log_warning("database \"%s\" was moved or deleted: a new one is begun, with a note of the gap", path);
		empty_log(session);
		return -ESTALE;
	}
	if (db_wal_moved(session->db) || db_wal_index_moved(session->db)) {
		log_warning("\"%s-wal\" or \"%s-shm\" was moved or deleted: what was stored is kept, and both are made"
			    " anew",
			    path, path);
		(void)db_exec(session->db, "PRAGMA wal_checkpoint(TRUNCATE)");
		return -ESTALE;
	}
	return 0;
}

/* The readers' locks are the only thing that keeps a log from being emptied, and not for ever. */
static int check_log(struct session *session)
{
	uint64_t warn = test_number("CRI_TEST_LOG_WARN", LOG_WARN_BYTES), limit = LOG_LIMIT * warn;
	uint64_t database, log;

	db_file_sizes(session->db, &database, &log);
	if (log > limit) {
		(void)db_exec(session->db, "PRAGMA wal_checkpoint(TRUNCATE)");
		db_file_sizes(session->db, &database, &log);
	}
	if (log > warn && !session->log_warned)
		log_warning("\"%s-wal\" has grown to %llu bytes because some reader keeps the database open in one"
			    " long query: end it, or it is put out at %llu bytes",
			    session->settings.db_path, (unsigned long long)log, (unsigned long long)limit);
	session->log_warned = log > warn;
	if (log <= limit)
		return 0;
	if (session->log_tried_ns && clock_boot_ns() - session->log_tried_ns < LOG_TRY_NS)
		return -EBUSY;
	session->log_tried_ns = clock_boot_ns();
	session->log_blocked = true;
	return -ESTALE;
}

void session_committed(struct session *session)
{
	if (session->index_private && clock_boot_ns() - session->replaced_ns >= session->share_delay_ns)
		share_index(session);
}

int session_check(struct session *session)
{
	session_committed(session); /* the last one, when nothing has been stored since */

	int r = check_files(session);

	return r ? r : check_log(session);
}
