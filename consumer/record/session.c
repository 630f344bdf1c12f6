/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/session.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "consumer/container/container_rows.h"
#include "consumer/record/kind.h"
#include "consumer/store/clean_stop.h"
#include "consumer/store/db.h"
#include "consumer/store/db_files.h"
#include "consumer/store/db_origin.h"
#include "consumer/store/ring_rows.h"
#include "consumer/text/clock.h"
#include "consumer/text/error.h"

static void close_parts(struct session *session)
{
	container_rows_close(session->container_rows);
	ring_rows_close(session->ring_rows);
	db_close(session->db);
	session->container_rows = NULL;
	session->ring_rows = NULL;
	session->db = NULL;
	wal_guard_closed(&session->guard);
}

void session_close(struct session *session)
{
	close_parts(session);
	wal_guard_end(&session->guard);
	ring_rows_close(session->previous);
	session->previous = NULL;
}

int session_fail(struct session *session, int error)
{
	/* SQLite calls either full. */
	bool told = error == -ENOSPC || error == -ERROR_DB_FILE_LIMIT;
	const char *text = told ? "" : db_message(session->db);
	char reason[DB_FILES_REASON_MAX];

	(void)snprintf(session->message, sizeof(session->message), "%s%s%s",
		       db_files_reason(session->settings.db_path, error, reason), *text ? ": " : "", text);
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

/* Says whose file it seems to be. */
static void add_origin(struct session *session, int error)
{
	struct db_origin origin;
	char text[DB_ORIGIN_TEXT_MAX];

	if (!db_origin_is_refused(error) || db_origin_read(session->settings.db_path, &origin) != 0)
		return;
	db_origin_format(&origin, text);
	add_message(session, " (%s)", text);
}

/* Breaks a lock that caused the failure, or adds to the message which process must be ended. */
static void note_failure(struct session *session, int error)
{
	wal_guard_failed(&session->guard, error);
	if (session->guard.writer > 0)
		add_message(session, ": process %d holds a lock on \"%s-shm\", end it", (int)session->guard.writer,
			    session->settings.db_path);
}

/* While the database is open: remembers the file, because another one may lie at the path when it is opened again. */
static void note_damage(struct session *session, int error)
{
	bool damaged = error == -ERROR_DB_CORRUPT && session->db && !db_moved(session->db);

	session->damaged = damaged ? db_file_identify(session->settings.db_path, DB_FILE_DATABASE) : (struct db_file_id){ 0 };
}

bool session_try_again(struct session *session)
{
	return wal_guard_take_retry(&session->guard) || session->damaged.inode;
}

void session_abandon(struct session *session, int error)
{
	if (session->db)
		db_rollback(session->db);
	note_damage(session, error);
	/* Keeps the committed counters; if they were only carried over into this session, `previous` has them still. */
	if (session->ring_rows && ring_rows_knows_ring(session->ring_rows) && !session->replaced) {
		ring_rows_close(session->previous);
		session->previous = TAKE_PTR(session->ring_rows);
		ring_rows_detach(session->previous);
	}
	close_parts(session);
	note_failure(session, error);
}

/* What is ours but cannot be recorded into is set aside, never deleted. */
static const struct aside {
	int error;
	enum log_level level;
	const char *label, *reason, *rest;
} asides[] = {
	{ -ERROR_DB_CORRUPT, LOG_LEVEL_ERROR, "corrupt", "is damaged",
	  "what is left in it can be read with sqlite3 and its command .recover" },
	{ -ERROR_DB_LEFT, LOG_LEVEL_ERROR, "corrupt", "is gone, and only its WAL or its journal is left",
	  "without its database that cannot be read" },
	{ -ERROR_DB_OLDER, LOG_LEVEL_WARNING, "older",
	  "was made by an older version of cri-ebpf, whose tables this one does not read",
	  "nothing of it is lost: the cri-ebpf that made it and sqlite3 can read it there" },
};

static const struct aside *find_aside(int error)
{
	for (size_t i = 0; i < ARRAY_SIZE(asides); i++)
		if (asides[i].error == error)
			return &asides[i];
	return NULL;
}

static void name_aside(const struct aside *aside, const char *path, char *out, size_t size)
{
	struct db_origin origin;
	bool versioned = aside->error == -ERROR_DB_OLDER && db_origin_read(path, &origin) == 0 &&
			 db_origin_judge_write(&origin) == aside->error;

	if (versioned)
		(void)snprintf(out, size, "v%u", origin.header.version);
	else
		(void)snprintf(out, size, "%s", aside->label);
}

static int begin_anew(struct session *session, const struct aside *aside)
{
	const char *path = session->settings.db_path;
	char label[16], to[PATH_MAX];
	int r;

	name_aside(aside, path, label, sizeof(label));
	r = db_file_set_aside(path, label, clock_wall_ns() / 1000000000, to, sizeof(to));
	if (r)
		return r;
	session->damaged = (struct db_file_id){ 0 };
	session->older = aside->error == -ERROR_DB_OLDER;
	log_print(aside->level, "database \"%s\" %s: it was moved to \"%s\" and a new one is begun; %s", path, aside->reason,
		  to, aside->rest);
	return db_open_write(path, &session->db);
}

/* Before anything is opened or repaired: whose database it is, and whether it was found damaged before. */
static int check_database(const struct session *session)
{
	const char *path = session->settings.db_path;
	int r = db_origin_check_write(path);

	if (r || !session->damaged.inode)
		return r;
	return db_file_is_same(session->damaged, db_file_identify(path, DB_FILE_DATABASE)) ? -ERROR_DB_CORRUPT : 0;
}

static int open_database(struct session *session)
{
	int r = check_database(session);
	const struct aside *aside;

	if (!r) {
		wal_guard_prepare(&session->guard, !session->opened);
		r = db_open_write(session->settings.db_path, &session->db);
	}
	aside = find_aside(r);
	return aside ? begin_anew(session, aside) : r;
}

/* Whether this process has stored more of the ring than the file says, because it is another file. */
static bool is_behind(const struct session *session)
{
	return session->previous && (!ring_rows_knows_ring(session->ring_rows) ||
				     ring_rows_position(session->ring_rows) < ring_rows_saved_position(session->previous));
}

/* One that is missing may come back. */
static int check_directory(const struct session *session)
{
	struct db_file_id now = db_file_identify_directory(session->settings.db_path);

	return now.inode && !db_file_is_same(session->directory, now) ? -ERROR_DB_DIRECTORY : 0;
}

int session_open(struct session *session)
{
	session->guard.db_path = session->settings.db_path;
	if (!session->directory.inode)
		session->directory = db_file_identify_directory(session->settings.db_path);

	bool clean = false;
	int r = check_directory(session);

	if (!r)
		r = open_database(session);
	if (!r)
		r = clean_stop_take(session->db, &clean);
	if (!r)
		r = container_rows_open(session->db, session->settings.boot_id, &session->container_rows);
	if (!r)
		r = ring_rows_open(session->db, session->settings.generation, container_rows_boot(session->container_rows),
			       kind_storages, &session->ring_rows);
	if (!r) {
		session->replaced = is_behind(session);
		if (!session->opened || session->replaced)
			session->check = (struct row_check){ .done = clean };
		r = session->replaced ? ring_rows_move(session->previous, session->ring_rows) : 0;
	}
	if (r) {
		(void)session_fail(session, r);
		add_origin(session, r);
		note_damage(session, r);
		close_parts(session);
		note_failure(session, r);
		return r;
	}
	session->opened = true;
	session->damaged = (struct db_file_id){ 0 };
	wal_guard_opened(&session->guard, session->db);
	return 0;
}

int session_end(struct session *session)
{
	return session->check.done ? clean_stop_write(session->db) : 0;
}

void session_started(struct session *session)
{
	wal_guard_settled(&session->guard);
	ring_rows_close(session->previous);
	session->previous = NULL;
	session->replaced = session->older = false;
}

/*
 * Writes the WAL into the database while both are still open. A WAL that is left at the path would be taken for that of
 * the next database there.
 */
static void empty_wal(struct session *session)
{
	const char *path = session->settings.db_path;
	uint64_t database, wal;
	char aside[PATH_MAX];

	(void)db_exec(session->db, "PRAGMA wal_checkpoint(TRUNCATE)");
	db_file_sizes(session->db, &database, &wal);
	if (wal == 0 || db_wal_moved(session->db))
		return;
	if (db_file_set_wal_aside(path, "corrupt", clock_wall_ns() / 1000000000, aside, sizeof(aside)) == 0)
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
		empty_wal(session);
		return -ERROR_DB_REOPEN;
	}
	if (db_wal_moved(session->db) || db_wal_index_moved(session->db)) {
		log_warning("\"%s-wal\" or \"%s-shm\" was moved or deleted: what was stored is kept, and both are made"
			    " anew",
			    path, path);
		(void)db_exec(session->db, "PRAGMA wal_checkpoint(TRUNCATE)");
		return -ERROR_DB_REOPEN;
	}
	return 0;
}

void session_committed(struct session *session)
{
	wal_guard_share(&session->guard);
}

int session_check(struct session *session)
{
	session_committed(session); /* for the last commit, when nothing has been stored since */

	int r = check_directory(session);

	if (!r)
		r = check_files(session);
	return r ? r : wal_guard_check_size(&session->guard, session->db);
}
