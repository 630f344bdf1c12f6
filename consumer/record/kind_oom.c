/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/kind_oom.h"

#include "consumer/container/resolve.h"
#include "consumer/record/enrich.h"
#include "consumer/record/kind.h"
#include "consumer/record/kind_lifecycle.h"
#include "consumer/store/db_stmt.h"

enum oom_tail { TAIL_VICTIM, TAIL_TRIGGER, TAIL_LIMIT };

struct oom_detail {
	uint64_t decision; /* boot time, the same for all victims of one decision; EV_UNKNOWN: not known */
	uint64_t rss_anon, rss_file, rss_shmem, swap, pgtables;
	int32_t oom_score_adj;
	struct row_task trigger;
	int64_t trigger_cgroup, limit_cgroup; /* row numbers */
	enum oom_scope scope;
	uint64_t limit_bytes, usage_bytes;
	bool limit_exact, group_kill, chosen;
};

enum oom_scope kind_oom_scope(const struct place *victim, const struct place *limit, uint32_t constraint)
{
	if (constraint == EV_CONSTRAINT_CPUSET)
		return OOM_SCOPE_CPUSET;
	if (constraint == EV_CONSTRAINT_MEMPOLICY)
		return OOM_SCOPE_MEMPOLICY;
	if (limit->key.id == 0)
		return constraint == EV_CONSTRAINT_NONE ? OOM_SCOPE_NODE : OOM_SCOPE_UNKNOWN;
	if (limit->kind == CGROUP_UNKNOWN)
		return OOM_SCOPE_UNKNOWN;
	if (limit->container && limit->container == victim->container)
		return OOM_SCOPE_CONTAINER;
	if (limit->kind == CGROUP_POD)
		return OOM_SCOPE_POD;
	if (limit->key.id == victim->key.id && limit->key.hierarchy == victim->key.hierarchy)
		return OOM_SCOPE_CGROUP;
	return OOM_SCOPE_ANCESTOR;
}

static int find_place(struct enrich *enrich, const struct ev *ev, const struct ev_cgroup *cgroup, enum oom_tail tail,
		      struct place *ret)
{
	static const uint32_t cuts[] = {
		[TAIL_VICTIM] = EV_F_NAMES_CUT,
		[TAIL_TRIGGER] = EV_F_TRIGGER_NAMES_CUT,
		[TAIL_LIMIT] = EV_F_LIMIT_NAMES_CUT,
	};
	const struct resolve_hint hint = {
		.names = ev->tails[tail],
		.cut = ev->oom_kill.flags & cuts[tail],
		.time_ns = ev->h.time_ns,
	};

	return resolve_place(enrich_resolve(enrich), cgroup, &hint, ret);
}

static int enrich_oom(struct enrich *enrich, const struct ev *ev, struct ev_row *row, void *detail)
{
	const struct ev_oom_kill *kill = &ev->oom_kill;
	struct place victim, trigger, limit;
	int r = find_place(enrich, ev, &kill->cgroup, TAIL_VICTIM, &victim);

	if (!r)
		r = find_place(enrich, ev, &kill->trigger_cgroup, TAIL_TRIGGER, &trigger);
	if (!r)
		r = find_place(enrich, ev, &kill->limit_cgroup, TAIL_LIMIT, &limit);
	if (!r)
		r = kind_lifecycle_infer_start(enrich, ev, &victim, &kill->victim);
	if (r)
		return r;

	enrich_fill_row(enrich, ev, &kill->victim, victim.cgroup, row);
	*(struct oom_detail *)detail = (struct oom_detail){
		.decision = kill->decision_ns ? kill->decision_ns : EV_UNKNOWN,
		.rss_anon = kill->rss_anon_bytes,
		.rss_file = kill->rss_file_bytes,
		.rss_shmem = kill->rss_shmem_bytes,
		.swap = kill->swap_bytes,
		.pgtables = kill->pgtables_bytes,
		.oom_score_adj = kill->oom_score_adj,
		.trigger = enrich_task(&kill->trigger),
		.trigger_cgroup = trigger.cgroup,
		.limit_cgroup = limit.cgroup,
		.scope = kind_oom_scope(&victim, &limit, kill->constraint),
		.limit_bytes = kill->limit_bytes,
		.usage_bytes = kill->usage_bytes,
		.limit_exact = kill->flags & EV_F_LIMIT_EXACT,
		.group_kill = kill->flags & EV_F_GROUP_KILL,
		.chosen = kill->flags & EV_F_CHOSEN,
	};
	return 1;
}

