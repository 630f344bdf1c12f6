/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/text/time_words.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "consumer/text/time_zone.h"

#define NS_PER_S  1000000000LL
#define WORDS_MAX 128

/* now + sign * span */
static int shift(int64_t now, uint64_t span_ns, int sign, int64_t *ret)
{
	int64_t value;

	if (span_ns > INT64_MAX)
		return -EINVAL;
	if (sign < 0 ? __builtin_sub_overflow(now, (int64_t)span_ns, &value)
		     : __builtin_add_overflow(now, (int64_t)span_ns, &value))
		return -EINVAL;

	*ret = value;
	return 0;
}

static int parse_span(const char *words, size_t length, int64_t now, int sign, int64_t *ret)
{
	char span[WORDS_MAX];
	uint64_t ns;

	if (length >= sizeof(span))
		return -EINVAL;
	memcpy(span, words, length);
	span[length] = '\0';
	if (text_parse_duration(span, &ns) < 0)
		return -EINVAL;

	return shift(now, ns, sign, ret);
}

/* "-2h", "+2h", "2h ago", "2h left"; "10m" as in docker logs: a span with a unit, in the past. */
static int parse_relative(const char *words, int64_t now, int64_t *ret)
{
	size_t length = strlen(words);

	if (words[0] == '-' || words[0] == '+')
		return parse_span(words + 1, length - 1, now, words[0] == '-' ? -1 : 1, ret);
	if (text_ends_with(words, " ago"))
		return parse_span(words, length - strlen(" ago"), now, -1, ret);
	if (text_ends_with(words, " left"))
		return parse_span(words, length - strlen(" left"), now, 1, ret);
	/* A bare number is ambiguous: an hour, or seconds since 1970. */
	if (!words[strspn(words, "0123456789. ")])
		return -EINVAL;

	return parse_span(words, length, now, -1, ret);
}

/* ".123": any number of digits, of which nine are used. Without a dot 0. */
static bool take_fraction(const char **s, int64_t *ret_ns)
{
	int64_t ns = 0, place = NS_PER_S / 10;

	if (time_take_char(s, '.')) {
		if (!isdigit((unsigned char)**s))
			return false;
		for (; isdigit((unsigned char)**s); (*s)++, place /= 10)
			ns += place * (**s - '0');
	}

	*ret_ns = ns;
	return true;
}

/* "@1763829067", "@1763829067.5" */
static int parse_epoch(const char *words, int64_t *ret)
{
	char digits[24];
	const char *s = words + 1;
	size_t length = strspn(s, "0123456789");
	uint64_t seconds;
	int64_t ns;

	if (length == 0 || length >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, s, length);
	digits[length] = '\0';
	s += length;
	if (text_parse_u64(digits, &seconds) < 0 || seconds > INT64_MAX || !take_fraction(&s, &ns) || *s)
		return -EINVAL;

	return time_combine((int64_t)seconds, ns, ret);
}

/* Date and time of day of a timestamp, without its zone. */
struct stamp {
	bool has_date, has_time;
	int year, month, day; /* as written: 1 to 12, 1 to 31 */
	int hour, minute, second;
	int weekday;   /* 0: Sunday; -1: none */
	int day_shift; /* days from today, when there is no date */
	int64_t ns;
};

static bool is_date(int year, int month, int day)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (month == 2 && leap);
}

/* "2025-11-22", "25-11-22" */
static bool take_date(const char **s, struct stamp *stamp)
{
	const char *p = *s;
	size_t digits = strspn(p, "0123456789");

	if ((digits != 4 && digits != 2) || !time_take_number(&p, digits, &stamp->year))
		return false;
	if (digits == 2) /* strptime(3), %y */
		stamp->year += stamp->year < 69 ? 2000 : 1900;
	if (!time_take_char(&p, '-') || !time_take_number(&p, 2, &stamp->month) || !time_take_char(&p, '-') ||
	    !time_take_number(&p, 2, &stamp->day) || !is_date(stamp->year, stamp->month, stamp->day))
		return false;

	*s = p;
	stamp->has_date = true;
	return true;
}

/* "16:00", "16:00:07", "16:00:07.123" */
static bool take_time(const char **s, struct stamp *stamp)
{
	const char *p = *s;

	if (!time_take_number(&p, 2, &stamp->hour) || !time_take_char(&p, ':') || !time_take_number(&p, 2, &stamp->minute))
		return false;
	if (time_take_char(&p, ':') && (!time_take_number(&p, 2, &stamp->second) || !take_fraction(&p, &stamp->ns)))
		return false;
	if (stamp->hour > 23 || stamp->minute > 59 || stamp->second > 59)
		return false;

	*s = p;
	stamp->has_time = true;
	return true;
}

static bool take_word(const char **s, const char *word)
{
	size_t length = strlen(word);

	if (strncasecmp(*s, word, length) != 0 || ((*s)[length] && (*s)[length] != ' '))
		return false;

	*s += length;
	return true;
}

static void skip_blanks(const char **s)
{
	*s += strspn(*s, " ");
}

/* "Fri", "friday"; a weekday is optional. */
static void take_weekday(const char **s, struct stamp *stamp)
{
	static const char *const names[] = { "sunday",	 "monday", "tuesday", "wednesday",
					     "thursday", "friday", "saturday" };
	char abbreviation[4];

	stamp->weekday = -1;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)snprintf(abbreviation, sizeof(abbreviation), "%.3s", names[i]);
		if (take_word(s, names[i]) || take_word(s, abbreviation)) {
			stamp->weekday = (int)i;
			skip_blanks(s);
			return;
		}
	}
}

