/* SPDX-License-Identifier: BSD-2-Clause */
/* Escaping of text that a container may have chosen. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "common/utf8.h"

/* Output of an escaper. Goes on counting when `out` is full, as snprintf does. */
struct sink {
	char *out;
	size_t size;
	size_t needed;
	bool full; /* a piece did not fit; later ones are not written, even if they would fit */
};

/* Writes a piece, which is an escape or a character, as a whole or not at all. */
static void sink_put(struct sink *sink, const char *piece, size_t length)
{
	if (sink->size == 0 || sink->needed + length > sink->size - 1)
		sink->full = true;
	if (!sink->full)
		memcpy(sink->out + sink->needed, piece, length);

	sink->needed += length;
}

static void __attribute__((format(printf, 2, 3))) sink_print(struct sink *sink, const char *format, ...)
{
	char piece[16];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(piece, sizeof(piece), format, args);
	va_end(args);

	sink_put(sink, piece, (size_t)length);
}

static bool is_control(const unsigned char *s, size_t length)
{
	if (length == 1)
		return s[0] < 0x20 || s[0] == 0x7f;

	return length == 2 && s[0] == 0xc2 && s[1] < 0xa0;
}

/*
 * Invisible characters that change how text looks: the order of letters, where a line ends, or whether two words look
 * the same (Unicode: Default_Ignorable_Code_Point, Bidi_Control, and line separators).
 */
static const struct {
	uint32_t first, last;
} invisible_ranges[] = {
	{ 0x00ad, 0x00ad }, { 0x034f, 0x034f }, { 0x061c, 0x061c }, { 0x115f, 0x1160 },	  { 0x17b4, 0x17b5 },
	{ 0x180b, 0x180f }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },	  { 0x3164, 0x3164 },
	{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb },	  { 0x1bca0, 0x1bca3 },
	{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

static bool is_invisible(uint32_t code)
{
	for (size_t i = 0; i < ARRAY_SIZE(invisible_ranges); i++)
		if (code >= invisible_ranges[i].first && code <= invisible_ranges[i].last)
			return true;
	return false;
}

typedef void (*escape_piece)(struct sink *sink, const unsigned char *s, size_t length);

/* Writes one character as \xNN for each byte, as a whole or not at all. */
static void sink_print_bytes(struct sink *sink, const unsigned char *s, size_t length)
{
	char piece[4 * 4 + 1];

	for (size_t i = 0; i < length; i++)
		(void)snprintf(piece + 4 * i, sizeof(piece) - 4 * i, "\\x%02x", s[i]);
	sink_put(sink, piece, 4 * length);
}

/* length 0: one byte of invalid UTF-8. */
static void escape_for_terminal(struct sink *sink, const unsigned char *s, size_t length)
{
	if (length == 1 && s[0] == '\\')
		sink_put(sink, "\\\\", 2);
	else if (length == 0)
		sink_print(sink, "\\x%02x", s[0]);
	else if (is_control(s, length) || is_invisible(utf8_decode(s, length)))
		sink_print_bytes(sink, s, length);
	else
		sink_put(sink, (const char *)s, length);
}

static void escape_for_json(struct sink *sink, const unsigned char *s, size_t length)
{
	static const char named[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *name = length == 1 && s[0] ? strchr(named, s[0]) : NULL;

	if (name)
		sink_print(sink, "\\%c", letters[name - named]);
	else if (length == 0)
		sink_put(sink, "\\ufffd", 6);
	else if (is_control(s, length) || (length < 4 && is_invisible(utf8_decode(s, length))))
		sink_print(sink, "\\u%04x", (unsigned int)utf8_decode(s, length));
	else
		sink_put(sink, (const char *)s, length);
}

static size_t escape(char *out, size_t size, const char *in, size_t length, escape_piece piece)
{
	struct sink sink = { .out = out, .size = size };
	size_t end = 0;

	for (size_t i = 0; i < length;) {
		const unsigned char *s = (const unsigned char *)in + i;
		size_t valid = utf8_length(s, length - i);

		piece(&sink, s, valid);
		if (!sink.full)
			end = sink.needed;
		i += valid ? valid : 1;
	}
	if (size > 0)
		out[end] = '\0';

	return sink.needed;
}

size_t text_escape(char *out, size_t size, const char *in, size_t length)
{
	return escape(out, size, in, length, escape_for_terminal);
}

size_t text_json_escape(char *out, size_t size, const char *in, size_t length)
{
	return escape(out, size, in, length, escape_for_json);
}
