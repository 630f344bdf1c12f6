/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers, sizes and durations. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/text.h"

/* Parses decimal digits at *s and moves *s behind them. */
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

/* Parses "3" or "1.5" at *s and moves *s behind it. The fraction is in billionths; further digits are dropped. */
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

/* *ret: whole.billionths times unit, rounded down. */
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
		if (r == -ERANGE) { /* report -EINVAL first if the rest is no duration */
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

/* value / unit, rounded half up, without overflow. */
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

/* Durations of `from` nanoseconds or more are printed in these two units, the smaller one only when it is not 0. */
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
