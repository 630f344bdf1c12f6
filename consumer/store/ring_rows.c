/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/ring_rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/limits.h"
#include "consumer/store/db.h"
#include "consumer/store/event_rows.h"

enum statement {
	SAVE_RING,
	SAVE_TALLY,
	SAVE_SEQUENCE,
	STATEMENT_COUNT,
};

static const char *const statements[STATEMENT_COUNT] = {
	[SAVE_RING] = "INSERT INTO ring(generation, boot, position, next_id, updated) VALUES(?1, ?2, ?3, ?4, ?5)"
		      " ON CONFLICT(generation) DO UPDATE SET boot = ?2, position = ?3, next_id = ?4, updated = ?5",
	[SAVE_TALLY] = "INSERT INTO tally(generation, kind, stored, rejected, lost) VALUES(?1, ?2, ?3, ?4, ?5)"
		       " ON CONFLICT(generation, kind) DO UPDATE SET stored = ?3, rejected = ?4, lost = ?5",
	[SAVE_SEQUENCE] = "INSERT INTO sequence(generation, cpu, kind, seq, time) VALUES(?1, ?2, ?3, ?4, ?5)"
			  " ON CONFLICT(generation, cpu, kind) DO UPDATE SET seq = ?4, time = ?5",
};

struct tally_slot {
	struct ring_counters now, saved;
};

struct sequence_slot {
	struct ring_sequence now, saved;
};

struct ring_rows {
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
	struct event_rows *insert;
	struct db_stmt *statements[STATEMENT_COUNT];
};

void ring_rows_detach(struct ring_rows *store)
{
	event_rows_close(store->insert);
	store->insert = NULL;
	db_finish_all(store->statements, STATEMENT_COUNT);
	store->db = NULL;
}

void ring_rows_close(struct ring_rows *store)
{
	if (!store)
		return;
	ring_rows_detach(store);
	free(store->sequences);
	free(store);
}

static void cleanup_store(struct ring_rows **store)
{
	ring_rows_close(*store);
}

/* One above every id that a ring has assigned or that an event has. */
static int load_next_id(struct ring_rows *store)
{
	return db_number(store->db, 1, &store->next_id,
			 "SELECT max(1, coalesce((SELECT max(next_id) FROM ring), 1),"
			 " coalesce((SELECT max(id) + 1 FROM event), 1))");
}

static int load_ring(struct ring_rows *store)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_prepare_format(store->db, &stmt, "SELECT position FROM ring WHERE generation = %" PRId64,
				  (int64_t)store->generation);

	if (!r)
		r = db_step(stmt);
	if (r < 0)
		return r;
	store->known = r > 0;
	store->position = r > 0 ? (uint64_t)db_int(stmt, 0) : 0;
	store->saved_position = store->position;
	return 0;
}

static int load_earlier_ring(struct ring_rows *store)
{
	return db_number(store->db, 0, &store->earlier_ring,
			 "SELECT max(updated) FROM ring WHERE generation <> %" PRId64, (int64_t)store->generation);
}

static int load_tallies(struct ring_rows *store)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_prepare_format(store->db, &stmt,
				  "SELECT kind, stored, rejected, lost FROM tally WHERE generation = %" PRId64,
				  (int64_t)store->generation);

	while (r >= 0 && (r = db_step(stmt)) > 0) {
		int64_t kind = db_int(stmt, 0);

		if (kind < 0 || kind >= EV_KIND_COUNT)
			continue;
		store->tallies[kind].now = (struct ring_counters){ (uint64_t)db_int(stmt, 1), (uint64_t)db_int(stmt, 2),
								 (uint64_t)db_int(stmt, 3) };
		store->tallies[kind].saved = store->tallies[kind].now;
	}
	return r;
}

static struct sequence_slot *sequence_slot(struct ring_rows *store, uint32_t cpu, unsigned int kind)
{
	if (cpu >= LIMIT_CPUS || kind >= EV_KIND_COUNT)
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

static int load_sequences(struct ring_rows *store)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_prepare_format(store->db, &stmt,
				  "SELECT cpu, kind, seq, time FROM sequence WHERE generation = %" PRId64,
				  (int64_t)store->generation);

