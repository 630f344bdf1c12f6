/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a verb gives up before it opens the history: root, capabilities, starting programs, writing
 * files, the network. What it reads was written by containers.
 */
#ifndef CRI_CONSUMER_SANDBOX_CONFINE_H
#define CRI_CONSUMER_SANDBOX_CONFINE_H

/*
 * To be called when nothing is left to be started (output_open) or to be read but the database and /proc. db:
 * its path, NULL: none is read. 0, or an exit code: privileges could not be given up, which was logged. A sandbox
 * that this kernel does not have is a warning: the verb is short and somebody waits for what it finds, while the
 * recorder, which runs for months, refuses.
 */
int confine_to_reading(const char *db);

struct sandbox_paths;

/*
 * For who changes it, whose user this process is by now: the recorder's sandbox. Its refusal is an exit code and was
 * logged, with the consequence: whoever writes does not do it without.
 */
int confine_to_writing(const struct sandbox_paths *paths, const char *consequence);

/* Everything is open: from now on nothing more is. */
void confine_to_open_files(void);

#endif
