/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#include "consumer/text/time_words.h"
#include "consumer/text/time_zone.h"
#include "tests/harness.h"

#define S   1000000000LL
#define MIN (60 * S)
#define H   (3600 * S)
#define DAY (86400 * S)

/* Fri 2012-11-23 18:15:22.5 where it is UTC+8 without summer time. */
#define EAST	    "CST-8"
#define BERLIN	    "CET-1CEST,M3.5.0,M10.5.0/3"
#define NOW_SECONDS 1353665722LL
#define NOW	    (NOW_SECONDS * S + S / 2)
#define BOOT	    (NOW - 5 * DAY)
/* 2012-11-23 00:00:00 there */
#define TODAY ((NOW_SECONDS - 18 * 3600 - 15 * 60 - 22) * S)

static void set_zone(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
}

static const struct {
	const char *words;
	int64_t want;
} good[] = {
	/* The examples of systemd.time(7). */
	{ "Fri 2012-11-23 11:12:13", TODAY + 11 * H + 12 * MIN + 13 * S },
	{ "2012-11-23 11:12:13", TODAY + 11 * H + 12 * MIN + 13 * S },
	{ "2012-11-23 11:12:13 UTC", TODAY + 19 * H + 12 * MIN + 13 * S },
	{ "2012-11-23T11:12:13Z", TODAY + 19 * H + 12 * MIN + 13 * S },
	{ "2012-11-23T11:12+02:00", TODAY + 17 * H + 12 * MIN },
	{ "2012-11-23", TODAY },
	{ "12-11-23", TODAY },
	{ "11:12:13", TODAY + 11 * H + 12 * MIN + 13 * S },
	{ "11:12", TODAY + 11 * H + 12 * MIN },
	{ "now", NOW },
	{ "today", TODAY },
	{ "today UTC", TODAY + 8 * H },
	{ "yesterday", TODAY - DAY },
	{ "tomorrow", TODAY + DAY },
	{ "+3h30min", NOW + 3 * H + 30 * MIN },
	{ "-5s", NOW - 5 * S },
	{ "11min ago", NOW - 11 * MIN },
	{ "2h left", NOW + 2 * H },
	{ "@1395716396", 1395716396 * S },
	{ "2014-03-25 03:59:56.654563", (1395691196 * S) + 654563000 },
	/* Weekdays in full, zones by their local name, blanks. */
	{ "friday 2012-11-23", TODAY },
	{ "FRI 2012-11-23 11:12", TODAY + 11 * H + 12 * MIN },
	{ "Fri 11:12", TODAY + 11 * H + 12 * MIN },
	{ "2012-11-23 11:12 CST", TODAY + 11 * H + 12 * MIN },
	{ "2012-11-23   11:12", TODAY + 11 * H + 12 * MIN },
	{ "2012-11-23 UTC", TODAY + 8 * H },
	{ "yesterday 16:00", TODAY - DAY + 16 * H },
	{ "11:12 UTC", TODAY + 19 * H + 12 * MIN },
	{ "2012-11-23 11:12 -0530", TODAY + 11 * H + 12 * MIN + 8 * H + 5 * H + 30 * MIN },
	{ "2012-11-23 11:12+02", TODAY + 17 * H + 12 * MIN },
	/* RFC 3339 */
	{ "2025-11-22T16:31:07.123456789Z", 1763829067 * S + 123456789 },
	{ "2025-11-22T18:31:07.123456789+02:00", 1763829067 * S + 123456789 },
	{ "2025-11-22t16:31:07z", 1763829067 * S },
	{ "1969-12-31T23:59:59Z", -S },
	{ "2000-02-29T00:00:00Z", 951782400 * S },
	/* Epoch */
	{ "@1763829067.5", 1763829067 * S + S / 2 },
	{ "@0", 0 },
	{ "@1.0000000019", S + 1 },
	{ "@9223372036.854775807", INT64_MAX },
	/* Spans */
	{ "10m", NOW - 10 * MIN },
	{ "1h30m", NOW - 90 * MIN },
	{ "1h 30min", NOW - 90 * MIN },
	{ "1.5h", NOW - 90 * MIN },
	{ "-90", NOW - 90 * S },
	{ "boot", BOOT },
};