	while (r >= 0 && (r = db_step(stmt)) > 0) {
		int64_t cpu = db_int(stmt, 0), kind = db_int(stmt, 1);
		struct sequence_slot *slot;

		if (cpu < 0 || cpu >= LIMIT_CPUS || kind < 0 || kind >= EV_KIND_COUNT)
			continue;
		slot = sequence_slot(store, (uint32_t)cpu, (unsigned int)kind);
		if (!slot)
			return -ENOMEM;
		slot->now = (struct ring_sequence){ (uint64_t)db_int(stmt, 2), db_int(stmt, 3) };
		slot->saved = slot->now;
	}
	return r;
}

int ring_rows_open(struct db *db, uint64_t generation, int64_t boot, struct ring_rows **ret)
{
	CLEANUP(cleanup_store) struct ring_rows *store = calloc(1, sizeof(*store));

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
	if (!r)
		r = event_rows_open(db, boot, &store->insert);
	if (!r)
		r = db_prepare_all(db, statements, STATEMENT_COUNT, store->statements);
	if (r)
		return r;
	*ret = TAKE_PTR(store);
	return 0;
}

int ring_rows_move(const struct ring_rows *store, struct ring_rows *to)
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

void ring_rows_forget(struct ring_rows *store)
{
	for (size_t kind = 0; kind < EV_KIND_COUNT; kind++)
		store->tallies[kind].now = (struct ring_counters){ 0 };
	for (size_t i = 0; i < (size_t)store->cpus * EV_KIND_COUNT; i++)
		store->sequences[i].now = (struct ring_sequence){ 0 };
	store->known = false;
	store->position = 0;
}

bool ring_rows_knows_ring(const struct ring_rows *store)
{
	return store->known;
}

uint64_t ring_rows_position(const struct ring_rows *store)
{
	return store->position;
}

int64_t ring_rows_earlier_ring(const struct ring_rows *store)
{
	return store->earlier_ring;
}

uint64_t ring_rows_saved_position(const struct ring_rows *store)
{
	return store->saved_position;
}

struct ring_counters *ring_rows_counters(struct ring_rows *store, unsigned int kind)
{
	return &store->tallies[kind < EV_KIND_COUNT ? kind : 0].now;
}

struct ring_sequence *ring_rows_sequence(struct ring_rows *store, uint32_t cpu, enum ev_kind kind)
{
	struct sequence_slot *slot = sequence_slot(store, cpu, kind);

	return slot ? &slot->now : NULL;
}

int64_t ring_rows_last_time(const struct ring_rows *store)
{
	int64_t last = 0;

	for (size_t i = 0; i < (size_t)store->cpus * EV_KIND_COUNT; i++)
		if (store->sequences[i].now.time > last)
			last = store->sequences[i].now.time;
	return last;
}

uint64_t ring_rows_missing(const struct ring_rows *store, unsigned int kind)
{
	const struct ring_counters *tally = &store->tallies[kind].now;
	uint64_t came = tally->stored + tally->rejected;
	uint64_t numbered = 0;

	for (uint32_t cpu = 0; cpu < store->cpus; cpu++)
		numbered += store->sequences[(size_t)cpu * EV_KIND_COUNT + kind].now.seq;
	return numbered > came ? numbered - came : 0;
}

int64_t ring_rows_last_time_of(const struct ring_rows *store, unsigned int kind)
{
	int64_t first = 0;

	for (uint32_t cpu = 0; cpu < store->cpus; cpu++) {
		const struct ring_sequence *last = &store->sequences[(size_t)cpu * EV_KIND_COUNT + kind].now;

		if (last->seq > 0 && (first == 0 || last->time < first))
			first = last->time;
	}
	return first;
}
int ring_rows_add(struct ring_rows *store, const struct ev_row *row, int64_t *ret_id)
{
	int64_t id = store->next_id++;
	int r = event_rows_add(store->insert, row, id);

	if (!r && ret_id)
		*ret_id = id;
	return r;
}

static int save_tallies(struct ring_rows *store)
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

static int save_sequences(struct ring_rows *store)
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

int ring_rows_finish(struct ring_rows *store, uint64_t position, int64_t now)
{
	struct db_stmt *stmt = store->statements[SAVE_RING];
	int r = event_rows_flush(store->insert);

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

void ring_rows_committed(struct ring_rows *store)
{
	store->known = true;
	store->saved_position = store->position;
	for (size_t kind = 0; kind < EV_KIND_COUNT; kind++)
		store->tallies[kind].saved = store->tallies[kind].now;
	for (size_t i = 0; i < (size_t)store->cpus * EV_KIND_COUNT; i++)
		store->sequences[i].saved = store->sequences[i].now;
}
