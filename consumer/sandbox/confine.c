/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/sandbox/confine.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "consumer/sandbox/privileges.h"
#include "consumer/sandbox/process_limit.h"
#include "consumer/sandbox/sandbox.h"
#include "consumer/store/db.h"
#include "consumer/store/db_origin.h"
#include "consumer/store/read_bounds.h"
#include "consumer/store/wal_index.h"
#include "consumer/test_hook.h"
#include "consumer/text/error.h"

static bool entered;

/* Missing directories above the database for which --follow can wait. More would allow half of the file system. */
#define MISSING_MAX 1

/* The directory of the database without symbolic links, or the nearest existing one. -ENOENT: too much is missing. */
static int find_directory(const char *db, char *out)
{
	char copy[PATH_MAX];
	struct stat st;

	if (strlen(db) >= sizeof(copy))
		return -ENAMETOOLONG;
	if (!realpath(db, copy))
		(void)strcpy(copy, db);
	for (int missing = 0; missing <= MISSING_MAX; missing++) {
		char *above = dirname(copy);

		(void)memmove(copy, above, strlen(above) + 1);
		if (stat(copy, &st) == 0) {
			(void)strcpy(out, copy);
			return 0;
		}
	}
	return -errno;
}

static int enter(const char *db)
{
	char directory[PATH_MAX];
	struct sandbox_paths paths = { .read_directory = { "/proc", NULL } };
	struct sandbox *sandbox = NULL;
	bool landlock = false;
	int r;

	/* If the directory is not found, opening the database reports it. */
	if (db && find_directory(db, directory) == 0)
		paths.read_directory[1] = directory;
	r = sandbox_prepare(SANDBOX_QUERY, &paths, &sandbox);
	if (!r)
		r = sandbox_enter(sandbox, &landlock);
	if (!r)
		log_debug("sandboxed: seccomp%s", landlock ? ", Landlock" : "; this kernel has no Landlock");
	return r;
}

/* The C library, programs and their libraries have some data of their own. */
#define OTHER_DATA (4ULL << 20)

static void limit_memory(uint64_t bytes)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_DATA, &limit) != 0 || limit.rlim_max < bytes)
		return;
	limit.rlim_cur = limit.rlim_max = bytes;
	(void)setrlimit(RLIMIT_DATA, &limit);
}

static void limit_work(const char *db)
{
	struct read_bounds bounds = read_bounds_of(db ? db : "");
	uint64_t seconds = test_number("CRI_TEST_CPU_S", bounds.cpu_s);
	char reason[PATH_MAX + 256];

	(void)snprintf(reason, sizeof(reason),
		       "cannot read \"%s\" to its end: that takes more than %" PRIu64 " s of CPU time, more than a database of"
		       " its size needs: it is damaged, or made to keep its readers busy; the answer is incomplete",
		       db ? db : "-", seconds);
	limit_memory(bounds.memory + OTHER_DATA);
	process_limit_cpu(seconds, EXIT_STORE, reason);
}

static bool is_history(const char *db)
{
	struct db_origin origin;

	return db_origin_read(db, &origin) == 0 && db_origin_judge_read(&origin) == 0;
}

int confine_to_reading(const char *db)
{
	int r;

	if (test_without_sandbox())
		return 0;
	limit_work(db);
	r = privileges_drop_for_reading(db);
	if (r) {
		log_error("cannot give up privileges: %s; nothing is read", error_text(r));
		return EXIT_DENIED;
	}
	if (db && is_history(db))
		wal_index_make_empty(db);
	r = enter(db);
	if (r)
		log_warning("cannot enter the sandbox: %s; the history is read without it", error_text(r));
	entered = !r;
	return 0;
}

int confine_to_writing(const struct sandbox_paths *paths, const char *consequence)
{
	struct sandbox *sandbox = NULL;
	bool landlock = false;
	int r;

	if (test_without_sandbox())
		return 0;
	db_seed_writer();
	r = sandbox_prepare(SANDBOX_RECORD, paths, &sandbox);
	if (!r)
		r = sandbox_enter(sandbox, &landlock);
	if (r) {
		log_error("cannot enter the sandbox: %s; %s", error_text(r), consequence);
		return EXIT_DENIED;
	}
	log_debug("sandboxed: seccomp%s", landlock ? ", Landlock" : "; this kernel has no Landlock");
	return 0;
}

void confine_to_open_files(void)
{
	int r = entered ? sandbox_close_files() : 0;

	if (r)
		log_warning("cannot narrow the sandbox: %s; the history is read in the wider one", error_text(r));
}
