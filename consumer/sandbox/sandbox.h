/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sandboxes: no new privileges, Landlock, seccomp by a policy of policy/seccomp/. For good.
 */
#ifndef CRI_CONSUMER_SANDBOX_SANDBOX_H
#define CRI_CONSUMER_SANDBOX_SANDBOX_H

#include <stdbool.h>

struct sandbox;

enum sandbox_policy {
	SANDBOX_RECORD, /* record.policy: the recorder */
	SANDBOX_QUERY,	/* query.policy: a verb that reads the history */
};

#define SANDBOX_READ_MAX 2

/* What may still be opened by name. NULL: nothing of that kind. */
struct sandbox_paths {
	const char *write_directory;		      /* the recorder's: the database's */
	const char *read_directory[SANDBOX_READ_MAX]; /* the cgroup file system's; a query's: the database's */
};

/* Does all that can fail for want of memory or of kernel support; changes nothing yet. */
int sandbox_prepare(enum sandbox_policy policy, const struct sandbox_paths *paths, struct sandbox **ret);
/*
 * Enters it and frees *sandbox, also on failure: some walls may stand then. *ret_landlock tells whether the
 * kernel restricts paths too: older ones cannot.
 */
int sandbox_enter(struct sandbox *sandbox, bool *ret_landlock);
void sandbox_free(struct sandbox *sandbox);

/* In the query's: from now on nothing is opened by name any more (closed.policy). */
int sandbox_close_files(void);

#endif
