/* SPDX-License-Identifier: BSD-2-Clause */
/* The loader's privilege: exactly CAP_BPF and CAP_PERFMON. */
#ifndef CRI_LOADER_CAPS_H
#define CRI_LOADER_CAPS_H

#include <stdbool.h>
#include <sys/types.h>

/* 0, or -EPERM and *ret_missing names what is missing, "CAP_BPF and CAP_PERFMON". Static. */
int caps_check(const char **ret_missing);

/* Nothing but the two is permitted to this process, and CAP_SYS_RESOURCE, which raises the limit that maps are charged
 * to before 5.11: no way to another user. */
bool caps_are_bare(void);

/*
 * Root only: becomes uid and gid for good, keeps the two capabilities and nothing else in any set, no
 * supplementary groups, no_new_privs; then tries to get root back and fails with -ENOTRECOVERABLE if that
 * works.
 */
int caps_become(uid_t uid, gid_t gid);

/* Stays who it is: keeps the two capabilities and nothing else. */
int caps_limit(void);

#endif
