/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One recorder for each ring and for each database. Two would take records from each other, so both are
 * locked, with flock(2): the pin directory itself, and a file "DATABASE.lock" beside the database, because
 * a lock on the database file would not survive its replacement. That file is the recorder's alone, 0600: who
 * could open it could keep every recorder out.
 */
#ifndef CRI_CONSUMER_STORE_WRITER_LOCK_H
#define CRI_CONSUMER_STORE_WRITER_LOCK_H

#include <sys/types.h>

/*
 * The descriptor that holds the lock until it is closed. -EWOULDBLOCK: another process has it; *ret_holder is
 * its pid, 0 if that cannot be found out.
 */
int writer_lock_directory(const char *directory, pid_t *ret_holder);
/*
 * db_path: as db_file_resolve gives it: by another name it would be another lock. -ERROR_LOCK_FOREIGN: the lock file is another
 * user's, who could hold it for ever.
 */
int writer_lock_database(const char *db_path, pid_t *ret_holder);

#endif
