/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From root, or from whatever a verb was started as, to a user that may nothing, or read one file: for good,
 * and proved by trying to go back.
 */
#ifndef CRI_CONSUMER_SANDBOX_PRIVILEGES_H
#define CRI_CONSUMER_SANDBOX_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

/* 0, or -ENOENT: no such user. */
int privileges_find_user(const char *name, uid_t *ret_uid, gid_t *ret_gid);

/*
 * Makes the last part of the path if it is missing, 0750, with that owner: the one directory the recorder
 * writes to. 0 also when it was there; that one is left as it is. -ERROR_REPLACED: somebody replaced it meanwhile.
 */
int privileges_make_directory(const char *path, uid_t uid, gid_t gid);

/*
 * As root: becomes that user, in no other group. In any case: gives up every capability in every set, but with
 * keep_bpf CAP_BPF, permitted and effective (-EPERM when it was not there). -ERROR_PRIVILEGES_LEFT when something could
 * be regained afterwards; the process must end then.
 */
int privileges_drop(uid_t uid, gid_t gid, bool keep_bpf);

/*
 * For a process that will only read path: root becomes the owner of path, or of the directory it will be made
 * in, where that one can open it. Then every capability goes, unless it takes CAP_DAC_READ_SEARCH to open path;
 * that one stays where it was there. path NULL: nothing is read, root becomes nobody. 0, or negative errno: the
 * process must end then.
 */
int privileges_drop_for_reading(const char *path);

/* What attempt returns (0 or a negative errno) in a process that has dropped everything. */
int privileges_try_without(uid_t uid, gid_t gid, int (*attempt)(const void *context), const void *context);

#endif
