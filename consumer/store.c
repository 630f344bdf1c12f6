/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/db.h"
#include "consumer/decode.h"

/* Members of one kill decision come within microseconds, so the last few decisions are enough. */
#define DECISIONS 16
/* How far the wall time of one decision may differ between the recorder before a restart and this one. */
#define DECISION_TOLERANCE_NS 1000000

/*
 * Exits are nearly all there is, and much of what a row costs is to begin and to end a statement: they are
 * inserted so many at a time. OR FAIL, since a statement that would have to undo its first rows keeps a
 * journal of its own; here the whole batch is undone anyway.
 */
#define BULK 16
#define EVENT_COLUMNS 12

enum statement {
	ADD_EVENT,
	ADD_BULK,
	ADD_OOM,
	ADD_PRESSURE,
	ADD_FORK,
	ADD_LIFECYCLE,
	ADD_GAP,
	FIND_INCIDENT,
	SAVE_RING,
	SAVE_TALLY,
	SAVE_SEQUENCE,
	STATEMENT_COUNT,
};

#define INSERT_EVENT "INSERT OR FAIL INTO event(id, type, time, boot, cgroup, pid, ppid, uid, comm, status, flags, duration) VALUES"
#define ROW_1  "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define ROWS_4 ROW_1 "," ROW_1 "," ROW_1 "," ROW_1

static const char *const statements[STATEMENT_COUNT] = {
	[ADD_EVENT] = INSERT_EVENT ROW_1,
	[ADD_BULK] = INSERT_EVENT ROWS_4 "," ROWS_4 "," ROWS_4 "," ROWS_4,
	[ADD_OOM] = "INSERT INTO oom(id, incident, decision, rss_anon, rss_file, rss_shmem, swap, pgtables,"
		    " oom_score_adj, trigger_pid, trigger_comm, trigger_cgroup, scope, limit_cgroup, limit_bytes,"
		    " usage_bytes, limit_source, group_kill, chosen)"
		    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
	[ADD_PRESSURE] = "INSERT INTO pressure(id, level, usage_bytes, limit_bytes, working_set)"
			 " VALUES(?1, ?2, ?3, ?4, ?5)",
	[ADD_FORK] = "INSERT INTO fork(id, child_pid, child_comm) VALUES(?1, ?2, ?3)",
	[ADD_LIFECYCLE] = "INSERT INTO lifecycle(id, container, memory_limit, peak, oom_kills) VALUES(?1, ?2, ?3, ?4, ?5)",
	[ADD_GAP] = "INSERT INTO gap(id, reason, lost_type, lost, from_time, to_time) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	[FIND_INCIDENT] = "SELECT o.incident FROM (SELECT * FROM oom ORDER BY id DESC LIMIT 64) o JOIN event e"
			  " ON e.id = o.id WHERE e.boot = ?1 AND o.decision BETWEEN ?2 AND ?3 LIMIT 1",
	[SAVE_RING] = "INSERT INTO ring(generation, boot, position, next_id, updated) VALUES(?1, ?2, ?3, ?4, ?5)"
		      " ON CONFLICT(generation) DO UPDATE SET boot = ?2, position = ?3, next_id = ?4, updated = ?5",
	[SAVE_TALLY] = "INSERT INTO tally(generation, kind, stored, rejected, lost) VALUES(?1, ?2, ?3, ?4, ?5)"
		       " ON CONFLICT(generation, kind) DO UPDATE SET stored = ?3, rejected = ?4, lost = ?5",
	[SAVE_SEQUENCE] = "INSERT INTO sequence(generation, cpu, kind, seq, time) VALUES(?1, ?2, ?3, ?4, ?5)"
			  " ON CONFLICT(generation, cpu, kind) DO UPDATE SET seq = ?4, time = ?5",
};

struct tally_slot {
	struct store_tally now, saved;
};

struct sequence_slot {
	struct store_sequence now, saved;
};

/* A row whose insert waits for others. */
struct waiting {
	struct ev_row row;
	int64_t id;
	char comm[EV_COMM_LEN];
};

