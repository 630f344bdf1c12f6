/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recorder's sandbox: no new privileges, Landlock, seccomp by policy/seccomp/record.policy. For good.
 */
#ifndef CRI_CONSUMER_SANDBOX_H
#define CRI_CONSUMER_SANDBOX_H

#include <stdbool.h>

struct sandbox;

/* What may still be opened by name. NULL: nothing of that kind. */
struct sandbox_paths {
	const char *write_directory; /* the database's */
	const char *read_directory;  /* the cgroup file system's */
};

/* Does all that can fail for want of memory or of kernel support; changes nothing yet. */
int sandbox_prepare(const struct sandbox_paths *paths, struct sandbox **ret);
/*
 * Enters it and frees *sandbox, also on failure; a process that gets a failure must end. *ret_landlock tells
 * whether the kernel restricts paths too: older ones cannot.
 */
int sandbox_enter(struct sandbox *sandbox, bool *ret_landlock);
void sandbox_free(struct sandbox *sandbox);

#endif
