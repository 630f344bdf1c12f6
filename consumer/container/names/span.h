/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of a cgroup path and what they consist of. Pure. */
#ifndef CRI_CONSUMER_CONTAINER_NAMES_SPAN_H
#define CRI_CONSUMER_CONTAINER_NAMES_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Bytes of a path, not NUL-terminated. */
struct span {
	const char *at;
	size_t length;
};

static inline bool span_is(struct span s, const char *text)
{
	return s.length == strlen(text) && memcmp(s.at, text, s.length) == 0;
}

static inline bool span_starts(struct span s, const char *text)
{
	return s.length >= strlen(text) && memcmp(s.at, text, strlen(text)) == 0;
}

static inline bool span_ends(struct span s, const char *text)
{
	size_t length = strlen(text);

	return s.length >= length && memcmp(s.at + s.length - length, text, length) == 0;
}

static inline struct span span_skip(struct span s, size_t count)
{
	return (struct span){ s.at + count, s.length - count };
}

static inline struct span span_cut(struct span s, size_t length)
{
	return (struct span){ s.at, length < s.length ? length : s.length };
}

static inline struct span span_strip(struct span s, const char *end)
{
	return span_ends(s, end) ? span_cut(s, s.length - strlen(end)) : s;
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Lower case only, as all runtimes write their ids. */
static inline bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

static inline bool is_base36(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z');
}

/* A character of a name that never needs escaping. */
static inline bool is_graphic(char c)
{
	return c > ' ' && c <= '~' && c != '/';
}

static inline bool span_all(struct span s, bool (*is)(char c))
{
	for (size_t i = 0; i < s.length; i++)
		if (!is(s.at[i]))
			return false;

	return true;
}

/* Hex digits with a separator ('-', or '_' where systemd wants it) after 8, 13, 18 and 23 characters. */
static inline bool is_dashed_hex(struct span s, size_t length, bool underscores)
{
	if (s.length != length)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool separator = i == 8 || i == 13 || i == 18 || i == 23;

		if (separator ? s.at[i] != '-' && !(underscores && s.at[i] == '_') : !is_hex(s.at[i]))
			return false;
	}

	return true;
}

#endif
