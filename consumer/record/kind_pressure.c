/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory pressure: usage crossed the threshold of a limit, or reached it. */
#include "consumer/container/cgroup_fs.h"
#include "consumer/container/resolve.h"
#include "consumer/record/enrich.h"
#include "consumer/record/kind.h"
#include "consumer/record/kind_lifecycle.h"
#include "consumer/store/db_stmt.h"

/* An older record has nothing to do with the present usage of its cgroup. */
#define USAGE_AGE_NS 1000000000ULL

struct pressure_detail {
	const char *level; /* static */
	uint64_t usage_bytes, limit_bytes, working_set;
};

static uint64_t read_working_set(struct enrich *enrich, const struct place *place, uint64_t time_ns)
{
	const struct cgroup_fs *fs = enrich_cgroup_fs(enrich);
	char path[ENRICH_PATH_MAX];
	uint64_t bytes;

	if (!fs || !place->has_path || enrich_now_ns(enrich) - time_ns > USAGE_AGE_NS ||
	    !enrich_may_read_usage(enrich, place->key.id))
		return EV_UNKNOWN;
	if (!enrich_cgroup_path(enrich, place->cgroup, path) || cgroup_fs_exists(fs, path, place->key.id) <= 0)
		return EV_UNKNOWN;
	return cgroup_fs_working_set(fs, path, &bytes) == 0 ? bytes : EV_UNKNOWN;
}

static int enrich_pressure(struct enrich *enrich, const struct ev *ev, struct ev_row *row, void *detail)
{
	const struct ev_memory *memory = &ev->memory;
	const struct resolve_hint hint = {
		.names = ev->tails[0],
		.cut = memory->flags & EV_F_NAMES_CUT,
		.time_ns = ev->h.time_ns,
	};
	struct place place;
	int r = resolve_place(enrich_resolve(enrich), &memory->cgroup, &hint, &place);

	if (!r)
		r = kind_lifecycle_infer_start(enrich, ev, &place, &memory->task);
	if (r)
		return r;
	enrich_fill_row(enrich, ev, &memory->task, place.cgroup, row);
	*(struct pressure_detail *)detail = (struct pressure_detail){
		.level = ev->h.kind == EV_MEMORY_HIGH ? "high" : "limit",
		.usage_bytes = memory->usage_bytes,
		.limit_bytes = memory->limit_bytes,
		.working_set = read_working_set(enrich, &place, ev->h.time_ns),
	};
	return 1;
}

/* Not durable: a container whose usage swings around its limit would keep the disk busy. */
#define PRESSURE_KIND                                                                      \
	.size = sizeof(struct ev_memory), .tail_count = 1,                                 \
	.tails = { { offsetof(struct ev_memory, names), KIND_TAIL_NAMES } },               \
	.urgency = KIND_PROMPT, .enrich = enrich_pressure, .storage = &storage_memory_pressure, \
	.detail_size = sizeof(struct pressure_detail)

const struct kind kind_memory_high = { PRESSURE_KIND };
const struct kind kind_memory_limit = { PRESSURE_KIND };

static void bind(struct db_stmt *stmt, const void *detail)
{
	const struct pressure_detail *pressure = detail;

	db_bind_string(stmt, 2, pressure->level);
	db_bind_u64(stmt, 3, pressure->usage_bytes);
	db_bind_u64(stmt, 4, pressure->limit_bytes);
	db_bind_u64(stmt, 5, pressure->working_set);
}

const struct event_storage storage_memory_pressure = {
	.type = TYPE_MEMORY_PRESSURE,
	.retention = RETAIN_SHORTER,
	.table = "pressure",
	.insert = "INSERT INTO pressure(id, level, usage_bytes, limit_bytes, working_set) VALUES(?1, ?2, ?3, ?4, ?5)",
	.bind = bind,
};
