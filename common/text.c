/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"

/* Where an escaper writes: keeps counting when the room is used up, as snprintf does. */
struct sink {
	char *out;
	size_t size;
	size_t needed;
	bool full; /* a piece did not fit: later, shorter ones must not follow it */
};

/* A piece is an escape or a character: it is written whole or not at all. */
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

/* RFC 3629, section 4: the first byte says the length and the range of the second. */
static const struct utf8_row {
	unsigned char first_min, first_max, length, second_min, second_max;
} utf8_rows[] = {
	{ 0x00, 0x7f, 1, 0x00, 0x00 }, { 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

/* Bytes of the character at s, which has at least one byte; 0 when it is no valid UTF-8. */
static size_t utf8_length(const unsigned char *s, size_t available)
{
	const struct utf8_row *row = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(utf8_rows) && !row; i++)
		if (s[0] >= utf8_rows[i].first_min && s[0] <= utf8_rows[i].first_max)
			row = &utf8_rows[i];

	if (!row || row->length > available)
		return 0;
	if (row->length > 1 && (s[1] < row->second_min || s[1] > row->second_max))
		return 0;
	for (size_t i = 2; i < row->length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;

	return row->length;
}

static bool is_control(const unsigned char *s, size_t length)
{
	if (length == 1)
		return s[0] < 0x20 || s[0] == 0x7f;

	return length == 2 && s[0] == 0xc2 && s[1] < 0xa0;
}

/* The code point of a valid character. */
static uint32_t utf8_decode(const unsigned char *s, size_t length)
{
	uint32_t code = length == 1 ? s[0] : s[0] & (0x7fU >> length);

	for (size_t i = 1; i < length; i++)
		code = code << 6 | (s[i] & 0x3f);
	return code;
}

/*
 * Characters that cannot be seen but change what can: the order of the letters around them, where a line ends, or
 * whether two words look the same (Unicode's Default_Ignorable_Code_Point and Bidi_Control, and line separators).
 */
static const struct {
	uint32_t first, last;
} unseen_ranges[] = {
	{ 0x00ad, 0x00ad }, { 0x034f, 0x034f }, { 0x061c, 0x061c }, { 0x115f, 0x1160 },	  { 0x17b4, 0x17b5 },
	{ 0x180b, 0x180f }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },	  { 0x3164, 0x3164 },
	{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb },	  { 0x1bca0, 0x1bca3 },
	{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

static bool is_unseen(uint32_t code)
{
	for (size_t i = 0; i < ARRAY_SIZE(unseen_ranges); i++)
		if (code >= unseen_ranges[i].first && code <= unseen_ranges[i].last)
			return true;
	return false;
}

typedef void (*escape_piece)(struct sink *sink, const unsigned char *s, size_t length);

/* One character: it is written whole or not at all. */
static void sink_print_bytes(struct sink *sink, const unsigned char *s, size_t length)
{
	char piece[4 * 4 + 1];

	for (size_t i = 0; i < length; i++)
		(void)snprintf(piece + 4 * i, sizeof(piece) - 4 * i, "\\x%02x", s[i]);
	sink_put(sink, piece, 4 * length);
}

/* What is dangerous for a terminal or its reader; length 0: one byte of invalid UTF-8. */
static void escape_for_terminal(struct sink *sink, const unsigned char *s, size_t length)
{
	if (length == 1 && s[0] == '\\')
		sink_put(sink, "\\\\", 2);
	else if (length == 0)
		sink_print(sink, "\\x%02x", s[0]);
	else if (is_control(s, length) || is_unseen(utf8_decode(s, length)))
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
	else if (is_control(s, length) || (length < 4 && is_unseen(utf8_decode(s, length))))
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

bool text_is_utf8(const char *in, size_t length)
{
	for (size_t i = 0, valid; i < length; i += valid) {
		valid = utf8_length((const unsigned char *)in + i, length - i);
		if (!valid)
			return false;
	}
	return true;
}

/* Decimal digits at *s, which is moved behind them. */
static int parse_digits(const char **s, uint64_t *ret)
{
	const char *p = *s;
	uint64_t value = 0;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return -ERANGE;

	*s = p;
	*ret = value;
	return 0;
}

int text_parse_u64(const char *s, uint64_t *ret)
{
	uint64_t value;
	int r = parse_digits(&s, &value);

	if (r < 0)
		return r == -ERANGE && s[strspn(s, "0123456789")] ? -EINVAL : r;
	if (*s)
		return -EINVAL;

	*ret = value;
	return 0;
}

int text_parse_bool(const char *s, bool *ret)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = { { "yes", true }, { "no", false },	 { "true", true }, { "false", false },
		      { "on", true },  { "off", false }, { "1", true },	   { "0", false } };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(s, words[i].word) == 0) {
			*ret = words[i].value;
			return 0;
		}

	return -EINVAL;
}

/* "3" or "1.5" at *s, which is moved behind it; the fraction in billionths, further digits dropped. */
static int parse_decimal(const char **s, uint64_t *ret_whole, uint64_t *ret_billionths)
{
	uint64_t whole, billionths = 0;
	const char *p = *s;
	int r;

	r = parse_digits(&p, &whole);
	if (r < 0)
		return r;

	if (*p == '.') {
		if (p[1] < '0' || p[1] > '9')
			return -EINVAL;
		p++;
		for (uint64_t place = 100000000; *p >= '0' && *p <= '9'; p++, place /= 10)
			billionths += place * (uint64_t)(*p - '0');
	}

	*s = p;
	*ret_whole = whole;
	*ret_billionths = billionths;
	return 0;
}

/* whole.billionths times unit, rounded down. */
static int scale_decimal(uint64_t whole, uint64_t billionths, uint64_t unit, uint64_t *ret)
{
	const uint64_t billion = 1000000000;
	uint64_t value, fraction;

	/* billionths * unit may need more than 64 bits, so the unit is split at a billion. */
	fraction = billionths * (unit / billion) + billionths * (unit % billion) / billion;

	if (__builtin_mul_overflow(whole, unit, &value) || __builtin_add_overflow(value, fraction, &value))
		return -ERANGE;

	*ret = value;
	return 0;
}

static const char size_letters[] = "KMGTPE";

int text_parse_size(const char *s, uint64_t *ret)
{
	uint64_t whole, billionths, unit = 1, value;
	const char *letter;
	int r;

	r = parse_decimal(&s, &whole, &billionths);
	if (r < 0)
		return r;

	letter = *s > ' ' ? strchr(size_letters, *s & ~0x20) : NULL;
	if (letter) {
		unit <<= 10 * (letter - size_letters + 1);
		s++;
		if (s[0] == 'i' && (s[1] == 'B' || s[1] == 'b'))
			s++;
	} else if (billionths > 0) {
		return -EINVAL;
	}
	if (*s == 'B' || *s == 'b')
		s++;
	if (*s)
		return -EINVAL;

	r = scale_decimal(whole, billionths, unit, &value);
	if (r < 0)
		return r;

	*ret = value;
	return 0;
}

#define NS_PER_US  1000ULL
#define NS_PER_MS  1000000ULL
#define NS_PER_S   1000000000ULL
#define NS_PER_MIN (60 * NS_PER_S)
#define NS_PER_H   (3600 * NS_PER_S)
#define NS_PER_D   (86400 * NS_PER_S)

/* systemd.time(7), "Parsing Time Spans"; a month is 30.44 days, a year 365.25. */
static const struct span_unit {
	const char *name;
	uint64_t ns;
} span_units[] = {
	{ "", NS_PER_S },
	{ "nsec", 1 },
	{ "ns", 1 },
	{ "usec", NS_PER_US },
	{ "us", NS_PER_US },
	{ "\xce\xbcs", NS_PER_US },
	{ "\xc2\xb5s", NS_PER_US },
	{ "msec", NS_PER_MS },
	{ "ms", NS_PER_MS },
	{ "seconds", NS_PER_S },
	{ "second", NS_PER_S },
	{ "sec", NS_PER_S },
	{ "s", NS_PER_S },
	{ "minutes", NS_PER_MIN },
	{ "minute", NS_PER_MIN },
	{ "min", NS_PER_MIN },
	{ "m", NS_PER_MIN },
	{ "hours", NS_PER_H },
	{ "hour", NS_PER_H },
	{ "hr", NS_PER_H },
	{ "h", NS_PER_H },
	{ "days", NS_PER_D },
	{ "day", NS_PER_D },
	{ "d", NS_PER_D },
	{ "weeks", 7 * NS_PER_D },
	{ "week", 7 * NS_PER_D },
	{ "w", 7 * NS_PER_D },
	{ "months", 2630016 * NS_PER_S },
	{ "month", 2630016 * NS_PER_S },
	{ "M", 2630016 * NS_PER_S },
	{ "years", 31557600 * NS_PER_S },
	{ "year", 31557600 * NS_PER_S },
	{ "y", 31557600 * NS_PER_S },
};

static int span_unit_parse(const char **s, uint64_t *ret_ns)
{
	size_t length = strcspn(*s, " \t0123456789.");

	for (size_t i = 0; i < ARRAY_SIZE(span_units); i++)
		if (strlen(span_units[i].name) == length && memcmp(*s, span_units[i].name, length) == 0) {
			*s += length;
			*ret_ns = span_units[i].ns;
			return 0;
		}

	return -EINVAL;
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

int text_parse_duration(const char *s, uint64_t *ret_ns)
{
	uint64_t whole, billionths, unit, part, total = 0;
	bool overflow = false;
	int r;

	s = skip_blanks(s);
	if (!*s)
		return -EINVAL;

	while (*s) {
		r = parse_decimal(&s, &whole, &billionths);
		if (r == -ERANGE) { /* still to be told from what is no duration at all */
			overflow = true;
			s += strspn(s, "0123456789.");
		} else if (r < 0) {
			return r;
		}

		s = skip_blanks(s);
		r = span_unit_parse(&s, &unit);
		if (r < 0)
			return r;
		s = skip_blanks(s);

		if (!overflow &&
		    (scale_decimal(whole, billionths, unit, &part) < 0 || __builtin_add_overflow(total, part, &total)))
			overflow = true;
	}
	if (overflow)
		return -ERANGE;

	*ret_ns = total;
	return 0;
}

/* value / unit, half rounded up, without overflow. */
static uint64_t divide_rounded(uint64_t value, uint64_t unit)
{
	return value / unit + (value % unit >= unit - unit / 2);
}

void text_format_size(char *out, size_t size, uint64_t bytes)
{
	uint64_t unit = 1024, whole, tenths;
	size_t letter = 0;

	if (bytes < 1024) {
		(void)snprintf(out, size, "%uB", (unsigned int)bytes);
		return;
	}

	while (divide_rounded(bytes, unit) >= 1024 && size_letters[letter + 1]) {
		unit *= 1024;
		letter++;
	}

	whole = bytes / unit;
	tenths = whole * 10 + (bytes % unit / (unit / 1024) * 10 + 512) / 1024;
	if (tenths < 1000) {
		(void)snprintf(out, size, "%u.%u%c", (unsigned int)(tenths / 10), (unsigned int)(tenths % 10),
			       size_letters[letter]);
		return;
	}
	(void)snprintf(out, size, "%u%c", (unsigned int)divide_rounded(bytes, unit), size_letters[letter]);
}

/* Two neighbouring units, the smaller left out when it is 0. */
static const struct {
	uint64_t from, large, small;
	const char *large_name, *small_name;
} span_pairs[] = {
	{ NS_PER_D, NS_PER_D, NS_PER_H, "d", "h" },
	{ NS_PER_H, NS_PER_H, NS_PER_MIN, "h", "min" },
	{ NS_PER_MIN, NS_PER_MIN, NS_PER_S, "min", "s" },
};

void text_format_duration(char *out, size_t size, uint64_t ns)
{
	unsigned int large, small;

	for (size_t i = 0; i < ARRAY_SIZE(span_pairs); i++) {
		if (ns < span_pairs[i].from)
			continue;

		large = (unsigned int)(ns / span_pairs[i].large);
		small = (unsigned int)(ns % span_pairs[i].large / span_pairs[i].small);
		if (small)
			(void)snprintf(out, size, "%u%s %u%s", large, span_pairs[i].large_name, small,
				       span_pairs[i].small_name);
		else
			(void)snprintf(out, size, "%u%s", large, span_pairs[i].large_name);
		return;
	}

	if (ns >= NS_PER_S && ns % NS_PER_S >= NS_PER_MS)
		(void)snprintf(out, size, "%u.%03us", (unsigned int)(ns / NS_PER_S),
			       (unsigned int)(ns % NS_PER_S / NS_PER_MS));
	else if (ns >= NS_PER_S)
		(void)snprintf(out, size, "%us", (unsigned int)(ns / NS_PER_S));
	else if (ns >= NS_PER_MS)
		(void)snprintf(out, size, "%ums", (unsigned int)(ns / NS_PER_MS));
	else if (ns >= NS_PER_US)
		(void)snprintf(out, size, "%uus", (unsigned int)(ns / NS_PER_US));
	else
		(void)snprintf(out, size, "%u%s", (unsigned int)ns, ns ? "ns" : "s");
}

bool text_starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool text_ends_with(const char *s, const char *suffix)
{
	size_t length = strlen(s), end = strlen(suffix);

	return length >= end && memcmp(s + length - end, suffix, end) == 0;
}