struct decision {
	uint64_t time_ns; /* boot time; 0: empty */
	int64_t incident;
};

struct store {
	struct db *db;
	uint64_t generation;
	int64_t boot;
	bool known;
	uint64_t position;
	uint64_t saved_position; /* of the last commit */
	int64_t next_id;
	int64_t earlier_ring;
	struct tally_slot tallies[EV_KIND_COUNT];
	struct sequence_slot *sequences; /* cpus * EV_KIND_COUNT */
	uint32_t cpus;
	struct decision decisions[DECISIONS];
	size_t next_decision;
	struct waiting waiting[BULK];
	size_t waiting_count;
	struct db_stmt *statements[STATEMENT_COUNT];
};

void store_detach(struct store *store)
{
	for (size_t i = 0; i < STATEMENT_COUNT; i++) {
		db_finish(store->statements[i]);
		store->statements[i] = NULL;
	}
	store->db = NULL;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	store_detach(store);
	free(store->sequences);
	free(store);
}

static void cleanup_store(struct store **store)
{
	store_close(*store);
}

/* The highest id that any ring gave out or that a row has. */
static int load_next_id(struct store *store)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_prepare(store->db,
			   "SELECT max(1, coalesce((SELECT max(next_id) FROM ring), 1),"
			   " coalesce((SELECT max(id) + 1 FROM event), 1))",
			   &stmt);

	if (!r)
		r = db_step(stmt);
	if (r < 0)
		return r;
	store->next_id = r > 0 ? db_int(stmt, 0) : 1;
	return 0;
}

static int load_ring(struct store *store)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_prepare(store->db, "SELECT position FROM ring WHERE generation = ?1", &stmt);

	if (r)
		return r;
	db_bind_int(stmt, 1, (int64_t)store->generation);
	r = db_step(stmt);
	if (r < 0)
		return r;
	store->known = r > 0;
	store->position = r > 0 ? (uint64_t)db_int(stmt, 0) : 0;
	store->saved_position = store->position;
	return 0;
}

static int load_earlier_ring(struct store *store)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_prepare(store->db, "SELECT max(updated) FROM ring WHERE generation <> ?1", &stmt);

	if (r)
		return r;
	db_bind_int(stmt, 1, (int64_t)store->generation);
	r = db_step(stmt);
	if (r < 0)
		return r;
	store->earlier_ring = r > 0 ? db_int(stmt, 0) : 0;
	return 0;
}

static int load_tallies(struct store *store)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_prepare(store->db, "SELECT kind, stored, rejected, lost FROM tally WHERE generation = ?1", &stmt);

	if (r)
		return r;
	db_bind_int(stmt, 1, (int64_t)store->generation);
	while ((r = db_step(stmt)) > 0) {
		int64_t kind = db_int(stmt, 0);

		if (kind < 0 || kind >= EV_KIND_COUNT)
			continue;
		store->tallies[kind].now = (struct store_tally){ (uint64_t)db_int(stmt, 1), (uint64_t)db_int(stmt, 2),
								 (uint64_t)db_int(stmt, 3) };
		store->tallies[kind].saved = store->tallies[kind].now;
	}
	return r;
}

static struct sequence_slot *sequence_slot(struct store *store, uint32_t cpu, unsigned int kind)
{
	if (cpu >= DECODE_CPU_MAX || kind >= EV_KIND_COUNT)
		return NULL;
	if (cpu >= store->cpus) {
		size_t had = (size_t)store->cpus * EV_KIND_COUNT;
		size_t want = (size_t)(cpu + 1) * EV_KIND_COUNT;
		struct sequence_slot *grown = reallocarray(store->sequences, want, sizeof(*grown));

		if (!grown)
			return NULL;
		(void)memset(grown + had, 0, (want - had) * sizeof(*grown));
		store->sequences = grown;
		store->cpus = cpu + 1;
	}
	return &store->sequences[(size_t)cpu * EV_KIND_COUNT + kind];
}

