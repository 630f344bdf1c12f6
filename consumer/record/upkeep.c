/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/upkeep.h"

#include <errno.h>
#include <stddef.h>

#include "common/log.h"
#include "consumer/store/db.h"
#include "consumer/store/row_check.h"
#include "consumer/store/schema_index.h"
#include "consumer/text/clock.h"
#include "consumer/text/error.h"

/* Between two looks while the database has all indexes. */
#define INDEX_INTERVAL_NS 60000000000ULL
/* For which a step of the check may delay a commit. */
#define CHECK_LIMIT_NS	  20000000ULL
#define BACKOFF_MIN_NS	  1000000000ULL
#define BACKOFF_MAX_NS	  300000000000ULL

static void put_off(struct upkeep *upkeep)
{
	upkeep->backoff_ns = upkeep->backoff_ns ? 2 * upkeep->backoff_ns : BACKOFF_MIN_NS;
	if (upkeep->backoff_ns > BACKOFF_MAX_NS)
		upkeep->backoff_ns = BACKOFF_MAX_NS;
	upkeep->index_ns = clock_boot_ns() + upkeep->backoff_ns;
}

/* True for an error that says nothing about the database, so that it can stay open. */
static bool is_harmless(int error)
{
	return error == -ERROR_SQL_TIMEOUT || error == -ENOSPC || error == -EBUSY || error == -ENOMEM;
}

static void note_failure(struct upkeep *upkeep, const struct schema_index *index, int error)
{
	if (error != -ERROR_SQL_TIMEOUT && !upkeep->told) {
		log_warning("cannot build the index \"%s\": %s; recording goes on and queries are slower; trying again",
			    index->name, error_text(error));
		upkeep->told = true;
	}
}

static int keep_indexes(struct upkeep *upkeep, const struct upkeep_target *target, uint64_t now_ns)
{
	const struct schema_index *missing = NULL;
	struct db *db = target->db;
	int r = schema_index_find_missing(db, &missing);

	if (r || !missing) {
		upkeep->index_ns = now_ns + INDEX_INTERVAL_NS;
		return r;
	}
	r = schema_index_build(db, missing, target->stop, target->context);
	/* Also of a build that was given up some pages are in the WAL. */
	(void)db_exec(db, "PRAGMA wal_checkpoint(PASSIVE)");
	if (r) {
		note_failure(upkeep, missing, r);
		put_off(upkeep);
		return is_harmless(r) ? 0 : r;
	}
	log_info("built the index \"%s\", which the database lacked", missing->name);
	upkeep->backoff_ns = 0;
	upkeep->told = false;
	upkeep->index_ns = 0;
	return 0;
}

static int check_rows(const struct upkeep_target *target)
{
	int r = row_check_step(target->db, target->check, CHECK_LIMIT_NS);

	if (!r && target->check->done)
		log_debug("the recorder before was not stopped; all rows were read and are sound");
	return r;
}

int upkeep_step(struct upkeep *upkeep, const struct upkeep_target *target, uint64_t now_ns)
{
	int r = now_ns < upkeep->index_ns ? 0 : keep_indexes(upkeep, target, now_ns);

	return r || target->check->done ? r : check_rows(target);
}

uint64_t upkeep_due(const struct upkeep *upkeep, const struct row_check *check)
{
	return check->done ? upkeep->index_ns : 0;
}
