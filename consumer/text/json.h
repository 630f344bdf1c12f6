/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes JSON member by member, with commas, nesting and escaping. */
#ifndef CRI_CONSUMER_TEXT_JSON_H
#define CRI_CONSUMER_TEXT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Zero except for `out` and `pretty`. Nesting deeper than 32 is not supported. */
struct json {
	FILE *out;
	bool pretty;
	unsigned int depth;
	uint32_t filled; /* one bit per depth: a member was written */
};

/* name: of the member, or NULL inside an array and for the outermost value. */
void json_object(struct json *json, const char *name);
void json_array(struct json *json, const char *name);
/* bracket: '}' or ']'. The outermost one is followed by a newline. */
void json_close(struct json *json, char bracket);

/*
 * In text that is not UTF-8 each invalid byte is written as U+FFFD, and outside arrays a member "NAME_hex" follows with
 * all bytes of the text.
 */
void json_string(struct json *json, const char *name, const char *text, size_t length);
void json_text(struct json *json, const char *name, const char *text); /* NULL: null */
/* unix_nano: nanoseconds since 1970, written as RFC 3339 in UTC. 0 means that the time is not known, and writes null. */
void json_time(struct json *json, const char *name, int64_t unix_nano);
void json_int(struct json *json, const char *name, int64_t number);
void json_bool(struct json *json, const char *name, bool yes);
void json_null(struct json *json, const char *name);
/* Text that is JSON already. */
void json_raw(struct json *json, const char *name, const char *text, size_t length);

#endif
