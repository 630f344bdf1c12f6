/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/cli/counters.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/container/kernel_maps.h"
#include "consumer/query/sql.h"
#include "consumer/record/kind.h"
#include "consumer/store/db.h"
#include "consumer/text/json.h"

static const char *name_of(unsigned int type)
{
	return type ? event_type_name((enum event_type)type) : "unknown";
}

static void cleanup_maps(struct pinned_maps **maps)
{
	kernel_maps_close(*maps);
}

void counters_read_kernel(const char *pin_dir, struct kernel_counters *ret)
{
	CLEANUP(cleanup_maps) struct pinned_maps *maps = NULL;
	const char *failed = NULL;
	struct map_info info;

	int r = kernel_maps_open(pin_dir, &maps, &failed);

	ret->absent = r == -ENOENT;
	ret->known = r == 0 && kernel_maps_read_info(maps, &info) == 0;
	if (!ret->known)
		return;
	ret->generation = info.generation;
	for (unsigned int kind = 1; ret->known && kind < EV_KIND_COUNT; kind++) {
		const struct kernel_maps view = kernel_maps_view(maps);

		ret->known = view.counters(view.context, (enum ev_kind)kind, &ret->kinds[kind]) == 0;
	}
}

int counters_read(struct db *db, struct counters *ret)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r, column = 0;

	*ret = (struct counters){ 0 };
	for (int count = 0; count < COUNT_COUNT; count++)
		for (unsigned int type = 0; type < TYPE_COUNT; type++)
			sql_addf(sql, "%s json_extract(value, '$.counters.%s.%s')", count || type ? "," : "SELECT",
				 recorder_count_names[count], name_of(type));
	sql_add(sql, " FROM status WHERE key = 'recorder' AND json_valid(value)");
	r = sql_prepare(sql, db, &stmt);
	if (r == 0)
		r = db_step(stmt);
	for (int count = 0; r > 0 && count < COUNT_COUNT; count++)
		for (unsigned int type = 0; type < TYPE_COUNT; type++, column++) {
			ret->known[count][type] = !db_is_null(stmt, column);
			ret->values[count][type] = db_int(stmt, column);
		}
	return r < 0 ? r : 0;
}

static void add(struct counters *counters, enum recorder_count count, unsigned int kind, uint64_t number)
{
	enum event_type type = kind_type(kind);

	counters->known[count][type] = counters->known[count][type] || type != 0 || number > 0;
	counters->values[count][type] = (int64_t)((uint64_t)counters->values[count][type] + number);
}

static void add_kind(struct counters *counters, unsigned int kind, const struct map_counters *kernel, uint64_t stored,
		     uint64_t rejected)
{
	uint64_t read = stored + rejected, sent = map_counters_sent(kernel);

	add(counters, COUNT_SENT, kind, sent);
	add(counters, COUNT_STORED, kind, stored);
	add(counters, COUNT_REJECTED, kind, rejected);
	add(counters, COUNT_UNREAD, kind, sent > read ? sent - read : 0);
	add(counters, COUNT_LOST, kind, kernel->lost);
	add(counters, COUNT_FILTERED, kind, kernel->filtered);
}

int counters_compute(struct db *db, const struct kernel_counters *kernel, struct counters *ret)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	uint64_t stored[EV_KIND_COUNT] = { 0 }, rejected[EV_KIND_COUNT] = { 0 };
	int r = db_prepare_format(db, &stmt, "SELECT kind, stored, rejected FROM tally WHERE generation = %" PRId64,
				  (int64_t)kernel->generation);

	while (r >= 0 && (r = db_step(stmt)) > 0) {
		int64_t kind = db_int(stmt, 0);

		if (kind < 0 || kind >= EV_KIND_COUNT)
			continue;
		stored[kind] = (uint64_t)db_int(stmt, 1);
		rejected[kind] = (uint64_t)db_int(stmt, 2);
	}
	if (r < 0)
		return r;
	*ret = (struct counters){ 0 };
	for (unsigned int kind = 0; kind < EV_KIND_COUNT; kind++)
		add_kind(ret, kind, &kernel->kinds[kind], stored[kind], rejected[kind]);
	return 0;
}

void counters_forget_unread(struct counters *counters)
{
	(void)memset(counters->known[COUNT_UNREAD], 0, sizeof(counters->known[COUNT_UNREAD]));
}

static bool is_counted(const struct counters *counters, unsigned int type)
{
	return counters->known[COUNT_SENT][type] || counters->known[COUNT_STORED][type];
}

bool counters_sum(const struct counters *counters, enum recorder_count count, int64_t *ret)
{
	uint64_t sum = 0;
	bool known = true;

	for (unsigned int type = 1; type < TYPE_COUNT; type++) {
		sum += counters->known[count][type] ? (uint64_t)counters->values[count][type] : 0;
		known = known && (counters->known[count][type] || !is_counted(counters, type));
	}
	*ret = (int64_t)sum;
	return known;
}

void counters_write(const struct counters *counters, struct json *json)
{
	json_object(json, "counters");
	for (int count = 0; count < COUNT_COUNT; count++) {
		json_object(json, recorder_count_names[count]);
		/* Records of no known type behind the others. */
		for (unsigned int i = 1; i <= TYPE_COUNT; i++) {
			unsigned int type = i % TYPE_COUNT;

			if (counters->known[count][type])
				json_int(json, name_of(type), counters->values[count][type]);
			else if (count == COUNT_UNREAD && type != 0 && is_counted(counters, type))
				json_null(json, name_of(type));
		}
		json_close(json, '}');
	}
	json_close(json, '}');
}
