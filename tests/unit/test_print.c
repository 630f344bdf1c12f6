/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>

#include "consumer/print/event_table.h"
#include "consumer/print/format.h"
#include "consumer/print/print.h"
#include "tests/harness.h"

enum { C_ID, C_BIG, C_TEXT, C_ANAME, C_AID, C_TIME, C_BYTES, C_REAL, C_FLAG, C_ONLY2, C_SHOWN, C_KIND, C_COUNT };

static void shown_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	(void)style;
	(void)snprintf(out, size, "shown %lld", (long long)row[C_ID].number);
}

static const struct column columns[C_COUNT] = {
	[C_ID] = { "id", .type = COLUMN_DECIMAL, .flags = COLUMN_RIGHT, .width = 4 },
	[C_BIG] = { "big", .type = COLUMN_UNSIGNED, .width = 4 },
	[C_TEXT] = { "text", .width = 6 },
	[C_ANAME] = { "a.name", "ANAME", .width = 4 },
	[C_AID] = { "a.id", .type = COLUMN_NUMBER, .width = 4 },
	[C_TIME] = { "time", .type = COLUMN_TIME, .width = 23 },
	[C_BYTES] = { "bytes", .type = COLUMN_BYTES, .width = 6 },
	[C_REAL] = { "real", .type = COLUMN_REAL, .width = 6 },
	[C_FLAG] = { "flag", .type = COLUMN_BOOL, .width = 4 },
	[C_ONLY2] = { "only2", .type = COLUMN_NUMBER, .types = 1U << 2, .width = 4 },
	[C_SHOWN] = { .header = "SHOWN", .text = shown_text, .width = 8 },
	[C_KIND] = { .type = COLUMN_NUMBER },
};

static const struct column_table table = { columns, C_COUNT, "id,text,SHOWN", "id,text,ANAME,SHOWN", C_KIND };

static struct value raw(const char *text, size_t length)
{
	return (struct value){ .kind = VALUE_TEXT, .text = text, .length = length };
}

static void fill(struct value *row, const char *text)
{
	for (int i = 0; i < C_COUNT; i++)
		row[i] = value_null();
	row[C_ID] = value_int(7);
	row[C_BIG] = value_int(-1);
	row[C_TEXT] = value_text(text);
	row[C_TIME] = value_int(1763829067123456789);
	row[C_BYTES] = value_int(16777216);
	row[C_REAL] = (struct value){ .kind = VALUE_REAL, .real = 0.9 };
	row[C_FLAG] = value_int(1);
	row[C_KIND] = value_int(1);
}

