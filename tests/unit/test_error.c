/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>

#include "consumer/text/error.h"
#include "tests/harness.h"

#define ERROR_TEST_ROW(name, sentence) { ERROR_##name, #name, sentence },
static const struct {
	int error;
	const char *name, *sentence;
} rows[] = { ERROR_LIST(ERROR_TEST_ROW) };

static void test_each_has_a_sentence_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		row_string(rows[i].name, error_text(-rows[i].error), rows[i].sentence);
		for (size_t k = 0; k < i; k++) {
			row_equal(rows[i].name, rows[i].error == rows[k].error, 0);
			row_equal(rows[i].name, strcmp(rows[i].sentence, rows[k].sentence) == 0, 0);
		}
	}
	assert_int_equal(rows[0].error, ERROR_FIRST);
	assert_int_equal(ERROR_END - ERROR_FIRST, ARRAY_SIZE(rows));
}

static void unknown_number(int number)
{
	char want[64];

	(void)snprintf(want, sizeof(want), "Unknown error %d", number);
	assert_string_equal(error_text(-number), want);
}

/* Linux returns errno values up to 4095. */
static void test_none_is_an_errno_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		row_equal(rows[i].name, rows[i].error > 4095, 1);
	assert_string_equal(error_text(-ENOENT), strerror(ENOENT));
	assert_string_equal(error_text(0), strerror(0));
	/* The C library's words for a number that it does not know; the next call of strerror(3) overwrites them. */
	unknown_number(ERROR_FIRST - 1);
	unknown_number(ERROR_END);
}

static void test_a_newer_database_is_not_a_newer_record(void **state)
{
	(void)state;
	assert_non_null(strstr(error_text(-ERROR_DB_NEWER), "database"));
	assert_null(strstr(error_text(-ERROR_DB_NEWER), "record"));
	assert_non_null(strstr(error_text(-ERROR_RECORD_NEWER), "record"));
	assert_null(strstr(error_text(-ERROR_RECORD_NEWER), "database"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_has_a_sentence_of_its_own),
		cmocka_unit_test(test_none_is_an_errno_value),
		cmocka_unit_test(test_a_newer_database_is_not_a_newer_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
