/* SPDX-License-Identifier: BSD-2-Clause */
/* The files of a database: the database itself, its WAL, its wal-index, and the journal of one not in WAL mode. */
#ifndef CRI_CONSUMER_STORE_DB_FILES_H
#define CRI_CONSUMER_STORE_DB_FILES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct stat;

enum db_file { DB_FILE_DATABASE, DB_FILE_WAL, DB_FILE_WAL_INDEX, DB_FILE_JOURNAL, DB_FILE_COUNT };

/* Identity of a file; inode 0: there is none. */
struct db_file_id {
	dev_t device;
	ino_t inode;
};

/*
 * The real path of a database, without symbolic links; for one that does not exist, the path it will have.
 * out: PATH_MAX bytes. -ENOENT: its directory does not exist, or the path is a dangling link.
 */
int db_file_resolve(const char *path, char *out);

/* Writes the path of a file to out, which has PATH_MAX bytes. 0 or -ENAMETOOLONG. */
int db_file_name(const char *path, enum db_file file, char *out);
/* 0 or a negative errno. */
int db_file_stat(const char *path, enum db_file file, struct stat *ret);
int db_file_stat_directory(const char *path, struct stat *ret);

#define DB_FILES_REASON_MAX (PATH_MAX + 64)
/*
 * The sentence for an error of opening the database: that of error_text(), or for -ERROR_NOT_REGULAR one that names the file
 * which is none, written to out.
 */
const char *db_files_reason(const char *path, int error, char out[DB_FILES_REASON_MAX]);

struct db_file_id db_file_identify(const char *path, enum db_file file);
/* Of the directory of the database. */
struct db_file_id db_file_identify_directory(const char *path);
bool db_file_is_same(struct db_file_id a, struct db_file_id b);
/* Bytes; 0 for a file that does not exist. */
uint64_t db_file_size(const char *path, enum db_file file);
/* The same without the holes of a sparse file. */
uint64_t db_file_allocated(const char *path, enum db_file file);

/*
 * open(2) for SQLite, which would wait for ever for the other end of a FIFO that stands in the place of a file. -1 and
 * errno ENXIO: it is neither a regular file nor a directory.
 */
int db_file_open(const char *path, int flags, int mode);

/* Creates an empty file that only its owner can open, unless there is a file. 0 or a negative errno. */
int db_file_make(const char *path);
/* Makes the files readable for the group. Only while this process has the database closed, see wal_index.h. */
int db_file_share(const char *path);

/*
 * Renames the files to PATH.LABEL-SECONDS, which is written to out. seconds: since 1970. The database comes first: were
 * it last, a crash in between would leave it without what its WAL holds. Durable when this returns 0. No file is
 * replaced, and a name is taken only if there is none beside it: else .1, .2 and so on are appended.
 */
int db_file_set_aside(const char *path, const char *label, int64_t seconds, char *out, size_t size);
/* The same for a WAL alone: PATH.LABEL-SECONDS is written to out, PATH.LABEL-SECONDS-wal is its name. */
int db_file_set_wal_aside(const char *path, const char *label, int64_t seconds, char *out, size_t size);

#endif
