/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks of output in fuzz targets: lines are safe for a terminal, and JSON is valid. */
#ifndef CRI_TESTS_FUZZ_FUZZ_LINES_H
#define CRI_TESTS_FUZZ_FUZZ_LINES_H

#include "common/text.h"
#include "consumer/store/db.h"
#include "tests/fuzz/fuzz.h"

static inline void fuzz_refuse_line(const char *line, const char *why)
{
	char escaped[4096];

	(void)text_escape(escaped, sizeof(escaped), line, strlen(line));
	(void)fprintf(stderr, "a line is %s: %s\n", why, escaped);
	abort();
}

/* db: any open database, for SQLite's json_valid(). text is modified. */
static inline void fuzz_check_lines(struct db *db, char *text, bool json)
{
	struct db_stmt *stmt = NULL;

	FUZZ_ASSERT(db_prepare(db, "SELECT json_valid(?)", &stmt) == 0);
	for (char *line, *rest = text; (line = strsep(&rest, "\n"));) {
		if (!fuzz_is_printable(line))
			fuzz_refuse_line(line, "not safe for a terminal");
		if (!json || !line[0])
			continue;
		db_bind_text(stmt, 1, line, strlen(line));
		if (db_step(stmt) <= 0 || db_int(stmt, 0) != 1)
			fuzz_refuse_line(line, "not JSON");
		db_reset(stmt);
	}
	db_finish(stmt);
}

#endif
