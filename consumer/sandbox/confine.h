/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Confines a process before it opens the database, whose contents come from containers: no root, no capabilities, no
 * other programs, no writing, no network.
 */
#ifndef CRI_CONSUMER_SANDBOX_CONFINE_H
#define CRI_CONSUMER_SANDBOX_CONFINE_H

/*
 * Confines a verb that reads. To be called when no program remains to be started (output_open) and only the database
 * and /proc remain to be read. db: path of the database, NULL: none is read. Returns 0, or an exit code when privileges
 * could not be given up, which was logged. A sandbox that this kernel does not support is only a warning, because the
 * verb is short and a user waits for its output; the recorder, which runs for months, refuses to run without one. Memory
 * and CPU time are limited as consumer/store/read_bounds.h says; beyond the CPU time the process ends with EXIT_STORE.
 */
int confine_to_reading(const char *db);

struct sandbox_paths;

/*
 * Confines a process that writes the database, in the recorder's sandbox. The process has become the recorder's user
 * before. Returns 0, or an exit code when the sandbox could not be entered, which was logged with `consequence`; the
 * process must not write then.
 */
int confine_to_writing(const struct sandbox_paths *paths, const char *consequence);

/* Narrows the sandbox of confine_to_reading when all files are open: no file can be opened by name any more. */
void confine_to_open_files(void);

#endif
