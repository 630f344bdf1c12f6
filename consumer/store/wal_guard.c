/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/wal_guard.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "consumer/store/db.h"
#include "consumer/store/wal_index.h"
#include "consumer/test_hook.h"
#include "consumer/text/clock.h"
#include "consumer/text/error.h"

/* Size of the WAL at which a warning is logged; at WAL_LIMIT times as much the reader's lock is broken. */
#define WAL_WARN_BYTES	   (64ULL << 20)
#define WAL_LIMIT	   4
#define SHRINK_INTERVAL_NS 5000000000ULL
/* For this long after a replacement the busy timeout is short, since the same reader may take the next lock. */
#define HASTE_NS	      600000000000ULL
#define HASTE_BUSY_TIMEOUT_MS 100
#define REPORT_INTERVAL_NS    3600000000000ULL
/* Delay before readers may open a new wal-index when the last one was replaced shortly before; doubled each time. */
#define SHARE_DELAY_NS	      1000000000ULL
#define SHARE_DELAY_LIMIT_NS  300000000000ULL

/* Only while the database is closed. */
static void drop_fd(struct wal_guard *guard)
{
	if (guard->has_fd)
		(void)close(guard->fd);
	guard->has_fd = guard->is_private = false;
}

static void keep_fd(struct wal_guard *guard, int fd)
{
	drop_fd(guard);
	guard->has_fd = guard->is_private = fd >= 0;
	guard->fd = fd;
}

static bool is_hasty(const struct wal_guard *guard)
{
	return guard->replaced_ns && clock_boot_ns() - guard->replaced_ns < HASTE_NS;
}

static void note_replaced(struct wal_guard *guard)
{
	uint64_t first = test_number("CRI_TEST_SHARE_DELAY", SHARE_DELAY_NS);
	uint64_t delay = guard->share_delay_ns ? 2 * guard->share_delay_ns : first;

	if (delay > SHARE_DELAY_LIMIT_NS)
		delay = SHARE_DELAY_LIMIT_NS;
	guard->share_delay_ns = is_hasty(guard) ? delay : 0;
	guard->replaced_ns = clock_boot_ns();
}

static void report_replaced(struct wal_guard *guard, pid_t holder)
{
	char who[64] = "an unknown process";

	if (guard->reported_ns && guard->replaced_ns - guard->reported_ns < REPORT_INTERVAL_NS)
		return;
	guard->reported_ns = guard->replaced_ns;
	if (holder > 0)
		(void)snprintf(who, sizeof(who), "process %d", (int)holder);
	log_warning("%s held a lock on \"%s-shm\" that stopped recording: that file was replaced and recording goes on;"
		    " processes that had the database open must open it again, and what they were reading then may be"
		    " wrong",
		    who, guard->db_path);
}

/* Replaces the wal-index if the strongest lock on it is a reader's and at least `least`. */
static int replace(struct wal_guard *guard, enum wal_index_lock least)
{
	pid_t holder;
	enum wal_index_lock lock = wal_index_inspect(guard->db_path, &holder);
	int fd = -1;
	int r = lock >= least ? wal_index_replace(guard->db_path, &fd) : -EBUSY;

	if (fd >= 0)
		keep_fd(guard, fd);
	if (r == 0) {
		note_replaced(guard);
		report_replaced(guard, holder);
	} else if (lock == WAL_INDEX_WRITTEN) {
		guard->writer = holder;
	}
	return r;
}

void wal_guard_prepare(struct wal_guard *guard, bool first)
{
	bool stale = first && wal_index_is_stale(guard->db_path, clock_wall_ns() - (int64_t)clock_boot_ns());
	int fd = -1;

	if (stale || wal_index_is_invalidated(guard->db_path))
		(void)wal_index_replace(guard->db_path, &fd);
	if (fd >= 0)
		keep_fd(guard, fd);
	/* A recorder that was killed may have left one for which readers still wait. */
	if (!guard->is_private)
		keep_fd(guard, wal_index_open_private(guard->db_path));
}

void wal_guard_opened(const struct wal_guard *guard, struct db *db)
{
	if (is_hasty(guard))
		(void)db_set_busy_timeout(db, HASTE_BUSY_TIMEOUT_MS);
}

void wal_guard_settled(struct wal_guard *guard)
{
	guard->busy = 0;
}

static void share(struct wal_guard *guard)
{
	if (guard->is_private)
		guard->is_private = wal_index_share(guard->db_path, guard->fd) != 0;
}

void wal_guard_share(struct wal_guard *guard)
{
	if (guard->is_private && clock_boot_ns() - guard->replaced_ns >= guard->share_delay_ns)
		share(guard);
}

/* Truncates a WAL above the limit if no reader uses it. Returns its size. */
static uint64_t measure_wal(struct db *db, uint64_t limit)
{
	uint64_t database, wal;

	db_file_sizes(db, &database, &wal);
	if (wal > limit) {
		(void)db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)");
		db_file_sizes(db, &database, &wal);
	}
	return wal;
}

int wal_guard_check_size(struct wal_guard *guard, struct db *db)
{
	uint64_t warn = test_number("CRI_TEST_WAL_WARN", WAL_WARN_BYTES), limit = WAL_LIMIT * warn;
	uint64_t wal = measure_wal(db, limit), now = clock_boot_ns();

	if (wal > warn && !guard->warned)
		log_warning("\"%s-wal\" has grown to %llu bytes because a reader keeps the database open in one long"
			    " query: end that process, or its lock is broken at %llu bytes",
			    guard->db_path, (unsigned long long)wal, (unsigned long long)limit);
	guard->warned = wal > warn;
	if (wal <= limit)
		return 0;
	if (guard->shrink_ns && now - guard->shrink_ns < SHRINK_INTERVAL_NS)
		return -EBUSY;
	guard->shrink_ns = now;
	guard->blocked = true;
	return -ERROR_DB_REOPEN;
}

void wal_guard_closed(struct wal_guard *guard)
{
	if (!guard->is_private)
		drop_fd(guard);
}

void wal_guard_failed(struct wal_guard *guard, int error)
{
	guard->writer = 0;
	if (guard->blocked)
		(void)replace(guard, WAL_INDEX_READ);
	guard->blocked = false;

	guard->busy = error == -EBUSY ? guard->busy + 1 : 0;
	guard->replaced = false;
	/* An ordinary reader is held responsible only from the second failure on. */
	if (guard->busy > 0)
		guard->replaced = replace(guard, guard->busy > 1 ? WAL_INDEX_READ : WAL_INDEX_BLOCKED) == 0;
}

bool wal_guard_take_retry(struct wal_guard *guard)
{
	bool retry = guard->replaced;

	guard->replaced = false;
	return retry;
}

void wal_guard_end(struct wal_guard *guard)
{
	share(guard);
	drop_fd(guard);
}
