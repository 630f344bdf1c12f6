/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>

#include "common/text.h"
#include "tests/harness.h"

/* A literal and its length, so that rows can hold NUL bytes. */
#define BYTES(s) s, sizeof(s) - 1

static const struct {
	const char *in;
	size_t length;
	const char *terminal, *json;
} escapes[] = {
	{ BYTES(""), "", "" },
	{ BYTES("plain"), "plain", "plain" },
	{ BYTES("a\\b"), "a\\\\b", "a\\\\b" },
	{ BYTES("say \"hi\""), "say \"hi\"", "say \\\"hi\\\"" },
	{ BYTES("\0"), "\\x00", "\\u0000" },
	{ BYTES("\b\f\n\r\t"), "\\x08\\x0c\\x0a\\x0d\\x09", "\\b\\f\\n\\r\\t" },
	{ BYTES("\x1b[31m"), "\\x1b[31m", "\\u001b[31m" },
	{ BYTES("\x7f"), "\\x7f", "\\u007f" },
	{ BYTES("\xc2\x9b!"), "\\xc2\\x9b!", "\\u009b!" }, /* C1 as UTF-8 */
	{ BYTES("\x9b!"), "\\x9b!", "\\ufffd!" },	   /* C1 as a byte */
	{ BYTES("\xc2\xa0"), "\xc2\xa0", "\xc2\xa0" },	   /* the first character behind C1 */
	{ BYTES("\xc2\xad"), "\\xc2\\xad", "\\u00ad" },	       /* soft hyphen */
	{ BYTES("\xe2\x80\xae!"), "\\xe2\\x80\\xae!", "\\u202e!" }, /* right-to-left override */
	{ BYTES("\xe2\x80\xa8"), "\\xe2\\x80\\xa8", "\\u2028" },   /* line separator */
	{ BYTES("\xe2\x80\xaf"), "\xe2\x80\xaf", "\xe2\x80\xaf" },     /* the first character behind them */
	{ BYTES("\xef\xbb\xbf"), "\\xef\\xbb\\xbf", "\\ufeff" },
	{ BYTES("\xf3\xa0\x81\x81"), "\\xf3\\xa0\\x81\\x81", "\xf3\xa0\x81\x81" }, /* tag character */
	{ BYTES("\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7"), "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7",
	  "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7" },
	{ BYTES("\xc0\xaf"), "\\xc0\\xaf", "\\ufffd\\ufffd" }, /* overlong '/' */
	{ BYTES("\xe0\x80\xaf"), "\\xe0\\x80\\xaf", "\\ufffd\\ufffd\\ufffd" },
	{ BYTES("\xf0\x80\x80\xaf"), "\\xf0\\x80\\x80\\xaf", "\\ufffd\\ufffd\\ufffd\\ufffd" },
	{ BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80", "\\ufffd\\ufffd\\ufffd" }, /* surrogate */
	{ BYTES("\xed\x9f\xbf"), "\xed\x9f\xbf", "\xed\x9f\xbf" },	       /* the last one before them */
	{ BYTES("\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" }, /* U+10FFFF */
	{ BYTES("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80", "\\ufffd\\ufffd\\ufffd\\ufffd" },
	{ BYTES("\xff"), "\\xff", "\\ufffd" },
	{ BYTES("\xe2\x82"), "\\xe2\\x82", "\\ufffd\\ufffd" },	       /* truncated by the end */
	{ BYTES("\xe2\x82z"), "\\xe2\\x82z", "\\ufffd\\ufffdz" },      /* truncated by a letter */
	{ BYTES("\xe2\xc3\xa4"), "\\xe2\xc3\xa4", "\\ufffd\xc3\xa4" }, /* truncated by a character */
};

static void test_escape(void **state)
{
	char out[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
		row_equal(escapes[i].terminal, text_escape(out, sizeof(out), escapes[i].in, escapes[i].length),
			  strlen(escapes[i].terminal));
		row_string(escapes[i].terminal, out, escapes[i].terminal);
		row_equal(escapes[i].json, text_json_escape(out, sizeof(out), escapes[i].in, escapes[i].length),
			  strlen(escapes[i].json));
		row_string(escapes[i].json, out, escapes[i].json);
	}
}

/* At every size: only whole pieces, no byte behind the size, and the needed length is returned. */
static void test_escape_bounds(void **state)
{
	static const char in[] = "a\xc3\xa4\x1b\xe2\x82\xacz", want[] = "a\xc3\xa4\\x1b\xe2\x82\xacz";
	static const size_t ends[] = { 0, 0, 1, 1, 3, 3, 3, 3, 7, 7, 7, 10, 11, 11 };
	char out[32];

	(void)state;
	for (size_t size = 0; size < ARRAY_SIZE(ends); size++) {
		memset(out, '#', sizeof(out));
		assert_int_equal(text_escape(out, size, in, sizeof(in) - 1), sizeof(want) - 1);
		if (size > 0) {
			assert_int_equal(strlen(out), ends[size]);
			assert_memory_equal(out, want, ends[size]);
		}
		for (size_t i = size; i < sizeof(out); i++)
			assert_int_equal(out[i], '#');
	}
	assert_int_equal(text_json_escape(NULL, 0, "\x01", 1), 6);
}

enum parser { U64, SIZE, DURATION };

#define SECOND 1000000000ULL

static const struct {
	enum parser parser;
	const char *in;
	int result;
	uint64_t value;
} parses[] = {
	{ U64, "0", 0, 0 },
	{ U64, "18446744073709551615", 0, UINT64_MAX },
	{ U64, "18446744073709551616", -ERANGE, 0 },
	{ U64, "99999999999999999999x", -EINVAL, 0 },
	{ U64, "", -EINVAL, 0 },
	{ U64, "-1", -EINVAL, 0 },
	{ U64, "+1", -EINVAL, 0 },
	{ U64, " 1", -EINVAL, 0 },
	{ U64, "1 ", -EINVAL, 0 },
	{ U64, "0x10", -EINVAL, 0 },
	{ SIZE, "0", 0, 0 },
	{ SIZE, "4096", 0, 4096 },
	{ SIZE, "4096B", 0, 4096 },
	{ SIZE, "1K", 0, 1024 },
	{ SIZE, "1M", 0, 1048576 },
	{ SIZE, "512m", 0, 536870912 },
	{ SIZE, "2GiB", 0, 2147483648 },
	{ SIZE, "1TB", 0, 1ULL << 40 },
	{ SIZE, "1.5M", 0, 1572864 },
	{ SIZE, "1.5", -EINVAL, 0 },
	{ SIZE, "1.M", -EINVAL, 0 },
	{ SIZE, "M", -EINVAL, 0 },
	{ SIZE, "1X", -EINVAL, 0 },
	{ SIZE, "1MM", -EINVAL, 0 },
	{ SIZE, "1iB", -EINVAL, 0 },
	{ SIZE, "1 M", -EINVAL, 0 },
	{ SIZE, "-1M", -EINVAL, 0 },
	{ SIZE, "16777215T", 0, 16777215ULL << 40 },
	{ SIZE, "16777216T", -ERANGE, 0 },
	{ DURATION, "90", 0, 90 * SECOND },
	{ DURATION, "0", 0, 0 },
	{ DURATION, "100ms", 0, SECOND / 10 },
	{ DURATION, "5m", 0, 300 * SECOND },
	{ DURATION, "1h 30min", 0, 5400 * SECOND },
	{ DURATION, "1h30min", 0, 5400 * SECOND },
	{ DURATION, " 2 days ", 0, 2 * 86400 * SECOND },
	{ DURATION, "1w", 0, 7 * 86400 * SECOND },
	{ DURATION, "1M", 0, 2630016 * SECOND },
	{ DURATION, "1y", 0, 31557600 * SECOND },
	{ DURATION, "1.5h", 0, 5400 * SECOND },
	{ DURATION, "0.000000001s", 0, 1 },
	{ DURATION, "3\xc2\xb5s", 0, 3000 },
	{ DURATION, "7ns", 0, 7 },
	{ DURATION, "", -EINVAL, 0 },
	{ DURATION, "  ", -EINVAL, 0 },
	{ DURATION, "h", -EINVAL, 0 },
	{ DURATION, "-1h", -EINVAL, 0 },
	{ DURATION, "1 parsec", -EINVAL, 0 },
	{ DURATION, "1h,", -EINVAL, 0 },
	{ DURATION, "600y", -ERANGE, 0 },
	{ DURATION, "400y 400y", -ERANGE, 0 },
	{ DURATION, "99999999999999999999", -ERANGE, 0 },
	{ DURATION, "99999999999999999999 parsecs", -EINVAL, 0 },
};

static void test_parse(void **state)
{
	static int (*const parsers[])(const char *s, uint64_t *ret) = { text_parse_u64, text_parse_size,
									text_parse_duration };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parses); i++) {
		uint64_t value = 12345;

		row_equal(parses[i].in, parsers[parses[i].parser](parses[i].in, &value), parses[i].result);
		row_equal(parses[i].in, value, parses[i].result == 0 ? parses[i].value : 12345);
	}
}

static void test_parse_bool(void **state)
{
	static const struct {
		const char *in;
		int result;
		bool value;
	} rows[] = {
		{ "yes", 0, true },    { "true", 0, true },    { "on", 0, true },	   { "1", 0, true },
		{ "no", 0, false },    { "false", 0, false },  { "off", 0, false },	   { "0", 0, false },
		{ "", -EINVAL, true }, { "y", -EINVAL, true }, { "yess", -EINVAL, false }, { "2", -EINVAL, false }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		/* Initialised so that a value that is not written on success, or is written on failure, makes the test
		 * fail. */
		bool value = rows[i].result == 0 ? !rows[i].value : rows[i].value;

		row_equal(rows[i].in, text_parse_bool(rows[i].in, &value), rows[i].result);
		row_equal(rows[i].in, value, rows[i].value);
	}
}

static void test_format_size(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *want;
	} rows[] = {
		{ 0, "0B" },
		{ 1, "1B" },
		{ 1023, "1023B" },
		{ 1024, "1.0K" },
		{ 1536, "1.5K" },
		{ 102348, "99.9K" },
		{ 102399, "100K" },
		{ 524288, "512K" },
		{ 1047552, "1023K" },
		{ 1048575, "1.0M" },
		{ 16777216, "16.0M" },
		{ 536870912, "512M" },
		{ 1073741824, "1.0G" },
		{ 1ULL << 40, "1.0T" },
		{ 1ULL << 50, "1.0P" },
		{ UINT64_MAX, "16.0E" },
	};
	char out[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		text_format_size(out, sizeof(out), rows[i].bytes);
		row_string(rows[i].want, out, rows[i].want);
	}
}

