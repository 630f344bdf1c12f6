/* SPDX-License-Identifier: BSD-2-Clause */
/* The sandboxes: no new privileges, Landlock, and seccomp with a policy of policy/seccomp/. They cannot be left. */
#ifndef CRI_CONSUMER_SANDBOX_SANDBOX_H
#define CRI_CONSUMER_SANDBOX_SANDBOX_H

#include <stdbool.h>

struct sandbox;

enum sandbox_policy {
	SANDBOX_RECORD, /* record.policy: the recorder */
	SANDBOX_QUERY,	/* query.policy: a verb that reads the history */
};

#define SANDBOX_READ_MAX 2

/* Directories below which files can still be opened by name. NULL: none. */
struct sandbox_paths {
	const char *write_directory;		      /* recorder: that of the database */
	const char *read_directory[SANDBOX_READ_MAX]; /* recorder: cgroupfs; query: that of the database */
};

/* Allocates and prepares everything; changes nothing yet. 0 or a negative errno. */
int sandbox_prepare(enum sandbox_policy policy, const struct sandbox_paths *paths, struct sandbox **ret);
/*
 * Enters the sandbox and frees *sandbox, also on failure; it may be entered in part then. *ret_landlock: false when the
 * kernel does not support Landlock.
 */
int sandbox_enter(struct sandbox *sandbox, bool *ret_landlock);
void sandbox_free(struct sandbox *sandbox);

/* Within SANDBOX_QUERY: from now on no file can be opened by name (closed.policy). 0 or a negative errno. */
int sandbox_close_files(void);

#endif
