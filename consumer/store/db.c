/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/db.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/cleanup.h"
#include "consumer/store/db_files.h"
#include "consumer/store/db_internal.h"
#include "consumer/store/db_restrict.h"
#include "consumer/store/read_bounds.h"
#include "consumer/store/wal_index.h"
#include "consumer/text/clock.h"
#include "consumer/text/error.h"

/* Instructions of SQLite's virtual machine between two checks of a deadline. */
#define PROGRESS_STEPS 1000
#define BUSY_TIMEOUT_MS 2000

/* The errno value of the system call that failed in SQLite; fallback if there is none. */
static int system_error(sqlite3 *handle, int fallback)
{
	int error = sqlite3_system_errno(handle);

	if (error == EDQUOT)
		error = ENOSPC;
	if (error == EPERM)
		error = EACCES;
	if (error == ENXIO)
		error = ERROR_NOT_REGULAR;
	return error > 0 ? -error : fallback;
}

static int io_error(sqlite3 *handle)
{
	int error = system_error(handle, -EIO);

	return error == -ENOSPC || error == -EROFS || error == -ENOMEM ? error : -EIO;
}

static int translate(sqlite3 *handle, int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	/* Another process holds a lock that the recovery of the wal-index needs. */
	case SQLITE_PROTOCOL:
		return -EBUSY;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		/* The wal-index is incomplete until a writer recovers it, which a reader cannot do. */
		return code == SQLITE_READONLY_RECOVERY || code == SQLITE_READONLY_CANTINIT ? -EBUSY : -EROFS;
	case SQLITE_CORRUPT:
		return -ERROR_DB_CORRUPT;
	case SQLITE_NOTADB:
		return -ERROR_DB_NONE;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_TOOBIG:
		return -ERROR_VALUE_SIZE;
	case SQLITE_AUTH:
		return -ERROR_SQL_REFUSED;
	case SQLITE_INTERRUPT:
		return -ERROR_SQL_TIMEOUT;
	case SQLITE_PERM:
		return -EACCES;
	case SQLITE_CANTOPEN:
		return system_error(handle, -EIO);
	case SQLITE_IOERR:
		return io_error(handle);
	default:
		return -EINVAL;
	}
}

/* SQLite does not keep the errno value of a write that this limit cuts off. */
static bool is_at_file_limit(const struct db *db)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return false;
	return db_file_size(db->path, DB_FILE_DATABASE) >= limit.rlim_cur ||
	       db_file_size(db->path, DB_FILE_WAL) >= limit.rlim_cur;
}

int db_result(struct db *db, int code)
{
	int r = translate(db->handle, code);

	db->error_message = NULL;
	db->stopped = db->stopped || (code & 0xff) == SQLITE_CANTOPEN;
	return r == -EIO && is_at_file_limit(db) ? -ERROR_DB_FILE_LIMIT : r;
}

int db_set_error(struct db *db, int error, const char *message)
{
	db->error_message = message;
	return error;
}

const char *db_message(const struct db *db)
{
	if (!db)
		return "";
	return db->error_message ? db->error_message : sqlite3_errmsg(db->handle);
}