static const char *const bad[] = {
	"",
	" ",
	"-",
	"+",
	"@",
	"ago",
	" ago",
	"10",
	"1763829067",
	"x",
	"nowish",
	"boots",
	"now UTC",
	"@-5",
	"@5x",
	"@1.",
	"@9223372036.854775808",
	"@99999999999999999999",
	"2h hence",
	"-2h ago",
	"--2h",
	"2012-13-01",
	"2012-02-30",
	"2011-02-29",
	"1900-02-29",
	"2012-00-10",
	"2012-11-00",
	"2012-1-2",
	"2012-11",
	"20121123",
	"24:00",
	"23:60",
	"23:59:60",
	"11",
	"11:1",
	"11:12:1",
	"11:12:13.",
	"11:12.5",
	"Mon 2012-11-23",
	"Fri",
	"Frid 2012-11-23",
	"Fri2012-11-23",
	"2012-11-23 11:12 Nowhere/Land",
	"2012-11-23 11:12 ../../etc/passwd",
	"2012-11-23 11:12 /etc/passwd",
	"2012-11-23Z",
	"2012-11-23T",
	"2012-11-23 11:12:13 UTC x",
	"2012-11-23T11:12:13+24:00",
	"2012-11-23T11:12:13+02:60",
	"2012-11-23T11:12:13+2",
	"2012-11-23UTC",
	"today Pacific",
	"today leapseconds",
	"9999-12-31",
	"1600-01-01",
	"600y",
	"-300y",
	"+300y",
	"today today",
	"11111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"
	"1"
	"111111111111111111111111111111111m",
};

static void test_good(void **state)
{
	(void)state;
	set_zone(EAST);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		int64_t value = 42;

		row_equal(good[i].words, time_words_parse(good[i].words, NOW, BOOT, &value), 0);
		row_equal(good[i].words, value, good[i].want);
	}
}

static void test_bad(void **state)
{
	(void)state;
	set_zone(EAST);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int64_t value = 42;

		row_equal(bad[i], time_words_parse(bad[i], NOW, BOOT, &value), -EINVAL);
		row_equal(bad[i], value, 42);
	}
}

/* -300y fits when now is late enough, and never wraps when it is not. */
static void test_overflow(void **state)
{
	int64_t value = 42;

	(void)state;
	assert_int_equal(time_words_parse("-1ns", INT64_MIN, 0, &value), -EINVAL);
	assert_int_equal(time_words_parse("+1ns", INT64_MAX, 0, &value), -EINVAL);
	assert_int_equal(time_words_parse("-292y", INT64_MIN + 5, 0, &value), -EINVAL);
	assert_int_equal(value, 42);
	assert_int_equal(time_words_parse("+1ns", INT64_MAX - 1, 0, &value), 0);
	assert_true(value == INT64_MAX);
}

/* A day is not always 24 hours: summer time ended on 2025-10-26 and began on 2026-03-29. */
static void test_summer_time(void **state)
{
	static const struct {
		const char *words;
		int64_t now, want;
	} rows[] = {
		{ "today", 1761483600, 1761429600 },	 /* 2025-10-26 14:00 CET, midnight was CEST */
		{ "yesterday", 1761519600, 1761429600 }, /* 2025-10-27 00:00 CET */
		{ "2025-10-26 02:30 CEST", 0, 1761438600 }, { "2025-10-26 02:30 CET", 0, 1761442200 },
		{ "2026-07-01 12:00", 0, 1782900000 },
	};

	(void)state;
	set_zone(BERLIN);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int64_t value = 42;

		row_equal(rows[i].words, time_words_parse(rows[i].words, rows[i].now * S, 0, &value), 0);
		row_equal(rows[i].words, value, rows[i].want * S);
	}
}

