/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/retention_plan.h"

#include <errno.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "consumer/store/db.h"
#include "consumer/store/event_storage.h"
#include "consumer/store/retention.h"

static void add(struct retention_plan *plan, int64_t type, struct retention_range found)
{
	struct retention_range *range = &plan->types[type > 0 && type < TYPE_COUNT ? type : 0];

	if (range->events == 0 || found.from < range->from)
		range->from = found.from;
	if (range->events == 0 || found.to > range->to)
		range->to = found.to;
	range->events += found.events;
	plan->events += found.events;
}

/* Adds the first `limit` events after the id `from` that meet the condition. *ret_count: how many there were. */
static int count(struct db *db, struct retention_plan *plan, int64_t from, const char *condition, int64_t limit,
		 int64_t *ret_count)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int64_t before = plan->events;
	int r = db_prepare_format(db, &stmt,
				  "SELECT type, count(*), min(time), max(time) FROM (SELECT type, time FROM event"
				  " NOT INDEXED WHERE id > %lld AND (%s) ORDER BY id LIMIT %lld) GROUP BY type",
				  (long long)from, condition, (long long)limit);

	while (!r && (r = db_step(stmt)) > 0) {
		add(plan, db_int(stmt, 0), (struct retention_range){ db_int(stmt, 1), db_int(stmt, 2), db_int(stmt, 3) });
		r = 0;
	}
	*ret_count = plan->events - before;
	return r;
}

/* The last id before the first event that is not too old; 0: none. */
static int find_old(struct db *db, const struct retention_settings *settings, int64_t now, int64_t *ret)
{
	int64_t cutoff = retention_cutoff(settings, now);

	*ret = 0;
	if (cutoff == INT64_MIN)
		return 0;
	return db_number(db, 0, ret,
			 "SELECT coalesce((SELECT id - 1 FROM event NOT INDEXED WHERE time >= %lld ORDER BY id LIMIT 1),"
			 " (SELECT max(id) FROM event))",
			 (long long)cutoff);
}

static int count_by_size(struct db *db, const struct retention_settings *settings, int64_t old, uint64_t used,
			 struct retention_plan *plan)
{
	double excess = (double)used - (double)plan->events * plan->event_bytes - (double)settings->size;
	int64_t wanted = excess > 0 && plan->event_bytes > 0 ? (int64_t)(excess / plan->event_bytes) + 1 : 0, found;
	static const enum event_retention phases[] = { RETAIN_BRIEFLY, RETAIN_SHORTER, RETAIN_LONGEST };
	char condition[EVENT_STORAGE_SQL_MAX];
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(phases) && wanted > 0; i++, wanted -= found) {
		r = event_storage_condition(settings->storages, phases[i], condition, sizeof(condition));
		if (!r)
			r = count(db, plan, old, condition, wanted, &found);
	}
	return r;
}

static int begin(struct db *db, struct retention_plan *plan, uint64_t *ret_used)
{
	int64_t all = 0;
	int r = db_used_bytes(db, ret_used);

	*plan = (struct retention_plan){ .events = 0 };
	if (!r)
		r = db_number(db, 0, &all, "SELECT count(*) FROM event");
	if (!r && all > 0)
		plan->event_bytes = (double)*ret_used / (double)all;
	return r;
}

int retention_plan(struct db *db, const struct retention_settings *settings, int64_t now, struct retention_plan *ret)
{
	char condition[64];
	int64_t old = 0, found;
	uint64_t used = 0;
	int r = begin(db, ret, &used);

	if (!r)
		r = find_old(db, settings, now, &old);
	(void)snprintf(condition, sizeof(condition), "id <= %lld", (long long)old);
	if (!r && old > 0)
		r = count(db, ret, INT64_MIN, condition, INT64_MAX, &found);
	if (!r && settings->size)
		r = count_by_size(db, settings, old, used, ret);
	return r;
}

int retention_plan_all(struct db *db, struct retention_plan *ret)
{
	uint64_t used = 0;
	int64_t found;
	int r = begin(db, ret, &used);

	return r ? r : count(db, ret, INT64_MIN, "1", INT64_MAX, &found);
}

void retention_plan_subtract(struct retention_plan *before, const struct retention_plan *after)
{
	for (size_t i = 0; i < TYPE_COUNT; i++) {
		struct retention_range *range = &before->types[i];

		range->events -= after->types[i].events;
		if (after->types[i].events > 0)
			range->to = after->types[i].from;
	}
	before->events -= after->events;
}
