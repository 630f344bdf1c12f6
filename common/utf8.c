/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/utf8.h"

#include "common/cleanup.h"

/* RFC 3629, section 4: the first byte determines the length and the range of the second byte. */
static const struct utf8_row {
	unsigned char first_min, first_max, length, second_min, second_max;
} utf8_rows[] = {
	{ 0x00, 0x7f, 1, 0x00, 0x00 }, { 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

size_t utf8_length(const unsigned char *s, size_t available)
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

uint32_t utf8_decode(const unsigned char *s, size_t length)
{
	uint32_t code = length == 1 ? s[0] : s[0] & (0x7fU >> length);

	for (size_t i = 1; i < length; i++)
		code = code << 6 | (s[i] & 0x3f);
	return code;
}