/* A timestamp with a zone leaves TZ unchanged, set or not. */
static void test_named_zone(void **state)
{
	int64_t value = 42;

	(void)state;
	if (access("/usr/share/zoneinfo/Pacific/Auckland", R_OK) != 0) {
		print_message("skipped: no time zone database (tzdata) is installed\n");
		skip();
	}

	set_zone(EAST);
	assert_int_equal(time_words_parse("tomorrow Pacific/Auckland", NOW, BOOT, &value), 0);
	assert_true(value == TODAY + DAY - 5 * H);
	assert_string_equal(getenv("TZ"), EAST);
	assert_int_equal(timezone, -8 * 3600);

	unsetenv("TZ");
	assert_int_equal(time_words_parse("today Pacific/Auckland", NOW, BOOT, &value), 0);
	assert_null(getenv("TZ"));
}

/* The C library would wait for a writer of the FIFO. */
static void test_a_zone_that_is_no_file(void **state)
{
	char directory[64], path[96];

	(void)state;
	harness_make_dir(directory, sizeof(directory));
	(void)snprintf(path, sizeof(path), ":%s/zone", directory);
	assert_int_equal(mkfifo(path + 1, 0600), 0);
	for (int i = 0; i < 3; i++) {
		setenv("TZDIR", directory, 1);
		setenv("TZ", i == 0 ? path : i == 1 ? path + 1 : "zone", 1);
		assert_false(time_zone_check());
		assert_string_equal(getenv("TZ"), "UTC0");
		assert_null(getenv("TZDIR"));
	}
	setenv("TZDIR", directory, 1);
	assert_int_equal(time_words_parse("today zone", NOW, BOOT, &(int64_t){ 0 }), -EINVAL);
	unsetenv("TZDIR");
	assert_int_equal(unlink(path + 1), 0);
	assert_int_equal(rmdir(directory), 0);

	/* What is no file at all is left to the C library. */
	for (int i = 0; i < 3; i++) {
		static const char *const zones[] = { EAST, "", ":/nonexistent/zone" };

		setenv("TZ", zones[i], 1);
		assert_true(time_zone_check());
		assert_string_equal(getenv("TZ"), zones[i]);
	}
	unsetenv("TZ");
	assert_true(time_zone_check());
}

static void test_format(void **state)
{
	static const struct {
		int64_t time;
		const char *rfc3339, *utc, *local;
	} rows[] = {
		{ 1763829067123456789, "2025-11-22T16:31:07.123456789Z", "2025-11-22 16:31:07.123",
		  "2025-11-23 00:31:07.123" },
		{ 0, "1970-01-01T00:00:00.000000000Z", "1970-01-01 00:00:00.000", "1970-01-01 08:00:00.000" },
		{ -1, "1969-12-31T23:59:59.999999999Z", "1969-12-31 23:59:59.999", "1970-01-01 07:59:59.999" },
		{ INT64_MAX, "2262-04-11T23:47:16.854775807Z", "2262-04-11 23:47:16.854", "2262-04-12 07:47:16.854" },
		{ INT64_MIN, "1677-09-21T00:12:43.145224192Z", "1677-09-21 00:12:43.145", NULL },
	};
	char out[TIME_TEXT_MAX];

	(void)state;
	set_zone(EAST);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		time_format_rfc3339(out, sizeof(out), rows[i].time);
		row_string(rows[i].rfc3339, out, rows[i].rfc3339);
		time_format_local(out, sizeof(out), rows[i].time, true);
		row_string(rows[i].rfc3339, out, rows[i].utc);
		time_format_local(out, sizeof(out), rows[i].time, false);
		if (rows[i].local) /* before zones there was local mean time */
			row_string(rows[i].rfc3339, out, rows[i].local);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	    cmocka_unit_test(test_bad),	       cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_summer_time), cmocka_unit_test(test_named_zone), cmocka_unit_test(test_format),
		cmocka_unit_test(test_a_zone_that_is_no_file),
	};

	return cmocka_run_group_tests_name("time_words", tests, NULL, NULL);
}