/* Prints count rows of the same values; the caller frees. */
static char *print_text(const struct print_options *options, bool stream, size_t width, const struct value *row,
			int count)
{
	CLEANUP(print_cleanup) struct print *print = NULL;
	char *text = NULL, message[512] = "";
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	const struct print_target target = { .out = out, .stream = stream, .width = width };

	assert_non_null(out);
	if (print_open(options, &table, &target, &print, message, sizeof(message)) != 0)
		fail_msg("%s", message);
	for (int i = 0; i < count; i++) {
		assert_int_equal(print_row(print, row, NULL), 0);
		assert_int_equal(print_flush(print), 0);
	}
	assert_int_equal(print_finish(print), 0);
	assert_int_equal(print_count(print), count);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void check(const struct print_options *options, bool stream, const struct value *row, int count,
		  const char *want)
{
	AUTO_FREE char *got = print_text(options, stream, 0, row, count);

	assert_string_equal(got, want);
}

#define HOSTILE "\x1b]0;x\x07\"a,\\\xff\n"

static void test_json(void **state)
{
	const struct print_options options = { .json = true };
	struct value row[C_COUNT];

	(void)state;
	fill(row, HOSTILE);
	check(&options, false, row, 2,
	      "{\"id\":\"7\",\"big\":\"18446744073709551615\",\"text\":\"\\u001b]0;x\\u0007\\\"a,\\\\\\ufffd\\n\",\"text_hex\":\"1b5d303b780722612c5cff0a\","
	      "\"a\":null,"
	      "\"time\":\"2025-11-22T16:31:07.123456789Z\",\"bytes\":16777216,\"real\":0.9,\"flag\":true}\n"
	      "{\"id\":\"7\",\"big\":\"18446744073709551615\",\"text\":\"\\u001b]0;x\\u0007\\\"a,\\\\\\ufffd\\n\",\"text_hex\":\"1b5d303b780722612c5cff0a\","
	      "\"a\":null,"
	      "\"time\":\"2025-11-22T16:31:07.123456789Z\",\"bytes\":16777216,\"real\":0.9,\"flag\":true}\n");
}

static void test_json_object_and_kinds(void **state)
{
	const struct print_options options = { .format = format_index("json") };
	struct value row[C_COUNT];

	(void)state;
	fill(row, "");
	row[C_AID] = value_int(0);
	row[C_KIND] = value_int(2);
	row[C_TIME] = row[C_REAL] = row[C_FLAG] = row[C_BYTES] = row[C_BIG] = value_null();
	/* 0 and "" are values, only what is not known is null. */
	check(&options, true, row, 1,
	      "{\"id\":\"7\",\"big\":null,\"text\":\"\",\"a\":{\"name\":null,\"id\":0},\"time\":null,\"bytes\":null,"
	      "\"real\":null,\"flag\":null,\"only2\":null}\n");
}

static void test_json_fields(void **state)
{
	struct print_options options = { .format = format_index("json"), .fields = "only2,A,id" };
	struct value row[C_COUNT];

	(void)state;
	fill(row, "x");
	row[C_ANAME] = value_text("n");
	check(&options, false, row, 1, "{\"only2\":null,\"a\":{\"name\":\"n\",\"id\":null},\"id\":\"7\"}\n");
}

static void test_json_pretty(void **state)
{
	struct print_options options = { .format = format_index("json-pretty"), .fields = "id,a" };
	struct value row[C_COUNT];

	(void)state;
	fill(row, "x");
	row[C_ANAME] = value_text("n");
	check(&options, false, row, 1,
	      "{\n  \"id\": \"7\",\n  \"a\": {\n    \"name\": \"n\",\n    \"id\": null\n  }\n}\n");
}

static void test_csv(void **state)
{
	struct print_options options = { .format = format_index("csv"), .fields = "id,text,a.name,flag,time,real" };
	struct value row[C_COUNT];

	(void)state;
	fill(row, HOSTILE);
	check(&options, false, row, 2,
	      "id,text,a.name,flag,time,real\r\n"
	      "7,\"\\x1b]0;x\\x07\"\"a,\\\\\\xff\\x0a\",,true,2025-11-22T16:31:07.123456789Z,0.9\r\n"
	      "7,\"\\x1b]0;x\\x07\"\"a,\\\\\\xff\\x0a\",,true,2025-11-22T16:31:07.123456789Z,0.9\r\n");
	options.no_legend = true;
	row[C_TEXT] = raw("plain", 5);
	check(&options, false, row, 1, "7,plain,,true,2025-11-22T16:31:07.123456789Z,0.9\r\n");
}

/* No text is a formula for a spreadsheet; a number stays one. */
static void test_csv_has_no_formulas(void **state)
{
	struct print_options options = { .format = format_index("csv"), .fields = "text,id", .no_legend = true };
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "=HYPERLINK(1)", "'=HYPERLINK(1),-7\r\n" },
		{ "=a,b", "\"'=a,b\",-7\r\n" },
		{ "+1", "'+1,-7\r\n" },
		{ "-1", "'-1,-7\r\n" },
		{ "@a", "'@a,-7\r\n" },
		{ "'=1", "''=1,-7\r\n" },
		{ "\t=1", "\\x09=1,-7\r\n" },
		{ "\r=1", "\\x0d=1,-7\r\n" },
		{ "a=1", "a=1,-7\r\n" },
		{ "a;=1", "\"a;=1\",-7\r\n" },
	};
	struct value row[C_COUNT];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		fill(row, rows[i].text);
		row[C_ID] = value_int(-7);
		check(&options, false, row, 1, rows[i].want);
	}
}

static void test_csv_without_rows(void **state)
{
	struct print_options options = { .format = format_index("csv"), .fields = "id,text" };
	struct value row[C_COUNT];

	(void)state;
	fill(row, "");
	check(&options, false, row, 0, "id,text\r\n");
	options.no_legend = true;
	check(&options, false, row, 0, "");
}

static void test_csv_of_long_text(void **state)
{
	struct print_options options = { .format = format_index("csv"), .fields = "text", .no_legend = true };
	struct value row[C_COUNT];
	AUTO_FREE char *text = malloc(20001);
	AUTO_FREE char *got = NULL;

	(void)state;
	memset(text, 'y', 20000);
	text[20000] = '\0';
	fill(row, text);
	got = print_text(&options, false, 0, row, 1);
	assert_int_equal(strlen(got), 20002);
	assert_memory_equal(got, text, 20000);
}

