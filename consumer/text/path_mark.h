/* SPDX-License-Identifier: BSD-2-Clause */
/* A path of which a part is missing has a mark at that end: "…/a/b" or "/a/b…". A whole one begins with a slash. */
#ifndef CRI_CONSUMER_TEXT_PATH_MARK_H
#define CRI_CONSUMER_TEXT_PATH_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define PATH_MARK	 "…"
#define PATH_MARK_LENGTH (sizeof(PATH_MARK) - 1)

static inline bool path_mark_at_end(const char *path, size_t length)
{
	return length > PATH_MARK_LENGTH && memcmp(path + length - PATH_MARK_LENGTH, PATH_MARK, PATH_MARK_LENGTH) == 0;
}

static inline bool path_mark_is_whole(const char *path, size_t length)
{
	return length > 0 && path[0] == '/' && !path_mark_at_end(path, length);
}

#endif
