/* SPDX-License-Identifier: BSD-2-Clause */
/* The database as files: the database itself and what SQLite keeps beside it. */
#ifndef CRI_CONSUMER_DB_FILE_H
#define CRI_CONSUMER_DB_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Something that SQLite does not recognise: was it a recorder's once? The recorder's log stays beside the
 * file, so a foreign file given by mistake is told from a damaged one and left alone.
 */
bool db_file_was_database(const char *path);

/*
 * The log of a copy may have come without its index, which a reader may not make once it is confined: makes an
 * empty one where that is possible. SQLite takes it for none.
 */
void db_file_make_index(const char *path);

/* Renames the database and its companions to PATH.corrupt-SECONDS, which is put into out. */
int db_file_set_aside(const char *path, int64_t seconds, char *out, size_t size);

#endif
