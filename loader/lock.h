/* SPDX-License-Identifier: BSD-2-Clause */
/* Lets only one loader at a time change the pins. */
#ifndef CRI_LOADER_LOCK_H
#define CRI_LOADER_LOCK_H

/*
 * Locks the current directory, which is the pin directory, against other loaders, also those in other containers. (The
 * recorder has a lock of its own.) Waits some seconds for a loader that holds the lock. Then removes pins of a loader
 * that was killed while it tried rungs. Returns a descriptor, or a negative errno after logging it. The
 * lock ends when the descriptor is closed, also by the end of the process. shown: the path of the directory in messages.
 */
int lock_take(const char *shown);
/* Ends the lock and removes its directory. Does nothing for -1. */
void lock_release(int fd);
void lock_cleanup(int *fd); /* for CLEANUP() */

#endif
