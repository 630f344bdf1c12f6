/* SPDX-License-Identifier: BSD-2-Clause */
/* Opens a database: checks its identity and version, creates its schema, and handles the WAL files. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "consumer/store/db_files.h"
#include "consumer/store/db_internal.h"
#include "consumer/store/db_origin.h"
#include "consumer/store/read_bounds.h"
#include "consumer/store/schema.h"
#include "consumer/store/schema_check.h"
#include "consumer/store/schema_index.h"
#include "consumer/store/wal_index.h"
#include "consumer/text/clock.h"
#include "consumer/text/error.h"

/* How long a reader retries to open a database whose wal-index the recorder is replacing. */
#define OPEN_LIMIT_NS 500000000ULL
#define OPEN_PAUSE_NS 20000000

static void cleanup_db(struct db **db)
{
	db_close(*db);
}

/* 0: a database of cri-ebpf of this version; *ret_version 0: an empty file. */
static int check_identity(struct db *db, int64_t *ret_version)
{
	int64_t application = 0, version = 0, tables = 0;
	int r = db_number(db, 0, &application, "PRAGMA application_id");

	if (!r)
		r = db_number(db, 0, &version, "PRAGMA user_version");
	if (!r)
		r = db_number(db, 0, &tables, "SELECT count(*) FROM sqlite_master");
	if (r)
		return r;

	if (application != SCHEMA_APPLICATION_ID && (application != 0 || version != 0 || tables != 0))
		return -ERROR_DB_FOREIGN;
	if (application == SCHEMA_APPLICATION_ID && version > SCHEMA_VERSION)
		return -ERROR_DB_NEWER;
	if (application == SCHEMA_APPLICATION_ID && version < 1)
		return -ERROR_DB_CORRUPT;
	if (application == SCHEMA_APPLICATION_ID && version < SCHEMA_VERSION)
		return -ERROR_DB_OLDER;
	*ret_version = version;
	return 0;
}

/* In one transaction: no reader sees half a schema, and a full disk leaves none. */
int db_create_schema(struct db *db)
{
	int r = db_exec(db, "BEGIN IMMEDIATE");

	if (!r)
		r = db_exec_format(db, "PRAGMA application_id = %d; PRAGMA user_version = %d", SCHEMA_APPLICATION_ID,
				   SCHEMA_VERSION);
	if (!r)
		r = db_exec(db, schema_create);
	if (!r)
		r = schema_index_create_all(db);
	if (!r)
		r = db_exec(db, "COMMIT");
	if (r)
		db_rollback(db);
	return r;
}

/*
 * The cache is small to bound the recorder's memory: it holds the dirty pages of a batch. The WAL is checkpointed after
 * some large batches, not after each.
 */
static const char write_pragmas[] = "PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;"
				    "PRAGMA wal_autocheckpoint = 2000; PRAGMA journal_size_limit = 16777216;"
				    "PRAGMA synchronous = NORMAL";

/*
 * Without permission to write SQLite opens the database read-only and does not say why: opening the file does. Closing
 * it drops the locks of this process, of which none is held yet.
 */
