/* SPDX-License-Identifier: BSD-2-Clause */
/* UTF-8 (RFC 3629). Pure. */
#ifndef CRI_COMMON_UTF8_H
#define CRI_COMMON_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Length in bytes, 1 to 4, of the character at s; 0 when the bytes there are not valid UTF-8. available: bytes that
 * may be read, at least 1. */
size_t utf8_length(const unsigned char *s, size_t available);

/* The code point of the valid character of `length` bytes at s. */
uint32_t utf8_decode(const unsigned char *s, size_t length);

#endif
