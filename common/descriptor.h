/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors that a process inherits. */
#ifndef CRI_COMMON_DESCRIPTOR_H
#define CRI_COMMON_DESCRIPTOR_H

/*
 * Opens /dev/null for each of the descriptors 0 to 2 that is closed, so that no file which is opened later is taken for
 * standard input, output or error. Must be called before anything is opened. 0, or a negative errno of open(2).
 */
int descriptor_open_standard(void);

#endif