int db_exec(struct db *db, const char *sql)
{
	return db_result(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

int db_used_bytes(struct db *db, uint64_t *ret)
{
	int64_t pages = 0, unused = 0, page_size = 0;
	int r = db_number(db, 0, &pages, "PRAGMA page_count");

	if (!r)
		r = db_number(db, 0, &unused, "PRAGMA freelist_count");
	if (!r)
		r = db_number(db, 0, &page_size, "PRAGMA page_size");
	if (!r)
		*ret = (uint64_t)((pages - unused) * page_size);
	return r;
}

void db_remember_files(struct db *db)
{
	for (enum db_file file = 0; file < DB_FILE_COUNT; file++)
		db->files[file] = db_file_identify(db->path, file);
}

static bool is_still_there(const struct db *db, enum db_file file)
{
	return db_file_is_same(db->files[file], db_file_identify(db->path, file));
}

bool db_moved(const struct db *db)
{
	return !is_still_there(db, DB_FILE_DATABASE);
}

bool db_wal_moved(const struct db *db)
{
	return !is_still_there(db, DB_FILE_WAL);
}

/* Reading the wal-index drops the locks of this process on it, hence only after a failed open. */
bool db_wal_index_moved(const struct db *db)
{
	if (db->immutable)
		return db_file_identify(db->path, DB_FILE_WAL).inode != 0;
	if (db->files[DB_FILE_WAL_INDEX].inode == 0)
		return false;
	return (db->stopped && wal_index_is_invalidated(db->path)) || !is_still_there(db, DB_FILE_WAL_INDEX);
}

void db_file_sizes(const struct db *db, uint64_t *ret_database, uint64_t *ret_wal)
{
	*ret_database = db_file_size(db->path, DB_FILE_DATABASE);
	*ret_wal = db_file_size(db->path, DB_FILE_WAL);
}

unsigned int db_set_busy_timeout(struct db *db, unsigned int milliseconds)
{
	unsigned int before = db->busy_timeout_ms;

	db->busy_timeout_ms = milliseconds;
	(void)sqlite3_busy_timeout(db->handle, (int)milliseconds);
	return before;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	while (db->statements)
		db_finish(db->statements);
	(void)sqlite3_close_v2(db->handle);
	free(db->path);
	free(db);
}

static void cleanup_db(struct db **db)
{
	db_close(*db);
}

/* The only system calls of SQLite that are replaced. */
static void replace_system_calls(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	if (!vfs || vfs->iVersion < 3 || !vfs->xSetSystemCall)
		return;
	(void)vfs->xSetSystemCall(vfs, "mmap", (sqlite3_syscall_ptr)wal_index_map);
	(void)vfs->xSetSystemCall(vfs, "open", (sqlite3_syscall_ptr)db_file_open);
}

int db_handle_open(const char *name, const char *path, enum db_access access, struct db **ret)
{
	static const int flags[] = {
		[DB_ACCESS_WRITE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		[DB_ACCESS_READ] = SQLITE_OPEN_READONLY,
		[DB_ACCESS_URI] = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
	};

	CLEANUP(cleanup_db) struct db *db = calloc(1, sizeof(*db));

	if (!db)
		return -ENOMEM;
	db->path = strdup(path);
	if (!db->path)
		return -ENOMEM;

	replace_system_calls();

	int code = sqlite3_open_v2(name, &db->handle, flags[access] | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

	if (!db->handle)
		return -ENOMEM;
	if (code != SQLITE_OK)
		return db_result(db, code);

	/* The contents of the file must not make SQLite run functions or change itself. */
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)db_set_busy_timeout(db, BUSY_TIMEOUT_MS);
	*ret = TAKE_PTR(db);
	return 0;
}

bool db_is_read_only(const struct db *db)
{
	return sqlite3_db_readonly(db->handle, "main") == 1;
}

const char *db_path(const struct db *db)
{
	return db->path;
}

int db_keep_wal(struct db *db)
{
	int persist = 1;

	return db_result(db, sqlite3_file_control(db->handle, NULL, SQLITE_FCNTL_PERSIST_WAL, &persist));
}

static int check_progress(void *argument)
{
	const struct db *db = argument;

	return clock_monotonic_ns() > db->deadline_ns;
}

struct stop {
	bool (*function)(void *context);
	void *context;
};

static int stop_progress(void *argument)
{
	const struct stop *stop = argument;

	return stop->function(stop->context);
}

int db_exec_until(struct db *db, const char *sql, bool (*stop)(void *context), void *context)
{
	struct stop argument = { stop, context };
	int r;

	if (stop)
		sqlite3_progress_handler(db->handle, PROGRESS_STEPS, stop_progress, &argument);
	r = db_exec(db, sql);
	sqlite3_progress_handler(db->handle, 0, NULL, NULL);
	return r;
}

int db_use_temporary_files(struct db *db, bool use)
{
	const char *slash = strrchr(db->path, '/');

	/* SQLite owns the text; its own choice would be /var/tmp. */
	if (use && !sqlite3_temp_directory && slash)
		sqlite3_temp_directory = sqlite3_mprintf("%.*s", slash > db->path ? (int)(slash - db->path) : 1, db->path);
	return db_exec(db, use ? "PRAGMA temp_store = FILE" : "PRAGMA temp_store = MEMORY");
}

void db_configure_writer(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	(void)sqlite3_hard_heap_limit64(0);
}

void db_seed_writer(void)
{
	int unused;

	db_configure_writer();
	sqlite3_randomness(sizeof(unused), &unused);
}

int64_t db_last_id(const struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

int64_t db_changes(const struct db *db)
{
	return sqlite3_changes64(db->handle);
}

int db_begin(struct db *db, bool full)
{
	if (full != db->full) {
		int r = db_exec(db, full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");

		if (r)
			return r;
		db->full = full;
	}
	return db_exec(db, "BEGIN IMMEDIATE");
}

int db_commit(struct db *db)
{
	return db_exec(db, "COMMIT");
}

void db_rollback(struct db *db)
{
	const char *message = db->error_message;

	/* After a full disk or an I/O error SQLite has rolled back by itself. */
	if (!sqlite3_get_autocommit(db->handle))
		(void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	db->error_message = message;
}

int db_restrict_reading(struct db *db, uint64_t memory)
{
	db_restrict_reader(db->handle, memory);
	return db_exec(db, "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;"
			   "PRAGMA cell_size_check = ON");
}

int db_restrict(struct db *db, uint64_t limit_ns)
{
	db->limit_ns = limit_ns;
	db->deadline_ns = clock_monotonic_ns() + limit_ns;
	sqlite3_progress_handler(db->handle, limit_ns ? PROGRESS_STEPS : 0, check_progress, db);
	return db_result(db, db_restrict_statements(db->handle, read_bounds_of(db->path).memory));
}
