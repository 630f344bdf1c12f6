/* SPDX-License-Identifier: BSD-2-Clause */
/* Lets only one loader at a time change the pins. */
#ifndef CRI_LOADER_LOCK_H
#define CRI_LOADER_LOCK_H

/*
 * Locks the current directory, which is the pin directory, against other loaders, also those in other containers. (The
 * recorder has a lock of its own.) Returns a descriptor; the lock ends when it is closed, also when the process is
 * killed. -EBUSY: another loader holds the lock. Other negative errno: the lock cannot be created.
 */
int lock_take(void);
/* Ends the lock and removes its directory. Does nothing for -1. */
void lock_release(int fd);

#endif
