/* SPDX-License-Identifier: BSD-2-Clause */
/* Why nothing can be stored, and what mends it. */
#include "consumer/record/fault.h"

#include <errno.h>

#include "consumer/text/error.h"
#include "tests/harness.h"

static void test_each_kind_has_a_remedy(void **state)
{
	static const struct {
		int error;
		const char *remedy;
	} rows[] = {
		{ -ENOSPC, "why; free space in its file system, then it stores again by itself, without a restart" },
		{ -EROFS, "why; make its file system writable, then it stores" },
		{ -ERROR_DB_FILE_LIMIT, "why; raise it, for the recorder that runs with prlimit --fsize, then it stores" },
		{ -EBUSY, "why; mend that, then it stores" },
	};
	char text[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		fault_format(rows[i].error, "why", text, sizeof(text));
		row_check(rows[i].remedy, strstr(text, rows[i].remedy) == text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_each_kind_has_a_remedy) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
