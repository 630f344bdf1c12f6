/* SPDX-License-Identifier: BSD-2-Clause */
/* The capabilities of the loader: exactly CAP_BPF and CAP_PERFMON. Functions return 0 or a negative errno. */
#ifndef CRI_LOADER_CAPS_H
#define CRI_LOADER_CAPS_H

#include <stdbool.h>
#include <sys/types.h>

/* 0 when both are permitted; -EPERM when not, and then *ret_missing is a static string, "CAP_BPF and CAP_PERFMON". */
int caps_check(const char **ret_missing);

/* True when no other capability is permitted, except CAP_SYS_RESOURCE (before 5.11 it raises RLIMIT_MEMLOCK, which
 * maps are charged to). Such a process cannot change its user. */
bool caps_are_bare(void);

/*
 * For root: drops all other capabilities from every set, the bounding set included, and supplementary groups, changes
 * to uid and gid, and sets no_new_privs. Then tries to become root again: -ENOTRECOVERABLE if that succeeds, and the
 * caller must exit. keep false: drops the two as well, except from the bounding set.
 */
int caps_become(uid_t uid, gid_t gid, bool keep);

/* Keeps the user; drops all other capabilities from the permitted and ambient sets and sets no_new_privs. keep as
 * above. */
int caps_limit(bool keep);

#endif
