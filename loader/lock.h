/* SPDX-License-Identifier: BSD-2-Clause */
/* One loader at a time. */
#ifndef CRI_LOADER_LOCK_H
#define CRI_LOADER_LOCK_H

/*
 * Locks the entered pin directory for loaders, in whatever container they are; the recorder's lock on it is another. A
 * descriptor to hold: the lock is gone with it, also when its holder was killed. -EBUSY: another one is at work.
 */
int lock_take(void);
/* Gives it back; -1 is none. */
void lock_release(int fd);

#endif
