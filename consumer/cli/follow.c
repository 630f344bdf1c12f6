/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/cli/follow.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "consumer/cli/history.h"
#include "consumer/sandbox/process_limit.h"
#include "consumer/text/error.h"

#define LINES_DEFAULT 10 /* past events shown first, for orientation */
#define POLL_MS	      50 /* without inotify events: longest delay until a commit is shown */
#define POLL_SOON_MS  2	 /* the WAL was written to, but the commit may not be visible yet */
#define SOON_COUNT    25

struct follow {
	struct listing *listing;
	query_row *each;
	void *context;
	int watch;	 /* inotify on the database's directory, -1: none */
	int64_t version; /* PRAGMA data_version of the last scan */
	int64_t last_id;
	unsigned int soon;
	bool said_waiting;
};

static void watch_directory(struct follow *follow)
{
	char directory[4096];
	char *slash;

	(void)snprintf(directory, sizeof(directory), "%s", follow->listing->path);
	slash = strrchr(directory, '/');
	if (slash)
		slash[slash == directory] = '\0';
	follow->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (follow->watch >= 0)
		(void)inotify_add_watch(follow->watch, slash ? directory : ".", IN_MODIFY | IN_CREATE | IN_MOVED_TO);
}

/* Returns when something may have been committed. -EPIPE: the reader of the output has closed it. */
static int wait_for_change(struct follow *follow)
{
	struct pollfd ends[] = {
		{ .fd = fileno(follow->listing->output.out), .events = 0 },
		{ .fd = follow->watch, .events = POLLIN },
	};
	char drain[4096];
	int n;

	process_limit_cpu_renew();
	n = poll(ends, ARRAY_SIZE(ends), follow->soon ? POLL_SOON_MS : POLL_MS);

	if (follow->soon)
		follow->soon--;
	if (n > 0 && (ends[0].revents & (POLLERR | POLLHUP)))
		return -EPIPE;
	if (n > 0 && (ends[1].revents & POLLIN)) {
		while (read(follow->watch, drain, sizeof(drain)) > 0)
			;
		follow->soon = SOON_COUNT;
	}
	return 0;
}

static bool is_no_history(int r)
{
	return r == -ERROR_DB_FOREIGN || r == -ERROR_DB_EMPTY || r == -ERROR_DB_NONE;
}

static bool is_temporary(int r)
{
	return r == -ENOENT || r == -EBUSY || r == -ERROR_DB_PRIVATE || is_no_history(r);
}

/* Returns 1 when open, 0 when there is no database yet, or a negative errno. A file just created is empty for a moment. */
static int try_open(struct follow *follow)
{
	struct listing *listing = follow->listing;
	int r = db_open_read(listing->path, &listing->db);

	if (r == 0)
		return 1;
	if (!is_temporary(r) || (is_no_history(r) && !follow->said_waiting))
		return history_open(listing->path, &listing->db) ? -ECANCELED : 1;
	if (!follow->said_waiting)
		log_info(r == -ERROR_DB_PRIVATE ? "the recorder does not admit readers to \"%s\" at the moment; waiting"
				      : "\"%s\" does not exist; waiting for a recorder to create it",
			 listing->path);
	follow->said_waiting = true;
	return 0;
}

static int wait_for_database(struct follow *follow)
{
	int r;

	while ((r = try_open(follow)) == 0) {
		r = wait_for_change(follow);
		if (r < 0)
			return r;
		follow->soon = 0; /* a missing file needs no haste */
	}
	follow->version = -1;
	return r < 0 ? r : 0;
}

static int show_pages(struct follow *follow, struct query *query)
{
	int r, written;

	do {
		r = query_page(query, follow->each, follow->context);
		written = print_flush(follow->listing->print);
		if (written < 0)
			return written;
	} while (r > 0);
	return r;
}

/* Shows the past events that the options ask for, up to last_id. */
static int show_past(struct follow *follow)
{
	CLEANUP(query_cleanup) struct query *query = NULL;
	const struct filter_options *options = follow->listing->filter_options;
	uint64_t lines = options->lines;
	int r;

	if (lines == FILTER_ALL && !options->since[0] && !options->boot[0])
		lines = LINES_DEFAULT;
	r = query_open(follow->listing->db, &follow->listing->filter, 0, follow->last_id, lines != FILTER_ALL, &query);
	if (r == 0 && lines != FILTER_ALL)
		r = query_last(query, lines, false);
	return r < 0 ? r : show_pages(follow, query);
}

static int show_new(struct follow *follow)
{
	CLEANUP(query_cleanup) struct query *query = NULL;
	struct listing *listing = follow->listing;
	int64_t version = 0, last_id = 0;
	int r = db_number(listing->db, 0, &version, "PRAGMA data_version");

	if (r < 0 || version == follow->version)
		return r;
	r = query_last_id(listing->db, &last_id);
	if (r < 0)
		return r;
	follow->version = version;
	if (last_id <= follow->last_id)
		return 0;
	follow->soon = 0;
	r = query_open(listing->db, &listing->filter, follow->last_id, last_id, false, &query);
	if (r == 0)
		r = show_pages(follow, query);
	if (r == 0)
		follow->last_id = last_id;
	return r;
}

/*
 * When the path names another file or none: reads the rest of the old file, then waits for the new one. When only the
 * wal-index was replaced, the rest is read through the new one.
 */
static int reopen_database(struct follow *follow)
{
	struct listing *listing = follow->listing;
	int64_t last_id = 0;
	int r = db_moved(listing->db) ? show_new(follow) : 0;

	if (r == -EPIPE)
		return r;
	db_close(listing->db);
	listing->db = NULL;
	r = wait_for_database(follow);
	if (r == 0)
		r = query_last_id(listing->db, &last_id);
	if (r == 0 && last_id < follow->last_id)
		follow->last_id = 0; /* a new file whose ids begin again */
	return r;
}

static bool wal_index_replaced(const struct follow *follow)
{
	return follow->listing->db && db_wal_index_moved(follow->listing->db);
}

static int follow_database(struct follow *follow)
{
	int r = wait_for_database(follow);

	if (r == 0)
		r = query_last_id(follow->listing->db, &follow->last_id);
	if (r == 0)
		r = show_past(follow);
	while (r == 0) {
		r = wait_for_change(follow);
		if (r == 0 && (db_moved(follow->listing->db) || wal_index_replaced(follow)))
			r = reopen_database(follow);
		if (r == 0)
			r = show_new(follow);
		/* A lasting error returns at the next read, through the new wal-index if it was replaced. */
		if (r == -EBUSY || (r < 0 && r != -EPIPE && wal_index_replaced(follow)))
			r = 0;
	}
	return r;
}

int follow_events(struct listing *listing, query_row *each, void *context)
{
	struct follow follow = { .listing = listing, .each = each, .context = context, .watch = -1, .version = -1 };
	int r;

	watch_directory(&follow);
	r = follow_database(&follow);
	if (follow.watch >= 0)
		(void)close(follow.watch);
	return r;
}