static bool take_day_word(const char **s, struct stamp *stamp)
{
	static const struct {
		const char *word;
		int shift;
	} words[] = { { "yesterday", -1 }, { "today", 0 }, { "tomorrow", 1 } };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (take_word(s, words[i].word)) {
			stamp->day_shift = words[i].shift;
			return true;
		}

	return false;
}

/* An optional time of day behind a day: " 16:00", or "T16:00" behind a date. Returns false for an invalid one. */
static bool take_time_of_day(const char **s, struct stamp *stamp)
{
	const char *p = *s;

	if (stamp->has_date && (time_take_char(&p, 'T') || time_take_char(&p, 't'))) {
		*s = p;
		return take_time(s, stamp);
	}

	skip_blanks(&p);
	if (p == *s || !isdigit((unsigned char)*p))
		return true;
	*s = p;
	return take_time(s, stamp);
}

/* "[WEEKDAY] [DAY] [TIME]" with at least a day or a time; *ret_zone: the rest, without leading blanks. */
static int parse_stamp(const char *s, struct stamp *ret, const char **ret_zone)
{
	struct stamp stamp = { 0 };
	const char *p;

	take_weekday(&s, &stamp);
	if (take_date(&s, &stamp) || take_day_word(&s, &stamp)) {
		if (!take_time_of_day(&s, &stamp))
			return -EINVAL;
	} else if (!take_time(&s, &stamp)) {
		return -EINVAL;
	}

	/* The name of a zone follows a blank; Z and an offset may follow the time directly. */
	p = s;
	skip_blanks(&s);
	if (*s && s == p && !(stamp.has_time && strchr("Zz+-", *s)))
		return -EINVAL;

	*ret = stamp;
	*ret_zone = s;
	return 0;
}

static int resolve(const struct stamp *stamp, const struct time_zone *zone, int64_t now, int64_t *ret)
{
	struct tm tm, check;
	int64_t value;
	int r;

	memset(&tm, 0, sizeof(tm));
	if (stamp->has_date) {
		tm.tm_year = stamp->year - 1900;
		tm.tm_mon = stamp->month - 1;
		tm.tm_mday = stamp->day;
	} else {
		time_zone_split(zone, now, &tm);
		tm.tm_mday += stamp->day_shift;
	}
	tm.tm_hour = stamp->hour;
	tm.tm_min = stamp->minute;
	tm.tm_sec = stamp->second;

	r = time_zone_join(zone, tm, stamp->ns, &value);
	if (r < 0)
		return r;
	time_zone_split(zone, value, &check);
	if (stamp->weekday >= 0 && stamp->weekday != check.tm_wday)
		return -EINVAL;

	*ret = value;
	return 0;
}

static int parse_calendar(const char *words, int64_t now, int64_t *ret)
{
	struct stamp stamp;
	struct time_zone zone;
	const char *rest;
	char *saved;
	int r;

	r = parse_stamp(words, &stamp, &rest);
	if (r < 0)
		return r;
	r = time_zone_parse(rest, &zone);
	if (r < 0)
		return r;

	saved = time_zone_enter(&zone);
	r = resolve(&stamp, &zone, now, ret);
	time_zone_leave(&zone, saved);

	return r;
}

int time_words_parse(const char *words, int64_t now_unix_nano, int64_t boot_unix_nano, int64_t *ret_unix_nano)
{
	if (strlen(words) >= WORDS_MAX)
		return -EINVAL;

	if (strcmp(words, "now") == 0) {
		*ret_unix_nano = now_unix_nano;
		return 0;
	}
	if (strcmp(words, "boot") == 0) {
		*ret_unix_nano = boot_unix_nano;
		return 0;
	}
	if (words[0] == '@')
		return parse_epoch(words, ret_unix_nano);
	if (parse_relative(words, now_unix_nano, ret_unix_nano) == 0)
		return 0;

	return parse_calendar(words, now_unix_nano, ret_unix_nano);
}

static void format_tm(char *out, size_t size, const struct tm *tm, char separator, const char *fraction)
{
	(void)snprintf(out, size, "%04d-%02d-%02d%c%02d:%02d:%02d%s", tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday,
		       separator, tm->tm_hour, tm->tm_min, tm->tm_sec, fraction);
}

void time_format_rfc3339(char *out, size_t size, int64_t unix_nano)
{
	time_t seconds = time_floor_seconds(unix_nano);
	char fraction[16];
	struct tm tm;

	(void)gmtime_r(&seconds, &tm);
	(void)snprintf(fraction, sizeof(fraction), ".%09dZ", time_floor_rest(unix_nano));
	format_tm(out, size, &tm, 'T', fraction);
}

void time_format_local(char *out, size_t size, int64_t unix_nano, bool utc)
{
	time_t seconds = time_floor_seconds(unix_nano);
	char fraction[16];
	struct tm tm;

	(void)(utc ? gmtime_r(&seconds, &tm) : localtime_r(&seconds, &tm));
	(void)snprintf(fraction, sizeof(fraction), ".%03d", time_floor_rest(unix_nano) / 1000000);
	format_tm(out, size, &tm, ' ', fraction);
}
