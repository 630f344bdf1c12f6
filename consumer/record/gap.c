/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/gap.h"

#include "consumer/record/kind.h"
#include "consumer/store/db_stmt.h"
#include "consumer/store/ring_rows.h"
#include "consumer/store/row.h"

static void bind(struct db_stmt *stmt, const void *detail)
{
	const struct gap *gap = detail;

	db_bind_string(stmt, 2, gap->reason);
	db_bind_nonzero(stmt, 3, kind_type(gap->kind));
	db_bind_u64(stmt, 4, gap->lost);
	db_bind_nonzero(stmt, 5, gap->from);
	db_bind_nonzero(stmt, 6, gap->to);
}

const struct event_storage storage_gap = {
	.type = TYPE_GAP,
	.retention = RETAIN_LONGEST,
	.table = "gap",
	.insert = "INSERT INTO gap(id, reason, lost_type, lost, from_time, to_time) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	.bind = bind,
};

int gap_add(struct ring_rows *ring_rows, const struct gap *gap, int64_t now)
{
	struct gap ordered = *gap;
	const struct ev_row row = {
		.storage = &storage_gap,
		.time = now,
		.status = EV_UNKNOWN,
		.flags = EV_UNKNOWN,
		.duration_ns = EV_UNKNOWN,
		.detail = &ordered,
	};

	/* After the clock was set back the end may lie before the beginning. */
	if (ordered.to && ordered.from > ordered.to)
		ordered.from = ordered.to;
	return ring_rows_add(ring_rows, &row, NULL);
}