static int check_writable(struct db *db)
{
	if (!db_is_read_only(db))
		return 0;

	AUTO_CLOSE int fd = open(db_path(db), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? -errno : -EACCES;
}

static int open_writer(const char *path, struct db **ret, int64_t *ret_version)
{
	CLEANUP(cleanup_db) struct db *db = NULL;
	int r = db_handle_open(path, path, DB_ACCESS_WRITE, &db);

	/* First, so that a later failure does not delete WAL and wal-index while other processes use them. */
	if (!r)
		r = db_keep_wal(db);
	if (!r)
		r = check_identity(db, ret_version);
	if (!r)
		r = check_writable(db);
	if (r)
		return r;
	*ret = TAKE_PTR(db);
	return 0;
}

/*
 * A new file becomes readable for the group only when it is in WAL mode: before, readers would lock out the writer. The
 * database is closed meanwhile, because closing a descriptor of the file drops all locks of this process on it.
 */
static int initialize_file(struct db **db)
{
	AUTO_FREE char *path = strdup(db_path(*db));
	int64_t version;
	int r = path ? db_exec(*db, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL") : -ENOMEM;

	if (r)
		return r;
	db_close(TAKE_PTR(*db));
	r = db_file_share(path);
	return r ? r : open_writer(path, db, &version);
}

static int open_ours(const char *path, struct db **ret)
{
	CLEANUP(cleanup_db) struct db *db = NULL;
	int64_t version = 0;
	int r = db_file_make(path);

	db_configure_writer();
	if (!r)
		r = open_writer(path, &db, &version);
	if (!r && version == 0)
		r = initialize_file(&db);
	if (!r)
		r = db_exec(db, "PRAGMA journal_mode = WAL");
	if (!r)
		r = db_exec(db, write_pragmas);
	if (!r && version == 0)
		r = db_create_schema(db);
	if (r)
		return r;

	db_remember_files(db);
	*ret = TAKE_PTR(db);
	return 0;
}

/* Ours, but no database by what SQLite reads later: damaged. */
int db_open_write(const char *path, struct db **ret)
{
	int r = db_origin_check_write(path);

	if (r)
		return r;
	r = open_ours(path, ret);
	return r == -ERROR_DB_NONE ? -ERROR_DB_CORRUPT : r;
}

/* A "file:" URI for a database that does not change, to be freed; NULL: out of memory. */
static char *immutable_uri(const char *path)
{
	static const char tail[] = "?immutable=1";
	size_t room = strlen("file:") + 3 * strlen(path) + sizeof(tail);
	char *uri = malloc(room);
	char *out = uri;

	if (!uri)
		return NULL;
	out += sprintf(out, "file:");
	for (const char *in = path; *in; in++) {
		if (strchr("%?#", *in))
			out += sprintf(out, "%%%02x", (unsigned char)*in);
		else
			*out++ = *in;
	}
	(void)memcpy(out, tail, sizeof(tail));
	return uri;
}

static int open_checked(const char *name, const char *path, enum db_access access, struct db **ret)
{
	CLEANUP(cleanup_db) struct db *db = NULL;
	int64_t version = 0;
	int r = db_handle_open(name, path, access, &db);

	if (!r)
		r = db_restrict_reading(db, read_bounds_of(path).memory);
	if (!r)
		r = check_identity(db, &version);
	if (!r && version == 0)
		r = -ERROR_DB_EMPTY;
	if (!r)
		r = schema_check(db);
	if (r)
		return r;
	db->immutable = access == DB_ACCESS_URI;
	db_remember_files(db);
	*ret = TAKE_PTR(db);
	return 0;
}

static bool has_wal(const char *path)
{
	return db_file_identify(path, DB_FILE_WAL).inode != 0;
}

static bool has_wal_index(const char *path)
{
	return db_file_identify(path, DB_FILE_WAL_INDEX).inode != 0;
}

/* True when the wal-index is not readable yet, or invalidated to be replaced. */
static bool is_wal_index_private(const char *path)
{
	char shm[PATH_MAX];
	int n = snprintf(shm, sizeof(shm), "%s-shm", path);

	if (wal_index_is_invalidated(path))
		return true;
	return n > 0 && (size_t)n < sizeof(shm) && has_wal(path) && access(shm, R_OK) != 0 && errno == EACCES;
}

/* -ERROR_REPLACED: the wal-index was replaced meanwhile. -ERROR_DB_PRIVATE: and the new one is not readable yet. */
static int open_with_wal_index(const char *path, struct db **ret)
{
	struct db_file_id before = db_file_identify(path, DB_FILE_WAL_INDEX);
	int r = open_checked(path, path, DB_ACCESS_READ, ret);
	bool same = db_file_is_same(before, db_file_identify(path, DB_FILE_WAL_INDEX));

	if (r && is_wal_index_private(path))
		return -ERROR_DB_PRIVATE;
	if (r && has_wal(path) && (!same || !has_wal_index(path)))
		return -ERROR_REPLACED;
	if (r || same || !before.inode)
		return r;
	db_close(TAKE_PTR(*ret));
	return -ERROR_REPLACED;
}

/* SQLite waits for locks, but not for a recorder that is replacing the wal-index. */
static int open_with_retries(const char *path, struct db **ret)
{
	static const struct timespec pause = { .tv_nsec = OPEN_PAUSE_NS };
	uint64_t deadline = clock_monotonic_ns() + OPEN_LIMIT_NS;
	int r = open_with_wal_index(path, ret);

	while ((r == -ERROR_REPLACED || r == -EBUSY || r == -ERROR_DB_PRIVATE) && clock_monotonic_ns() < deadline) {
		(void)nanosleep(&pause, NULL);
		r = open_with_wal_index(path, ret);
	}
	return r == -ERROR_REPLACED ? open_checked(path, path, DB_ACCESS_READ, ret) : r;
}

int db_open_read(const char *path, struct db **ret)
{
	struct db_origin origin;
	struct stat st;
	int r = stat(path, &st) != 0 ? -errno : db_origin_read(path, &origin);

	if (!r)
		r = db_origin_judge_read(&origin);
	if (r)
		return r;
	r = open_with_retries(path, ret);
	/* A copy without a WAL, in a directory where none can be created, is opened as immutable. */
	if ((r == -EROFS || r == -EACCES || r == -EIO || r == -ENOENT) && !has_wal(path)) {
		AUTO_FREE char *uri = immutable_uri(path);

		r = uri ? open_checked(uri, path, DB_ACCESS_URI, ret) : -ENOMEM;
	}
	return r;
}