static void test_format_duration(void **state)
{
	static const struct {
		uint64_t ns;
		const char *want;
	} rows[] = {
		{ 0, "0s" },
		{ 999, "999ns" },
		{ 1500, "1us" },
		{ 35 * SECOND / 1000, "35ms" },
		{ SECOND, "1s" },
		{ 1204 * SECOND / 1000, "1.204s" },
		{ 5 * SECOND + 999, "5s" },
		{ 60 * SECOND, "1min" },
		{ 123 * SECOND, "2min 3s" },
		{ 3600 * SECOND, "1h" },
		{ 7380 * SECOND, "2h 3min" },
		{ 86400 * SECOND, "1d" },
		{ 30 * 86400 * SECOND + 3600 * SECOND, "30d 1h" },
		{ UINT64_MAX, "213503d 23h" },
	};
	char out[24];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		text_format_duration(out, sizeof(out), rows[i].ns);
		row_string(rows[i].want, out, rows[i].want);
	}
}

static void test_starts_ends(void **state)
{
	(void)state;
	assert_true(text_starts_with("docker-1", "docker-"));
	assert_true(text_starts_with("x", ""));
	assert_false(text_starts_with("doc", "docker-"));
	assert_true(text_ends_with("a.conf", ".conf"));
	assert_true(text_ends_with("a", ""));
	assert_false(text_ends_with("conf", ".conf"));
	assert_false(text_ends_with("a.conf~", ".conf"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),	    cmocka_unit_test(test_escape_bounds),
		cmocka_unit_test(test_parse),	    cmocka_unit_test(test_parse_bool),
		cmocka_unit_test(test_format_size), cmocka_unit_test(test_format_duration),
		cmocka_unit_test(test_starts_ends),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