#define TAIL(member) { offsetof(struct ev_oom_kill, member), KIND_TAIL_NAMES }

const struct kind kind_oom_kill = {
	.size = sizeof(struct ev_oom_kill),
	.tail_count = 3,
	.tails = { [TAIL_VICTIM] = TAIL(names), [TAIL_TRIGGER] = TAIL(trigger_names), [TAIL_LIMIT] = TAIL(limit_names) },
	.urgency = KIND_DURABLE,
	.enrich = enrich_oom,
	.storage = &storage_oom_kill,
	.detail_size = sizeof(struct oom_detail),
};

/*
 * An incident is one decision of the OOM killer, numbered by the event of its first victim. The kernel makes one decision
 * at a time, so its boot time, the owner of the limit and the process that ran out of memory identify it within a boot,
 * however many batches or recorders store its victims. A kill whose decision is not known is an incident of its own.
 */
#define FIND_INCIDENT                                                                                             \
	"(SELECT o.incident FROM oom o JOIN event e ON e.id = o.id WHERE o.decision = ?2 AND o.trigger_start IS ?3" \
	" AND o.trigger_pid IS ?10 AND o.limit_cgroup IS ?14"                                                     \
	" AND e.boot = (SELECT boot FROM event WHERE id = ?1) LIMIT 1)"

static const char insert[] =
	"INSERT INTO oom(id, incident, decision, trigger_start, rss_anon, rss_file, rss_shmem, swap, pgtables,"
	" oom_score_adj, trigger_pid, trigger_comm, trigger_cgroup, scope, limit_cgroup, limit_bytes, usage_bytes,"
	" limit_source, group_kill, chosen) VALUES(?1, coalesce(" FIND_INCIDENT ", ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
	" ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)";

static void bind(struct db_stmt *stmt, const void *detail)
{
	const struct oom_detail *oom = detail;

	db_bind_u64(stmt, 2, oom->decision);
	db_bind_u64(stmt, 3, oom->trigger.start_ns);
	db_bind_u64(stmt, 4, oom->rss_anon);
	db_bind_u64(stmt, 5, oom->rss_file);
	db_bind_u64(stmt, 6, oom->rss_shmem);
	db_bind_u64(stmt, 7, oom->swap);
	db_bind_u64(stmt, 8, oom->pgtables);
	db_bind_int(stmt, 9, oom->oom_score_adj);
	db_bind_nonzero(stmt, 10, oom->trigger.pid);
	db_bind_text(stmt, 11, oom->trigger.pid ? oom->trigger.comm.text : NULL, oom->trigger.comm.length);
	db_bind_nonzero(stmt, 12, oom->trigger_cgroup);
	db_bind_string(stmt, 13, oom_scope_name(oom->scope));
	db_bind_nonzero(stmt, 14, oom->limit_cgroup);
	db_bind_u64(stmt, 15, oom->limit_bytes);
	db_bind_u64(stmt, 16, oom->usage_bytes);
	db_bind_string(stmt, 17, oom->limit_exact ? "kernel" : "inferred");
	db_bind_int(stmt, 18, oom->group_kill);
	db_bind_int(stmt, 19, oom->chosen);
}

const struct event_storage storage_oom_kill = {
	.type = TYPE_OOM_KILL,
	.retention = RETAIN_LONGEST,
	.table = "oom",
	.insert = insert,
	.bind = bind,
};
