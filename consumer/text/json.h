/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON written member by member: commas, nesting and escaping in one place. */
#ifndef CRI_CONSUMER_TEXT_JSON_H
#define CRI_CONSUMER_TEXT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Zero-initialise with the stream; nesting deeper than 32 is not written correctly. */
struct json {
	FILE *out;
	bool pretty;
	unsigned int depth;
	uint32_t filled; /* bit per depth: something was written there already */
};

/* name: of the member, or NULL inside an array and for the outermost value. */
void json_object(struct json *json, const char *name);
void json_array(struct json *json, const char *name);
/* bracket: '}' or ']'. After the outermost one a newline follows. */
void json_close(struct json *json, char bracket);

/*
 * Text that is no UTF-8 cannot be in JSON: U+FFFD stands for each wrong byte, and a member "NAME_hex" follows with all
 * the bytes. Inside an array it does not.
 */
void json_string(struct json *json, const char *name, const char *text, size_t length);
void json_text(struct json *json, const char *name, const char *text); /* NULL: null */
void json_int(struct json *json, const char *name, int64_t number);
void json_bool(struct json *json, const char *name, bool yes);
void json_null(struct json *json, const char *name);
/* Already JSON, written as it is. */
void json_raw(struct json *json, const char *name, const char *text, size_t length);

#endif
