/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "consumer/clock.h"
#include "consumer/db.h"
#include "consumer/db_file.h"
#include "consumer/identity.h"
#include "consumer/store.h"

/* A reader that never ends lets the log grow: warned about at the first size, not tolerated from the second. */
#define LOG_WARN_BYTES  (64ULL << 20)
#define LOG_LIMIT_BYTES (256ULL << 20)

static void close_parts(struct session *session)
{
	identity_close(session->identity);
	store_close(session->store);
	db_close(session->db);
	session->identity = NULL;
	session->store = NULL;
	session->db = NULL;
}

void session_close(struct session *session)
{
	close_parts(session);
	store_close(session->previous);
	session->previous = NULL;
}

int session_fail(struct session *session, int error)
{
	const char *text = db_message(session->db);

	(void)snprintf(session->message, sizeof(session->message), "%s%s%s", strerror(-error), *text ? ": " : "", text);
	return error;
}

/*
 * Names the process that holds one of the locks a commit needs: bytes 120 to 122 of the log's index, says SQLite's
 * wal.c. Only while the database is closed: closing any descriptor of a file gives up all this process's locks on it.
 */
static void name_holder(struct session *session)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 120, .l_len = 3 };
	size_t used = strlen(session->message);
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s-shm", session->settings.db_path);

	if (n < 0 || (size_t)n >= sizeof(path))
		return;

	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0)
		(void)snprintf(session->message + used, sizeof(session->message) - used,
			       ": process %d holds a lock on \"%s\", end it", (int)lock.l_pid, path);
}

void session_abandon(struct session *session, int error)
{
	if (session->db)
		db_rollback(session->db);
	if (session->store && store_knows_ring(session->store)) {
		store_close(session->previous);
		session->previous = TAKE_PTR(session->store);
		store_detach(session->previous);
	}
	close_parts(session);
	if (error == -EBUSY)
		name_holder(session);
	session->damaged = error == -EBADMSG;
}

/* A damaged file is evidence: it is set aside, never deleted. */
static int open_database(struct session *session)
{
	const char *path = session->settings.db_path;
	int r = session->damaged ? -EBADMSG : db_open_write(path, &session->db);
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

int session_open(struct session *session)
{
	int r = open_database(session);

	if (!r)
		r = identity_open(session->db, session->settings.boot_id, &session->identity);
	if (!r)
		r = store_open(session->db, session->settings.generation, identity_boot(session->identity),
			       &session->store);
	if (!r) {
		session->replaced = session->previous && !store_knows_ring(session->store);
		r = session->replaced ? store_move(session->previous, session->store) : 0;
	}
	if (r) {
		(void)session_fail(session, r);
		close_parts(session);
		if (r == -EBUSY)
			name_holder(session);
		session->damaged = r == -EBADMSG;
	}
	return r;
}

void session_settled(struct session *session)
{
	store_close(session->previous);
	session->previous = NULL;
	session->replaced = false;
}

static int check_log(struct session *session)
{
	uint64_t database, log;

	db_file_sizes(session->db, &database, &log);
	if (log > LOG_LIMIT_BYTES) {
		(void)db_exec(session->db, "PRAGMA wal_checkpoint(TRUNCATE)");
		db_file_sizes(session->db, &database, &log);
	}
	if (log > LOG_WARN_BYTES && !session->log_warned)
		log_warning("\"%s-wal\" has grown to %llu bytes because some reader keeps the database open in one"
			    " long query: end it, or recording stops at %llu bytes",
			    session->settings.db_path, (unsigned long long)log, (unsigned long long)LOG_LIMIT_BYTES);
	session->log_warned = log > LOG_WARN_BYTES;
	return log > LOG_LIMIT_BYTES ? -EBUSY : 0;
}

int session_check(struct session *session)
{
	if (db_moved(session->db)) {
		log_warning("database \"%s\" was moved or deleted: a new one is begun, with a note of the gap",
			    session->settings.db_path);
		return -ESTALE;
	}
	return check_log(session);
}
