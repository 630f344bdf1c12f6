/* SPDX-License-Identifier: BSD-2-Clause */
/* The database as files: the database itself and what SQLite keeps beside it. */
#ifndef CRI_CONSUMER_STORE_DB_FILES_H
#define CRI_CONSUMER_STORE_DB_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum db_file { DB_FILE_DATABASE, DB_FILE_WAL, DB_FILE_WAL_INDEX, DB_FILE_COUNT };

/* Which file a path named; inode 0: none. */
struct db_file_id {
	dev_t device;
	ino_t inode;
};

/*
 * The one name of a database, whatever links lead to it; of one that is not there yet, the name it will have.
 * out: PATH_MAX bytes. -ENOENT: there is no directory for it, or it is a link to nothing.
 */
int db_file_resolve(const char *path, char *out);

struct db_file_id db_file_identify(const char *path, enum db_file file);
bool db_file_is_same(struct db_file_id a, struct db_file_id b);
/* Bytes; 0 for a file that is not there. */
uint64_t db_file_size(const char *path, enum db_file file);

/* Makes an empty file that nobody but its owner can open, unless there is one already. 0 or a negative errno. */
int db_file_make(const char *path);
/* Lets the group read it, with its companions. Only while this process does not have it open, see wal_index.h. */
int db_file_share(const char *path);

/*
 * Something that SQLite does not recognise: was it a recorder's once? The recorder's log stays beside the
 * file, so a foreign file given by mistake is told from a damaged one and left alone.
 */
bool db_file_was_database(const char *path);

/* Renames the database and its companions to PATH.corrupt-SECONDS, which is put into out. */
int db_file_set_aside(const char *path, int64_t seconds, char *out, size_t size);
/* The same for a log without its database. */
int db_file_set_wal_aside(const char *path, int64_t seconds, char *out, size_t size);

#endif
