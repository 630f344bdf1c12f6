/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From root, or from whatever the recorder was started as, to a user that may nothing: for good, and proved
 * by trying to go back.
 */
#ifndef CRI_CONSUMER_PRIVILEGES_H
#define CRI_CONSUMER_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

/* 0, or -ENOENT: no such user. */
int privileges_find_user(const char *name, uid_t *ret_uid, gid_t *ret_gid);

/*
 * Makes the last part of the path if it is missing, 0750, with that owner: the one directory the recorder
 * writes to. 0 also when it was there; that one is left as it is. -ESTALE: somebody replaced it meanwhile.
 */
int privileges_make_directory(const char *path, uid_t uid, gid_t gid);

/*
 * As root: becomes that user, in no other group. In any case: gives up every capability in every set, but with
 * keep_bpf CAP_BPF, permitted and effective (-EPERM when it was not there). -ENOTRECOVERABLE when something could
 * be regained afterwards; the process must end then.
 */
int privileges_drop(uid_t uid, gid_t gid, bool keep_bpf);

/* What attempt returns (0 or a negative errno) in a process that has dropped everything. */
int privileges_try_without(uid_t uid, gid_t gid, int (*attempt)(const void *context), const void *context);

#endif
