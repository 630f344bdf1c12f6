/* SPDX-License-Identifier: BSD-2-Clause */
/* Pure functions on text: no I/O, no locale, no allocation. */
#ifndef CRI_COMMON_TEXT_H
#define CRI_COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Makes untrusted bytes safe to print on a terminal. Each byte of the following becomes \xNN, and backslash becomes
 * \\: control characters (C0, DEL, C1, also C1 as UTF-8), invalid UTF-8, characters that change the direction of
 * writing, end a line or are invisible. Writes at most size-1 bytes and a NUL, never a part of an escape or of a
 * character. Returns the length that the whole text needs, without NUL (as snprintf does).
 */
size_t text_escape(char *out, size_t size, const char *in, size_t length);

/* The same for the inside of a JSON string (RFC 8259), without quotes. Each byte of invalid UTF-8 becomes \ufffd. (A
 * lone surrogate could preserve the byte, but strict parsers reject the document then.) */
size_t text_json_escape(char *out, size_t size, const char *in, size_t length);

/* Parse a whole string: 0, -EINVAL (malformed) or -ERANGE (too large). *ret is written on success only. */
int text_parse_u64(const char *s, uint64_t *ret);
int text_parse_bool(const char *s, bool *ret);         /* yes no true false on off 1 0 */
int text_parse_size(const char *s, uint64_t *ret);     /* bytes; 1M = 1048576; K M G T, optional B or iB */
/* "90", "100ms", "5m", "1h 30min"; systemd.time(7) units; plain number: seconds */
int text_parse_duration(const char *s, uint64_t *ret_ns);

/* Format for people: "16.0M", "512K", "0B"; at most four characters and a unit. out has 8 bytes or more. */
void text_format_size(char *out, size_t size, uint64_t bytes);
/* Format for people: "1.204s", "35ms", "2h 3min". out has 24 bytes or more. */
void text_format_duration(char *out, size_t size, uint64_t ns);

bool text_starts_with(const char *s, const char *prefix);
bool text_ends_with(const char *s, const char *suffix);

#endif
