/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gives up privileges for good: changes from root, or from the user who started the verb, to a process that can do
 * nothing but read one file. Verifies it by trying to regain them.
 */
#ifndef CRI_CONSUMER_SANDBOX_PRIVILEGES_H
#define CRI_CONSUMER_SANDBOX_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

/* 0; -ENOENT: there is no such user; or another negative errno. */
int privileges_find_user(const char *name, uid_t *ret_uid, gid_t *ret_gid);

/*
 * Creates the directory `path` with mode 0750 and that owner, unless it exists; only its last component. An existing one
 * is left as it is. 0, a negative errno, or -ERROR_REPLACED: another process replaced it meanwhile.
 */
int privileges_make_directory(const char *path, uid_t uid, gid_t gid);

/*
 * As root: becomes that user, without supplementary groups. In any case drops all capabilities from all sets, except
 * with keep_bpf CAP_BPF, which stays permitted and effective (-EPERM when the process did not have it).
 * -ERROR_PRIVILEGES_LEFT: something could be regained; the process must end then.
 */
int privileges_drop(uid_t uid, gid_t gid, bool keep_bpf);

/*
 * For a process that will only read path. Root becomes the owner of path, or of its directory while path does not
 * exist, provided that this user can open it. Then drops all capabilities, except CAP_DAC_READ_SEARCH if the process has
* it and path cannot be opened without. path NULL: nothing will be read, root becomes the user nobody. On failure
 * (negative) the process must end.
 */
int privileges_drop_for_reading(const char *path);

/*
 * Calls `attempt` in a child process that has dropped everything, and returns what it returns: 0 or a negative errno.
 * -ENOTRECOVERABLE for an error of text/error.h, as when the child could not drop everything.
 */
int privileges_try_without(uid_t uid, gid_t gid, int (*attempt)(const void *context), const void *context);

#endif
