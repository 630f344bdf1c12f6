/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Allows one recorder per ring and per database; two would take records from each other. Locks with flock(2) the pin
 * directory and a file "DATABASE.lock" beside the database, because a lock on the database file itself would not survive
 * its replacement. The lock file has mode 0600: a process that can open it could keep every recorder out.
 */
#ifndef CRI_CONSUMER_STORE_WRITER_LOCK_H
#define CRI_CONSUMER_STORE_WRITER_LOCK_H

#include <sys/types.h>

/*
 * Returns the descriptor that holds the lock until it is closed. -EWOULDBLOCK: another process holds it; *ret_holder is
 * its pid, 0 if that is not known.
 */
int writer_lock_directory(const char *directory, pid_t *ret_holder);
/*
 * db_path: from db_file_resolve, since another name of the database would be another lock. -ERROR_LOCK_FOREIGN: the lock
 * file belongs to another user, who could hold it for ever.
 */
int writer_lock_database(const char *db_path, pid_t *ret_holder);

/* ", pid 42," for a message, behind the word "recorder" or "process"; empty when the holder is not known. */
#define WRITER_LOCK_HOLDER_SIZE 32
void writer_lock_format_holder(pid_t holder, char out[WRITER_LOCK_HOLDER_SIZE]);

#endif