static void test_export(void **state)
{
	struct print_options options = { .format = format_index("export") };
	struct value row[C_COUNT];

	(void)state;
	fill(row, "a\nFORGED=1");
	row[C_AID] = value_int(3);
	row[C_REAL] = value_null();
	check(&options, false, row, 1,
	      "ID=7\nBIG=18446744073709551615\nTEXT=a\\x0aFORGED=1\nA_ID=3\nTIME=2025-11-22T16:31:07.123456789Z\n"
	      "BYTES=16777216\nFLAG=true\n\n");
}

static void test_table(void **state)
{
	struct print_options options = { .format = format_index("short") };
	struct value row[C_COUNT];

	(void)state;
	fill(row, "\x1b[31mred");
	check(&options, false, row, 2, "ID TEXT        SHOWN\n 7 \\x1b[31mred shown 7\n 7 \\x1b[31mred shown 7\n");
	options.no_legend = true;
	row[C_TEXT] = value_null();
	check(&options, false, row, 1, " 7 -    shown 7\n");
	options.no_legend = false;
	options.format = format_index("wide");
	check(&options, false, row, 1, "ID TEXT ANAME SHOWN\n 7 -    -     shown 7\n");
	check(&options, false, row, 0, "");
}

static void test_stream(void **state)
{
	struct print_options options = { .format = format_index("short"), .utc = true };
	struct value row[C_COUNT];

	(void)state;
	fill(row, "\xc3\xa4\x07");
	check(&options, true, row, 2, "  ID TEXT   SHOWN\n   7 \xc3\xa4\\x07 shown 7\n   7 \xc3\xa4\\x07 shown 7\n");
	(void)snprintf(options.fields, sizeof(options.fields), "time,BYTES");
	check(&options, true, row, 1, "TIME                    BYTES\n2025-11-22 16:31:07.123 16.0M\n");
}

static void test_long_table_keeps_all_rows(void **state)
{
	struct print_options options = { .format = format_index("short") };
	struct value row[C_COUNT];
	AUTO_FREE char *got = NULL;
	size_t lines = 0, headers = 0;

	(void)state;
	fill(row, "x");
	got = print_text(&options, false, 0, row, 12345);
	for (const char *at = got; *at; at++) {
		lines += *at == '\n';
		headers += strncmp(at, "SHOWN", 5) == 0;
	}
	assert_int_equal(lines, 12346);
	assert_int_equal(headers, 1);
}

static void test_wrong_fields(void **state)
{
	static const struct {
		const char *format, *fields, *names;
	} rows[] = {
		{ "short", "id,nope", "\"nope\"" },
		{ "short", "id,", "\"\"" },
		{ "json", "SHOWN", "\"SHOWN\"" },
		{ "csv", "i", "\"i\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct print_options options = { .format = format_index(rows[i].format) };
		const struct print_target target = { .out = stdout };
		struct print *print = NULL;
		char message[512] = "";

		(void)snprintf(options.fields, sizeof(options.fields), "%s", rows[i].fields);
		row_equal(rows[i].fields, print_open(&options, &table, &target, &print, message, sizeof(message)),
			  -EINVAL);
		row_check(rows[i].fields, strstr(message, rows[i].names));
	}
}

static void test_write_errors_come_out(void **state)
{
	CLEANUP(print_cleanup) struct print *print = NULL;
	const struct print_options options = { .json = true };
	AUTO_FCLOSE FILE *full = fopen("/dev/full", "we");
	const struct print_target target = { .out = full };
	struct value row[C_COUNT];
	char message[64];

	(void)state;
	assert_non_null(full);
	fill(row, "x");
	assert_int_equal(print_open(&options, &table, &target, &print, message, sizeof(message)), 0);
	assert_int_equal(print_row(print, row, NULL), 0);
	assert_int_equal(print_flush(print), -ENOSPC);
}

/* A column beyond the bound would be left out without a word. */
static void test_events_have_room_for_more_columns(void **state)
{
	(void)state;
	assert_in_range(event_table()->count, 1, COLUMN_LIST_MAX - 1);
	assert_in_range(incident_table()->count, 1, COLUMN_LIST_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events_have_room_for_more_columns),
		cmocka_unit_test(test_json),	     cmocka_unit_test(test_json_object_and_kinds),
		cmocka_unit_test(test_json_fields),  cmocka_unit_test(test_json_pretty),
		cmocka_unit_test(test_csv),	     cmocka_unit_test(test_csv_of_long_text),
		cmocka_unit_test(test_csv_has_no_formulas), cmocka_unit_test(test_csv_without_rows),
		cmocka_unit_test(test_export),	     cmocka_unit_test(test_table),
		cmocka_unit_test(test_stream),	     cmocka_unit_test(test_long_table_keeps_all_rows),
		cmocka_unit_test(test_wrong_fields), cmocka_unit_test(test_write_errors_come_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
