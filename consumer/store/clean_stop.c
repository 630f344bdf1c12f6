/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/clean_stop.h"

#include "consumer/store/db.h"
#include "consumer/store/schema.h"

int clean_stop_take(struct db *db, bool *ret)
{
	int r = db_exec(db, "DELETE FROM status WHERE key = '" SCHEMA_CLEAN_STOP "'");

	if (!r)
		*ret = db_changes(db) > 0;
	return r;
}

int clean_stop_write(struct db *db)
{
	return db_exec(db, "INSERT OR REPLACE INTO status(key, value) VALUES('" SCHEMA_CLEAN_STOP "', '')");
}