static int load_sequences(struct store *store)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_prepare(store->db, "SELECT cpu, kind, seq, time FROM sequence WHERE generation = ?1", &stmt);

	if (r)
		return r;
	db_bind_int(stmt, 1, (int64_t)store->generation);
	while ((r = db_step(stmt)) > 0) {
		int64_t cpu = db_int(stmt, 0), kind = db_int(stmt, 1);
		struct sequence_slot *slot;

		if (cpu < 0 || cpu >= DECODE_CPU_MAX || kind < 0 || kind >= EV_KIND_COUNT)
			continue;
		slot = sequence_slot(store, (uint32_t)cpu, (unsigned int)kind);
		if (!slot)
			return -ENOMEM;
		slot->now = (struct store_sequence){ (uint64_t)db_int(stmt, 2), db_int(stmt, 3) };
		slot->saved = slot->now;
	}
	return r;
}

int store_open(struct db *db, uint64_t generation, int64_t boot, struct store **ret)
{
	CLEANUP(cleanup_store) struct store *store = calloc(1, sizeof(*store));

	if (!store)
		return -ENOMEM;
	store->db = db;
	store->generation = generation;
	store->boot = boot;

	int r = load_next_id(store);

	if (!r)
		r = load_ring(store);
	if (!r)
		r = load_earlier_ring(store);
	if (!r)
		r = load_tallies(store);
	if (!r)
		r = load_sequences(store);
	for (size_t i = 0; !r && i < STATEMENT_COUNT; i++)
		r = db_prepare(db, statements[i], &store->statements[i]);
	if (r)
		return r;
	*ret = TAKE_PTR(store);
	return 0;
}

int store_move(const struct store *store, struct store *to)
{
	for (size_t kind = 0; kind < EV_KIND_COUNT; kind++)
		to->tallies[kind].now = store->tallies[kind].saved;
	for (uint32_t cpu = 0; cpu < store->cpus; cpu++) {
		for (unsigned int kind = 0; kind < EV_KIND_COUNT; kind++) {
			struct sequence_slot *slot = sequence_slot(to, cpu, kind);

			if (!slot)
				return -ENOMEM;
			slot->now = store->sequences[(size_t)cpu * EV_KIND_COUNT + kind].saved;
		}
	}
	if (to->next_id < store->next_id)
		to->next_id = store->next_id;
	to->known = true;
	to->position = store->saved_position;
	return 0;
}

void store_forget(struct store *store)
{
	for (size_t kind = 0; kind < EV_KIND_COUNT; kind++)
		store->tallies[kind].now = (struct store_tally){ 0 };
	for (size_t i = 0; i < (size_t)store->cpus * EV_KIND_COUNT; i++)
		store->sequences[i].now = (struct store_sequence){ 0 };
	store->known = false;
	store->position = 0;
}

bool store_knows_ring(const struct store *store)
{
	return store->known;
}

uint64_t store_position(const struct store *store)
{
	return store->position;
}

int64_t store_earlier_ring(const struct store *store)
{
	return store->earlier_ring;
}

struct store_tally *store_tally(struct store *store, unsigned int kind)
{
	return &store->tallies[kind < EV_KIND_COUNT ? kind : 0].now;
}

struct store_sequence *store_sequence(struct store *store, uint32_t cpu, enum ev_kind kind)
{
	struct sequence_slot *slot = sequence_slot(store, cpu, kind);

	return slot ? &slot->now : NULL;
}

int64_t store_last_time(const struct store *store)
{
	int64_t last = 0;

	for (size_t i = 0; i < (size_t)store->cpus * EV_KIND_COUNT; i++)
		if (store->sequences[i].now.time > last)
			last = store->sequences[i].now.time;
	return last;
}

uint64_t store_missing(const struct store *store, unsigned int kind)
{
	const struct store_tally *tally = &store->tallies[kind].now;
	uint64_t came = tally->stored + tally->rejected;
	uint64_t numbered = 0;

	for (uint32_t cpu = 0; cpu < store->cpus; cpu++)
		numbered += store->sequences[(size_t)cpu * EV_KIND_COUNT + kind].now.seq;
	return numbered > came ? numbered - came : 0;
}

