/* SPDX-License-Identifier: BSD-2-Clause */
/* Timestamps as users write and read them. All values are nanoseconds since 1970 (UTC). */
#ifndef CRI_CONSUMER_TEXT_TIME_WORDS_H
#define CRI_CONSUMER_TEXT_TIME_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "2026-11-22T16:31:07.123456789Z" and its NUL. */
#define TIME_TEXT_MAX 32

/*
 * The timestamps of systemd.time(7) ("2026-11-22 16:00", "Sun 2026-11-22 16:00:07 UTC", "16:00",
 * "yesterday", "-2h", "2h ago", "@1763829067.5", a zone name at the end), "yesterday 16:00", RFC 3339 with
 * Z or an offset, a bare span ("10m": ten minutes ago) and "boot". A weekday must match the date. Without a
 * zone the local one (TZ) applies. A bare number is invalid: it needs a unit or '@'. Returns 0, or -EINVAL
 * for anything else and for times that do not fit; *ret_unix_nano is written only on success.
 * Not thread-safe when the text names a zone: TZ is changed during the call.
 */
int time_words_parse(const char *words, int64_t now_unix_nano, int64_t boot_unix_nano, int64_t *ret_unix_nano);

/* "2026-11-22T16:31:07.123456789Z": always UTC. size: TIME_TEXT_MAX. */
void time_format_rfc3339(char *out, size_t size, int64_t unix_nano);

/* "2026-11-22 18:31:07.123": local, or UTC. size: TIME_TEXT_MAX. */
void time_format_local(char *out, size_t size, int64_t unix_nano, bool utc);

#endif
