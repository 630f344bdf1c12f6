/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/outage_rows.h"

#include <inttypes.h>

#include "common/cleanup.h"
#include "common/event.h"
#include "consumer/record/gap.h"
#include "consumer/record/kind.h"
#include "consumer/record/outage.h"
#include "consumer/store/db.h"
#include "consumer/store/db_stmt.h"

#define REASON "not_attached"

static int read_lasting(struct db *db, struct outage_rows *rows)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_prepare(db, "SELECT lost_type FROM gap WHERE reason = '" REASON "' AND to_time IS NULL", &stmt);

	while (r >= 0 && (r = db_step(stmt)) > 0) {
		int64_t type = db_int(stmt, 0);

		if (type > 0 && type < TYPE_COUNT)
			rows->lasting[type] = true;
	}
	return r;
}

/* A recorder of the same ring saw them attached at its last heartbeat, else there is a row; at the load they all were. */
int outage_rows_read(struct db *db, uint64_t generation, int64_t loaded, struct outage_rows *ret)
{
	struct outage_rows rows = { .attached = 0 };
	int r = db_number(db, loaded, &rows.attached,
			  "SELECT json_extract(value, '$.recorder.heartbeat_unix_nano') FROM status WHERE key = 'recorder'"
			  " AND json_valid(value) AND json_extract(value, '$.generation') = '%" PRIu64 "'",
			  generation);

	if (!r)
		r = read_lasting(db, &rows);
	*ret = rows;
	return r;
}

static bool begins(const struct outage_rows *rows, const struct outages *outages, unsigned int type)
{
	return outages->types[type].state == OUTAGE_LASTS && !rows->lasting[type];
}

static bool ends(const struct outage_rows *rows, const struct outages *outages, unsigned int type)
{
	return outages->types[type].state == OUTAGE_NONE && rows->lasting[type];
}

bool outage_rows_differ(const struct outage_rows *rows, const struct outages *outages)
{
	for (unsigned int type = 1; type < TYPE_COUNT; type++)
		if (begins(rows, outages, type) || ends(rows, outages, type))
			return true;
	return false;
}

static unsigned int kind_of(unsigned int type)
{
	unsigned int kind = EV_KIND_COUNT - 1;

	while (kind > 0 && kind_type(kind) != (enum event_type)type)
		kind--;
	return kind;
}

static int add(struct ring_rows *ring_rows, unsigned int type, int64_t from, int64_t to, int64_t now)
{
	const struct gap gap = { REASON, kind_of(type), EV_UNKNOWN, from, to };

	return gap_add(ring_rows, &gap, now);
}

/* The row may have become too old meanwhile, and be gone. */
static int complete(struct db *db, struct ring_rows *ring_rows, unsigned int type, int64_t now)
{
	int r = db_exec_format(db,
			       "UPDATE gap SET to_time = max(coalesce(from_time, 0), %" PRId64 ")"
			       " WHERE reason = '" REASON "' AND to_time IS NULL AND lost_type = %u",
			       now, type);

	return !r && db_changes(db) == 0 ? add(ring_rows, type, 0, now, now) : r;
}

int outage_rows_write(const struct outage_rows *rows, const struct outages *outages, struct db *db,
		      struct ring_rows *ring_rows, int64_t now)
{
	int r = 0;

	for (unsigned int type = 1; !r && type < TYPE_COUNT; type++) {
		int64_t attached = outages->types[type].attached;

		if (begins(rows, outages, type))
			r = add(ring_rows, type, attached ? attached : rows->attached, 0, now);
		else if (ends(rows, outages, type))
			r = complete(db, ring_rows, type, now);
	}
	return r;
}

void outage_rows_committed(struct outage_rows *rows, const struct outages *outages)
{
	for (unsigned int type = 1; type < TYPE_COUNT; type++)
		if (outages->types[type].state != OUTAGE_UNKNOWN)
			rows->lasting[type] = outages->types[type].state == OUTAGE_LASTS;
}