int64_t store_last_time_of(const struct store *store, unsigned int kind)
{
	int64_t first = 0;

	for (uint32_t cpu = 0; cpu < store->cpus; cpu++) {
		const struct store_sequence *last = &store->sequences[(size_t)cpu * EV_KIND_COUNT + kind].now;

		if (last->seq > 0 && (first == 0 || last->time < first))
			first = last->time;
	}
	return first;
}

/* A number nobody knows, or that is no number SQLite can hold, is NULL. */
static void bind_u64(struct db_stmt *stmt, int position, uint64_t value)
{
	if (value <= INT64_MAX)
		db_bind_int(stmt, position, (int64_t)value);
	else
		db_bind_null(stmt, position);
}

static void bind_nonzero(struct db_stmt *stmt, int position, int64_t value)
{
	if (value)
		db_bind_int(stmt, position, value);
	else
		db_bind_null(stmt, position);
}

static void bind_string(struct db_stmt *stmt, int position, const char *text)
{
	db_bind_text(stmt, position, text, text ? strlen(text) : 0);
}

static void bind_task(struct db_stmt *stmt, int position, const struct row_task *task)
{
	if (task->pid == 0) {
		for (int i = 0; i < 4; i++)
			db_bind_null(stmt, position + i);
		return;
	}
	db_bind_int(stmt, position, task->pid);
	if (task->ppid >= 0)
		db_bind_int(stmt, position + 1, task->ppid);
	else
		db_bind_null(stmt, position + 1);
	db_bind_int(stmt, position + 2, task->uid);
	db_bind_text(stmt, position + 3, task->comm.text, task->comm.length);
}

/* The first kill of the same decision; the row's own id when it is that one. */
static int find_incident(struct store *store, const struct row_oom *oom, int64_t id, int64_t *ret)
{
	struct db_stmt *stmt = store->statements[FIND_INCIDENT];
	int r = 0;

	*ret = id;
	if (oom->decision_ns == 0)
		return 0;
	for (size_t i = 0; i < DECISIONS; i++) {
		if (store->decisions[i].time_ns == oom->decision_ns) {
			*ret = store->decisions[i].incident;
			return 0;
		}
	}

	db_bind_int(stmt, 1, store->boot);
	db_bind_int(stmt, 2, oom->decision - DECISION_TOLERANCE_NS);
	db_bind_int(stmt, 3, oom->decision + DECISION_TOLERANCE_NS);
	r = db_step(stmt);
	if (r < 0)
		return r;
	if (r > 0) {
		*ret = db_int(stmt, 0);
		db_reset(stmt);
	}
	store->decisions[store->next_decision] = (struct decision){ oom->decision_ns, *ret };
	store->next_decision = (store->next_decision + 1) % DECISIONS;
	return 0;
}

static int add_oom(struct store *store, const struct ev_row *row, int64_t id)
{
	const struct row_oom *oom = &row->oom;
	struct db_stmt *stmt = store->statements[ADD_OOM];
	int64_t incident;
	int r = find_incident(store, oom, id, &incident);

	if (r)
		return r;
	db_bind_int(stmt, 1, id);
	db_bind_int(stmt, 2, incident);
	db_bind_int(stmt, 3, oom->decision);
	bind_u64(stmt, 4, oom->rss_anon);
	bind_u64(stmt, 5, oom->rss_file);
	bind_u64(stmt, 6, oom->rss_shmem);
	bind_u64(stmt, 7, oom->swap);
	bind_u64(stmt, 8, oom->pgtables);
	db_bind_int(stmt, 9, oom->oom_score_adj);
	bind_nonzero(stmt, 10, oom->trigger.pid);
	db_bind_text(stmt, 11, oom->trigger.pid ? oom->trigger.comm.text : NULL, oom->trigger.comm.length);
	bind_nonzero(stmt, 12, oom->trigger_cgroup);
	bind_string(stmt, 13, oom->scope);
	bind_nonzero(stmt, 14, oom->limit_cgroup);
	bind_u64(stmt, 15, oom->limit_bytes);
	bind_u64(stmt, 16, oom->usage_bytes);
	bind_string(stmt, 17, oom->limit_exact ? "kernel" : "inferred");
	db_bind_int(stmt, 18, oom->group_kill);
	db_bind_int(stmt, 19, oom->chosen);
	return db_run(stmt);
}

