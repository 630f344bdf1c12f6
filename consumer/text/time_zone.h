/* SPDX-License-Identifier: BSD-2-Clause */
/* Time zones of timestamps: parsing their names, and the calendar in them. */
#ifndef CRI_CONSUMER_TEXT_TIME_ZONE_H
#define CRI_CONSUMER_TEXT_TIME_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum time_zone_kind { TIME_ZONE_LOCAL, TIME_ZONE_UTC, TIME_ZONE_OFFSET, TIME_ZONE_NAMED };

struct time_zone {
	enum time_zone_kind kind;
	int offset_s;  /* TIME_ZONE_OFFSET: east of UTC */
	int is_dst;    /* TIME_ZONE_LOCAL: 0 or 1 when the text says which, else -1 */
	char name[64]; /* TIME_ZONE_NAMED */
};

/*
 * To be called before any other use of the local time zone. False: TZ, or /etc/localtime where TZ is not set, names a
 * FIFO or a device, which the C library would open and wait for; the local zone is UTC from now on.
 */
bool time_zone_check(void);

/* The whole text is a zone: "", "UTC", "Z", "+02:00", "-0530", "CET" if TZ is that zone, "Pacific/Auckland". 0 or -EINVAL. */
int time_zone_parse(const char *text, struct time_zone *ret);

/* Sets TZ to a named zone until time_zone_leave(), which takes the value returned. Not thread-safe. */
char *time_zone_enter(const struct time_zone *zone);
void time_zone_leave(const struct time_zone *zone, char *saved);

/* The calendar at an instant, between enter and leave. */
void time_zone_split(const struct time_zone *zone, int64_t unix_nano, struct tm *ret);
/*
 * The instant of a date and time, between enter and leave. Members are in range, except that the day may be before or
 * after the month. 0 or -EINVAL.
 */
int time_zone_join(const struct time_zone *zone, struct tm tm, int64_t ns, int64_t *ret);

/* unix_nano as whole seconds, rounded down, and the nanoseconds above them (0 to 999999999). */
int64_t time_floor_seconds(int64_t unix_nano);
int time_floor_rest(int64_t unix_nano);
/* The reverse; -EINVAL when it does not fit. */
int time_combine(int64_t seconds, int64_t ns, int64_t *ret);

/* Takes exactly `count` digits at *s, or that character. False: it is not there, *s unchanged. */
bool time_take_number(const char **s, size_t count, int *ret);
bool time_take_char(const char **s, char c);

#endif
