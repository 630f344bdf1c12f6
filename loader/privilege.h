/* SPDX-License-Identifier: BSD-2-Clause */
/* Reduces the privileges of the process to the two capabilities that the loader needs. */
#ifndef CRI_LOADER_PRIVILEGE_H
#define CRI_LOADER_PRIVILEGE_H

#include <stdbool.h>

enum privilege_need {
	PRIVILEGE_NONE,      /* no capability and no directory: to parse only */
	PRIVILEGE_PINS,      /* the pin directory, where it exists, and the capabilities as far as the process has them */
	PRIVILEGE_MAKE_PINS, /* the same; root makes the directory, and a missing capability is an error */
	PRIVILEGE_REMOVE_PINS, /* the pin directory and no capability: unlink(2) needs none */
};

/* True for root with more capabilities than the loader's: it can make the directory for the loader's user and become
 * that user. False in a container that has only these. */
bool privilege_is_root(void);

/*
 * Must be called before the configuration, the kernel's state or a pin is read. Such a root becomes the loader's user;
 * where that account does not exist, or root owns the pin directory, it stays root without capabilities that are not
 * needed. Any other process keeps its user and drops all other capabilities. With PRIVILEGE_MAKE_PINS root makes the
 * directory for the loader's user and the ring's group, and a missing account is an error.
 *
 * A directory of anybody else is not opened, *ret_dir is -EEXIST; with PRIVILEGE_REMOVE_PINS root becomes its owner, who
 * could remove everything in it anyway.
 *
 * *ret_dir: a descriptor of the pin directory, whose parents the user may not be able to search; or the negative errno
 * of pin_dir_prepare() or pin_dir_open(), which the caller logs (dir_error.h). 0, or a negative errno after logging it.
 */
int privilege_drop(enum privilege_need need, const char *dir, int *ret_dir);

/* Runs it in a child, so that this process keeps its privileges for what follows. Returns its exit code; EXIT_DENIED
 * after logging when it could not be run to its end. */
int privilege_run_child(int (*run)(const void *context), const void *context);

#endif
