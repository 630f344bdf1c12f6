/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes: escaped text is printable, is cut only between characters, and its length is returned. */
#include "common/text.h"
#include "tests/fuzz/fuzz.h"

typedef size_t (*escape_text)(char *out, size_t size, const char *in, size_t length);

static void check_escape(escape_text escape, const char *in, size_t length)
{
	size_t needed = escape(NULL, 0, in, length), again;
	char *whole = malloc(needed + 1), cut[16];

	FUZZ_ASSERT(whole);
	FUZZ_ASSERT(needed <= 8 * length);
	FUZZ_ASSERT(escape(whole, needed + 1, in, length) == needed);
	FUZZ_ASSERT(strlen(whole) == needed);
	FUZZ_ASSERT(fuzz_is_printable(whole));

	/* Text that is cut is a prefix of the whole text and valid by itself. */
	FUZZ_ASSERT(escape(cut, sizeof(cut), in, length) == needed);
	FUZZ_ASSERT(strlen(cut) < sizeof(cut));
	FUZZ_ASSERT(memcmp(cut, whole, strlen(cut)) == 0);
	FUZZ_ASSERT(needed >= sizeof(cut) || strlen(cut) == needed);
	again = text_json_escape(NULL, 0, cut, strlen(cut));
	for (size_t i = 0; i < strlen(cut); i++)
		again -= cut[i] == '"' || cut[i] == '\\'; /* the only bytes that are escaped again; a partial character would be too */
	FUZZ_ASSERT(again == strlen(cut));
	free(whole);
}

/* Strict JSON parsers refuse a lone surrogate. */
static void check_surrogates(const char *in, size_t length)
{
	size_t needed = text_json_escape(NULL, 0, in, length);
	char *whole = malloc(needed + 1);

	FUZZ_ASSERT(whole);
	(void)text_json_escape(whole, needed + 1, in, length);
	for (const char *at = whole; *at; at++) {
		if (*at != '\\')
			continue;
		at++; /* skip the escaped character, which may be a backslash */
		FUZZ_ASSERT(strncmp(at, "ud", 2) != 0);
	}
	free(whole);
}

static void check_parsers(const char *text)
{
	static int (*const parsers[])(const char *s, uint64_t *ret) = { text_parse_u64, text_parse_size,
									text_parse_duration };
	char out[24];
	bool word;

	for (size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++) {
		uint64_t value = 0x5a5a;

		if (parsers[i](text, &value) < 0) {
			FUZZ_ASSERT(value == 0x5a5a);
			continue;
		}
		text_format_size(out, 8, value);
		FUZZ_ASSERT(strlen(out) >= 2 && strlen(out) <= 5);
		text_format_duration(out, sizeof(out), value);
		FUZZ_ASSERT(strlen(out) >= 2 && strlen(out) < sizeof(out) - 1);
	}
	(void)text_parse_bool(text, &word);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	check_escape(text_escape, text, size);
	check_escape(text_json_escape, text, size);
	check_surrogates(text, size);
	check_parsers(text);
	free(text);

	return 0;
}
