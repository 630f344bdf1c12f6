/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/text/json.h"

#include <inttypes.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "common/utf8.h"
#include "consumer/text/time_words.h"

static void write_indent(struct json *json)
{
	if (!json->pretty)
		return;
	(void)fputc('\n', json->out);
	for (unsigned int i = 0; i < json->depth; i++)
		(void)fputs("  ", json->out);
}

static void write_quoted(struct json *json, const char *text, size_t length)
{
	char small[512];
	AUTO_FREE char *large = NULL;
	char *escaped = small;
	size_t need = text_json_escape(small, sizeof(small), text, length);

	if (need >= sizeof(small)) {
		large = malloc(need + 1);
		if (large) {
			(void)text_json_escape(large, need + 1, text, length);
			escaped = large;
		}
	}
	(void)fprintf(json->out, "\"%s\"", escaped);
}

static void write_name(struct json *json, const char *name)
{
	if (json->depth) {
		uint32_t bit = UINT32_C(1) << (json->depth & 31);

		if (json->filled & bit)
			(void)fputc(',', json->out);
		json->filled |= bit;
		write_indent(json);
	}
	if (!name)
		return;
	write_quoted(json, name, strlen(name));
	(void)fputs(json->pretty ? ": " : ":", json->out);
}

static void open_bracket(struct json *json, const char *name, char bracket)
{
	write_name(json, name);
	(void)fputc(bracket, json->out);
	json->depth++;
	json->filled &= ~(UINT32_C(1) << (json->depth & 31));
}

void json_object(struct json *json, const char *name)
{
	open_bracket(json, name, '{');
}

void json_array(struct json *json, const char *name)
{
	open_bracket(json, name, '[');
}

void json_close(struct json *json, char bracket)
{
	bool filled = json->filled & (UINT32_C(1) << (json->depth & 31));

	json->depth--;
	if (filled)
		write_indent(json);
	(void)fputc(bracket, json->out);
	if (!json->depth)
		(void)fputc('\n', json->out);
}

/* The bytes of a text in which U+FFFD replaces some of them. */
static void write_hex(struct json *json, const char *name, const char *text, size_t length)
{
	char hex_name[128];

	(void)snprintf(hex_name, sizeof(hex_name), "%s_hex", name);
	write_name(json, hex_name);
	(void)fputc('"', json->out);
	for (size_t i = 0; i < length; i++)
		(void)fprintf(json->out, "%02x", (unsigned char)text[i]);
	(void)fputc('"', json->out);
}

static bool is_utf8(const char *text, size_t length)
{
	for (size_t i = 0, valid; i < length; i += valid) {
		valid = utf8_length((const unsigned char *)text + i, length - i);
		if (!valid)
			return false;
	}
	return true;
}

void json_string(struct json *json, const char *name, const char *text, size_t length)
{
	write_name(json, name);
	write_quoted(json, text, length);
	if (name && !is_utf8(text, length))
		write_hex(json, name, text, length);
}

void json_text(struct json *json, const char *name, const char *text)
{
	if (text)
		json_string(json, name, text, strlen(text));
	else
		json_null(json, name);
}

void json_time(struct json *json, const char *name, int64_t unix_nano)
{
	char text[TIME_TEXT_MAX];

	time_format_rfc3339(text, sizeof(text), unix_nano);
	json_text(json, name, unix_nano ? text : NULL);
}

void json_int(struct json *json, const char *name, int64_t number)
{
	write_name(json, name);
	(void)fprintf(json->out, "%" PRId64, number);
}

void json_bool(struct json *json, const char *name, bool yes)
{
	write_name(json, name);
	(void)fputs(yes ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *name)
{
	write_name(json, name);
	(void)fputs("null", json->out);
}

void json_raw(struct json *json, const char *name, const char *text, size_t length)
{
	write_name(json, name);
	(void)fwrite(text, 1, length, json->out);
}
