/* SPDX-License-Identifier: BSD-2-Clause */
/* A database for one test: created in a new directory, filled by SQL, removed at the end. */
#ifndef CRI_TESTS_UNIT_SCRATCH_DB_H
#define CRI_TESTS_UNIT_SCRATCH_DB_H

#include "consumer/store/db.h"
#include "tests/harness.h"

struct scratch_db {
	char dir[64], path[128];
	struct db *db;
};

static inline void scratch_db_open(struct scratch_db *scratch, const char *sql)
{
	harness_make_dir(scratch->dir, sizeof(scratch->dir));
	(void)snprintf(scratch->path, sizeof(scratch->path), "%s/db", scratch->dir);
	if (db_open_write(scratch->path, &scratch->db) != 0)
		fail_msg("cannot make %s", scratch->path);
	if (db_exec(scratch->db, "BEGIN") != 0 || db_exec(scratch->db, sql) != 0 || db_exec(scratch->db, "COMMIT") != 0)
		fail_msg("%s", db_message(scratch->db));
}

static inline void scratch_db_close(struct scratch_db *scratch)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char path[160];

	db_close(scratch->db);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", scratch->path, suffixes[i]);
		(void)unlink(path);
	}
	(void)rmdir(scratch->dir);
}

#endif
