/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/text/time_zone.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

#define NS_PER_S 1000000000LL
#define NAME_SIZE 128
/* Where the C library looks; TZDIR names another directory. */
#define ZONE_DIR   "/usr/share/zoneinfo"
#define LOCAL_ZONE "/etc/localtime"

int time_combine(int64_t seconds, int64_t ns, int64_t *ret)
{
	int64_t value;

	if (__builtin_mul_overflow(seconds, NS_PER_S, &value) || __builtin_add_overflow(value, ns, &value))
		return -EINVAL;

	*ret = value;
	return 0;
}

bool time_take_number(const char **s, size_t count, int *ret)
{
	int value = 0;

	for (size_t i = 0; i < count; i++) {
		if (!isdigit((unsigned char)(*s)[i]))
			return false;
		value = value * 10 + ((*s)[i] - '0');
	}

	*s += count;
	*ret = value;
	return true;
}

bool time_take_char(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

/* "+02:00", "-0530", "+02": the whole text. */
static bool parse_offset(const char *s, int *ret_seconds)
{
	int sign = *s == '-' ? -1 : 1, hours, minutes = 0;

	if (!time_take_char(&s, '+') && !time_take_char(&s, '-'))
		return false;
	if (!time_take_number(&s, 2, &hours))
		return false;
	if (*s) {
		(void)time_take_char(&s, ':');
		if (!time_take_number(&s, 2, &minutes))
			return false;
	}
	if (*s || hours > 23 || minutes > 59)
		return false;

	*ret_seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

/* The file that the C library opens for a zone. out: PATH_MAX bytes. False: the path is too long for a file. */
static bool find_file(const char *zone, char *out)
{
	const char *own = getenv("TZDIR");
	int n = zone[0] == '/' ? snprintf(out, PATH_MAX, "%s", zone)
			       : snprintf(out, PATH_MAX, "%s/%s", own && own[0] ? own : ZONE_DIR, zone);

	return n > 0 && n < PATH_MAX;
}

/* The C library takes the name of anything that is not a zone (a directory, a list of leap seconds) for UTC. */
static bool zone_exists(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
	size_t length = strlen(name);
	char path[PATH_MAX], magic[4]; /* tzfile(5) */
	struct stat st;

	if (length == 0 || length >= NAME_SIZE || name[strspn(name, allowed)] || name[0] == '/' ||
	    name[length - 1] == '/' || !find_file(name, path))
		return false;

	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       read(fd, magic, sizeof(magic)) == (ssize_t)sizeof(magic) && memcmp(magic, "TZif", sizeof(magic)) == 0;
}

bool time_zone_check(void)
{
	const char *zone = getenv("TZ");
	char path[PATH_MAX];
	struct stat st;

	if (!zone)
		zone = LOCAL_ZONE;
	if (*zone == ':')
		zone++;
	if (!find_file(zone, path) || stat(path, &st) != 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
		return true;
	(void)setenv("TZ", "UTC0", 1);
	(void)unsetenv("TZDIR");
	return false;
}

int time_zone_parse(const char *s, struct time_zone *ret)
{
	struct time_zone zone = { .is_dst = -1 };

	if (!*s) {
		zone.kind = TIME_ZONE_LOCAL;
	} else if (strcasecmp(s, "UTC") == 0 || strcmp(s, "Z") == 0 || strcmp(s, "z") == 0) {
		zone.kind = TIME_ZONE_UTC;
	} else if (parse_offset(s, &zone.offset_s)) {
		zone.kind = TIME_ZONE_OFFSET;
	} else {
		tzset();
		if (strcmp(s, tzname[0]) == 0 || strcmp(s, tzname[1]) == 0) {
			zone.kind = TIME_ZONE_LOCAL;
			zone.is_dst = strcmp(s, tzname[0]) != 0;
		} else if (strlen(s) < sizeof(zone.name) && zone_exists(s)) {
			zone.kind = TIME_ZONE_NAMED;
			memcpy(zone.name, s, strlen(s));
		} else {
			return -EINVAL;
		}
	}

	*ret = zone;
	return 0;
}

char *time_zone_enter(const struct time_zone *zone)
{
	const char *old = getenv("TZ");
	char *saved = old ? strdup(old) : NULL;

	if (zone->kind == TIME_ZONE_NAMED) {
		(void)setenv("TZ", zone->name, 1);
		tzset();
	}

	return saved;
}

void time_zone_leave(const struct time_zone *zone, char *saved)
{
	if (zone->kind == TIME_ZONE_NAMED) {
		(void)(saved ? setenv("TZ", saved, 1) : unsetenv("TZ"));
		tzset();
	}
	free(saved);
}

int64_t time_floor_seconds(int64_t ns)
{
	return ns / NS_PER_S - (ns % NS_PER_S < 0);
}

int time_floor_rest(int64_t ns)
{
	int64_t rest = ns % NS_PER_S;

	return (int)(rest < 0 ? rest + NS_PER_S : rest);
}

void time_zone_split(const struct time_zone *zone, int64_t unix_nano, struct tm *ret)
{
	time_t seconds = time_floor_seconds(unix_nano) + (zone->kind == TIME_ZONE_OFFSET ? zone->offset_s : 0);

	if (zone->kind == TIME_ZONE_UTC || zone->kind == TIME_ZONE_OFFSET)
		(void)gmtime_r(&seconds, ret);
	else
		(void)localtime_r(&seconds, ret);
}

int time_zone_join(const struct time_zone *zone, struct tm tm, int64_t ns, int64_t *ret)
{
	time_t seconds;

	/* -1 is a valid second as well as a failure; the weekday is set on success only. */
	tm.tm_wday = -1;
	if (zone->kind == TIME_ZONE_UTC || zone->kind == TIME_ZONE_OFFSET) {
		seconds = timegm(&tm) - zone->offset_s;
	} else {
		tm.tm_isdst = zone->is_dst;
		seconds = mktime(&tm);
	}

	return tm.tm_wday < 0 ? -EINVAL : time_combine(seconds, ns, ret);
}
