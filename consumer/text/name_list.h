/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that is counted, not terminated, and lists of names made of it. Pure: no I/O, no allocation. */
#ifndef CRI_CONSUMER_TEXT_NAME_LIST_H
#define CRI_CONSUMER_TEXT_NAME_LIST_H

#include <stddef.h>

/* Bytes that the caller owns, not NUL-terminated. data NULL: absent. */
struct text_span {
	const char *data;
	size_t length;
};

/*
 * Writes the path "/a/b/c" of the names of a cgroup and its ancestors: leaf first, each ending with NUL, none empty,
 * none with a slash (decode.c checks that). No names at all: "/". out needs names.length + 1 bytes and at least 2.
 * Returns the length without the NUL; 0 if it does not fit.
 */
size_t name_list_path(struct text_span names, char *out, size_t size);

#endif
