/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/cli/history.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/pins.h"
#include "consumer/store/db_files.h"
#include "consumer/store/recorder_state.h"
#include "consumer/text/error.h"
#include "consumer/text/time_words.h"

static const struct {
	int error;
	const char *reason; /* NULL: that of error_text */
	const char *advice;
} reasons[] = {
	{ -ENOENT, NULL,
	  "nothing has been recorded here: start the recorder (cri-ebpf record) or name a file with --db" },
	{ -ENOTDIR, NULL, "name a file with --db" },
	{ -EISDIR, NULL, "name a file with --db" },
	{ -ERROR_DB_SCHEMA, NULL, "drop what was added with sqlite3, or name another file with --db" },
	{ -ERROR_VALUE_SIZE, NULL, "it is left untouched; name another file with --db" },
	{ -ENOMEM, "reading it takes more memory than a database of its size needs",
	  "it is left untouched; name another file with --db" },
	{ -ERROR_NOT_REGULAR, NULL, "name a file with --db" },
	{ -EACCES, NULL,
	  "the history is readable for members of the group " GROUP_READERS ": join it (usermod -aG " GROUP_READERS
	  " USER), log in again, or run this as root" },
	{ -ERROR_DB_FOREIGN, NULL, "it is left untouched; name another file with --db" },
	{ -ERROR_DB_EMPTY, NULL, "it is left untouched; name another file with --db" },
	{ -ERROR_DB_NONE, NULL, "it is left untouched; name another file with --db" },
	{ -ERROR_DB_NEWER, NULL, "it is left untouched; upgrade cri-ebpf to read it" },
	{ -ERROR_DB_OLDER, NULL,
	  "it is left untouched: the recorder sets it aside when it starts and begins a new one; the cri-ebpf that made it"
	  " still reads it, and so does sqlite3" },
	{ -ERROR_DB_CORRUPT, NULL, "it is left untouched; the recorder sets a damaged database aside when it starts" },
	{ -ERROR_DB_PRIVATE, NULL,
	  "try again in a few minutes, or run this as root; where no recorder runs, start one" },
	{ -EBUSY, "locked by another program", "try again" },
	{ -EROFS, NULL,
	  "reading needs the files FILE-wal and FILE-shm beside it, or a directory where they can be made" },
};

int history_not_opened(const char *path, int error)
{
	char reason[DB_FILES_REASON_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].error == error) {
			log_error("cannot open \"%s\": %s; %s", path,
				  reasons[i].reason ? reasons[i].reason : db_files_reason(path, error, reason),
				  reasons[i].advice);
			return EXIT_STORE;
		}
	log_error("cannot open \"%s\": %s; nothing can be shown", path, error_text(error));
	return EXIT_STORE;
}

int history_open(const char *path, struct db **ret)
{
	int r = db_open_read(path, ret);

	return r < 0 ? history_not_opened(path, r) : 0;
}

void history_warn_stale(struct db *db, uint64_t interval_ns, int64_t now, bool utc)
{
	struct recorder_state recorder;
	char when[TIME_TEXT_MAX];

	/* A read that fails here fails again, and is reported, when events are read. */
	if (recorder_state_read(db, now, (int64_t)interval_ns, NULL, &recorder) < 0 ||
	    recorder.state == RECORDER_NEVER || recorder.state == RECORDER_RUNNING)
		return;
	time_format_local(when, sizeof(when), recorder.time, utc);
	log_warning("the recorder has written nothing since %s: later events may still be in the ring; see cri-ebpf status",
		    when);
}

int history_check(const char *path, const struct db *db)
{
	if (!db || !db_wal_index_moved(db))
		return 0;
	log_error("\"%s-shm\" was replaced while it was read, because a lock on it blocked the recorder: the answer"
		  " may be wrong; run the query again",
		  path);
	return EXIT_STORE;
}

int history_failed(const char *path, const struct db *db, int error)
{
	const char *reason = db ? db_message(db) : "";
	int replaced = history_check(path, db);

	if (replaced)
		return replaced;
	if (error == -ERROR_DB_CORRUPT || error == -ERROR_DB_NONE)
		return history_not_opened(path, error);
	log_error("cannot read \"%s\": %s%s%s; the answer is incomplete", path, error_text(error),
		  reason[0] ? ": " : "", reason);
	return EXIT_STORE;
}

void history_close(struct db **db)
{
	db_close(*db);
}