static int add_pressure(struct store *store, const struct ev_row *row, int64_t id)
{
	struct db_stmt *stmt = store->statements[ADD_PRESSURE];

	db_bind_int(stmt, 1, id);
	bind_string(stmt, 2, row->pressure.level);
	bind_u64(stmt, 3, row->pressure.usage_bytes);
	bind_u64(stmt, 4, row->pressure.limit_bytes);
	bind_u64(stmt, 5, row->pressure.working_set);
	return db_run(stmt);
}

static int add_fork(struct store *store, const struct ev_row *row, int64_t id)
{
	struct db_stmt *stmt = store->statements[ADD_FORK];

	db_bind_int(stmt, 1, id);
	db_bind_int(stmt, 2, row->fork.child.pid);
	db_bind_text(stmt, 3, row->fork.child.comm.text, row->fork.child.comm.length);
	return db_run(stmt);
}

static int add_lifecycle(struct store *store, const struct ev_row *row, int64_t id)
{
	struct db_stmt *stmt = store->statements[ADD_LIFECYCLE];

	db_bind_int(stmt, 1, id);
	db_bind_int(stmt, 2, row->lifecycle.container);
	bind_u64(stmt, 3, row->lifecycle.memory_limit);
	bind_u64(stmt, 4, row->lifecycle.peak);
	bind_u64(stmt, 5, row->lifecycle.oom_kills);
	return db_run(stmt);
}

static int add_gap(struct store *store, const struct ev_row *row, int64_t id)
{
	struct db_stmt *stmt = store->statements[ADD_GAP];

	db_bind_int(stmt, 1, id);
	bind_string(stmt, 2, row->gap.reason);
	bind_nonzero(stmt, 3, row->gap.lost_type);
	bind_u64(stmt, 4, row->gap.lost);
	bind_nonzero(stmt, 5, row->gap.from);
	bind_nonzero(stmt, 6, row->gap.to);
	return db_run(stmt);
}

typedef int add_details(struct store *store, const struct ev_row *row, int64_t id);

/* What a type has beyond a row in event. */
static add_details *const details[TYPE_COUNT] = {
	[TYPE_OOM_KILL] = add_oom,
	[TYPE_MEMORY_PRESSURE] = add_pressure,
	[TYPE_PROCESS_FORK] = add_fork,
	[TYPE_CONTAINER_START] = add_lifecycle,
	[TYPE_CONTAINER_STOP] = add_lifecycle,
	[TYPE_GAP] = add_gap,
};

/* position: of the row's first value. */
static void bind_event(const struct store *store, struct db_stmt *stmt, int position, const struct ev_row *row,
		       int64_t id)
{
	db_bind_int(stmt, position, id);
	db_bind_int(stmt, position + 1, row->type);
	db_bind_int(stmt, position + 2, row->time);
	db_bind_int(stmt, position + 3, store->boot);
	bind_nonzero(stmt, position + 4, row->cgroup);
	bind_task(stmt, position + 5, &row->task);
	bind_u64(stmt, position + 9, row->status);
	bind_u64(stmt, position + 10, row->flags);
	bind_u64(stmt, position + 11, row->duration_ns);
}

static int add_event(struct store *store, const struct ev_row *row, int64_t id)
{
	struct db_stmt *stmt = store->statements[ADD_EVENT];

	bind_event(store, stmt, 1, row, id);
	return db_run(stmt);
}

