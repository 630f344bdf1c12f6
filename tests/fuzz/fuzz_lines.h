/* SPDX-License-Identifier: BSD-2-Clause */
/* Output that fuzz targets look at: lines that move no cursor, and JSON that is JSON. */
#ifndef CRI_TESTS_FUZZ_FUZZ_LINES_H
#define CRI_TESTS_FUZZ_FUZZ_LINES_H

#include "consumer/db.h"
#include "tests/fuzz/fuzz.h"

/* db: any open one, whose SQLite is the judge. text is changed. */
static inline void fuzz_check_lines(struct db *db, char *text, bool json)
{
	struct db_stmt *stmt = NULL;

	FUZZ_ASSERT(db_prepare(db, "SELECT json_valid(?)", &stmt) == 0);
	for (char *line, *rest = text; (line = strsep(&rest, "\n"));) {
		FUZZ_ASSERT(fuzz_is_printable(line));
		if (!json || !line[0])
			continue;
		db_bind_text(stmt, 1, line, strlen(line));
		FUZZ_ASSERT(db_step(stmt) > 0 && db_int(stmt, 0) == 1);
		db_reset(stmt);
	}
	db_finish(stmt);
}

#endif
