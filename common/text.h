/* SPDX-License-Identifier: BSD-2-Clause */
/* Pure text work: no I/O, no locale, no unbounded allocation. */
#ifndef CRI_COMMON_TEXT_H
#define CRI_COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Makes hostile bytes harmless for a terminal and its reader: C0, DEL, C1 (also as UTF-8), invalid UTF-8, what turns
 * the direction of writing, ends a line or cannot be seen, and backslash become \xNN for each byte (backslash: \\).
 * Writes at most size-1 bytes and a NUL, never half an escape or half a character. Returns the length the whole
 * text needs, without NUL (as snprintf does).
 */
size_t text_escape(char *out, size_t size, const char *in, size_t length);

/* The same for the inside of a JSON string (RFC 8259), without the quotes; each byte of invalid UTF-8 becomes
 * \ufffd: half a surrogate pair would keep the byte, but strict readers refuse the whole object then. */
size_t text_json_escape(char *out, size_t size, const char *in, size_t length);

/* Whole-string parses: 0, or -EINVAL (not such a thing) or -ERANGE. ret_ untouched on failure. */
int text_parse_u64(const char *s, uint64_t *ret);
int text_parse_bool(const char *s, bool *ret);         /* yes no true false on off 1 0 */
int text_parse_size(const char *s, uint64_t *ret);     /* bytes; 1M = 1048576; K M G T, optional B or iB */
int text_parse_duration(const char *s, uint64_t *ret_ns); /* "90", "100ms", "5m", "1h 30min"; systemd.time(7) units; plain number: seconds */

/* "16.0M", "512K", "0B": at most four significant characters and a unit; for people. out >= 8 bytes. */
void text_format_size(char *out, size_t size, uint64_t bytes);
/* "1.204s", "35ms", "2h 3min": for people. out >= 24 bytes. */
void text_format_duration(char *out, size_t size, uint64_t ns);

bool text_starts_with(const char *s, const char *prefix);
bool text_ends_with(const char *s, const char *suffix);

#endif