static int add_waiting(struct store *store)
{
	struct db_stmt *stmt = store->statements[ADD_BULK];
	size_t count = store->waiting_count;
	int r = 0;

	store->waiting_count = 0;
	if (count == BULK) {
		for (size_t i = 0; i < count; i++)
			bind_event(store, stmt, 1 + (int)i * EVENT_COLUMNS, &store->waiting[i].row, store->waiting[i].id);
		return db_run(stmt);
	}
	for (size_t i = 0; !r && i < count; i++)
		r = add_event(store, &store->waiting[i].row, store->waiting[i].id);
	return r;
}

/* The row's text is in a record that is decoded only now: it is kept. */
static int add_later(struct store *store, const struct ev_row *row, int64_t id)
{
	struct waiting *waiting = &store->waiting[store->waiting_count++];
	struct row_comm *comm = &waiting->row.task.comm;

	waiting->row = *row;
	waiting->id = id;
	if (comm->text) {
		(void)memcpy(waiting->comm, comm->text, comm->length);
		comm->text = waiting->comm;
	}
	return store->waiting_count == BULK ? add_waiting(store) : 0;
}

int store_add(struct store *store, const struct ev_row *row, int64_t *ret_id)
{
	int64_t id = store->next_id++;
	int r;

	if (!details[row->type] && row->task.comm.length <= EV_COMM_LEN) {
		r = add_later(store, row, id);
	} else {
		r = add_event(store, row, id);
		if (!r && details[row->type])
			r = details[row->type](store, row, id);
	}
	if (!r && ret_id)
		*ret_id = id;
	return r;
}

static int save_tallies(struct store *store)
{
	struct db_stmt *stmt = store->statements[SAVE_TALLY];

	for (size_t kind = 0; kind < EV_KIND_COUNT; kind++) {
		const struct tally_slot *slot = &store->tallies[kind];

		if (memcmp(&slot->now, &slot->saved, sizeof(slot->now)) == 0)
			continue;
		db_bind_int(stmt, 1, (int64_t)store->generation);
		db_bind_int(stmt, 2, (int64_t)kind);
		db_bind_int(stmt, 3, (int64_t)slot->now.stored);
		db_bind_int(stmt, 4, (int64_t)slot->now.rejected);
		db_bind_int(stmt, 5, (int64_t)slot->now.lost);

		int r = db_run(stmt);

		if (r)
			return r;
	}
	return 0;
}

static int save_sequences(struct store *store)
{
	struct db_stmt *stmt = store->statements[SAVE_SEQUENCE];

	for (size_t i = 0; i < (size_t)store->cpus * EV_KIND_COUNT; i++) {
		const struct sequence_slot *slot = &store->sequences[i];

		if (slot->now.seq == slot->saved.seq)
			continue;
		db_bind_int(stmt, 1, (int64_t)store->generation);
		db_bind_int(stmt, 2, (int64_t)(i / EV_KIND_COUNT));
		db_bind_int(stmt, 3, (int64_t)(i % EV_KIND_COUNT));
		db_bind_int(stmt, 4, (int64_t)slot->now.seq);
		db_bind_int(stmt, 5, slot->now.time);

		int r = db_run(stmt);

		if (r)
			return r;
	}
	return 0;
}

int store_finish(struct store *store, uint64_t position, int64_t now)
{
	struct db_stmt *stmt = store->statements[SAVE_RING];
	int r = add_waiting(store);

	if (!r)
		r = save_tallies(store);
	if (!r)
		r = save_sequences(store);
	if (r)
		return r;
	db_bind_int(stmt, 1, (int64_t)store->generation);
	db_bind_int(stmt, 2, store->boot);
	db_bind_int(stmt, 3, (int64_t)position);
	db_bind_int(stmt, 4, store->next_id);
	db_bind_int(stmt, 5, now);
	store->position = position;
	return db_run(stmt);
}

void store_committed(struct store *store)
{
	store->known = true;
	store->saved_position = store->position;
	for (size_t kind = 0; kind < EV_KIND_COUNT; kind++)
		store->tallies[kind].saved = store->tallies[kind].now;
	for (size_t i = 0; i < (size_t)store->cpus * EV_KIND_COUNT; i++)
		store->sequences[i].saved = store->sequences[i].now;
}
