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
	SAVE_COUNTERS,
	SAVE_SEQUENCE,
	STATEMENT_COUNT,
};

static const char *const statements[STATEMENT_COUNT] = {
	[SAVE_RING] = "INSERT INTO ring(generation, boot, position, next_id, updated) VALUES(?1, ?2, ?3, ?4, ?5)"
		      " ON CONFLICT(generation) DO UPDATE SET boot = ?2, position = ?3, next_id = ?4, updated = ?5",
	[SAVE_COUNTERS] = "INSERT INTO tally(generation, kind, stored, rejected, lost) VALUES(?1, ?2, ?3, ?4, ?5)"
		       " ON CONFLICT(generation, kind) DO UPDATE SET stored = ?3, rejected = ?4, lost = ?5",
	[SAVE_SEQUENCE] = "INSERT INTO sequence(generation, cpu, kind, seq, time) VALUES(?1, ?2, ?3, ?4, ?5)"
			  " ON CONFLICT(generation, cpu, kind) DO UPDATE SET seq = ?4, time = ?5",
};

struct counters_slot {
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
	struct counters_slot counters[EV_KIND_COUNT];
	struct sequence_slot *sequences; /* cpus * EV_KIND_COUNT */
	uint32_t cpus;
	struct event_rows *events;
	struct db_stmt *statements[STATEMENT_COUNT];
};

void ring_rows_detach(struct ring_rows *rows)
{
	event_rows_close(rows->events);
	rows->events = NULL;
	db_finish_all(rows->statements, STATEMENT_COUNT);
	rows->db = NULL;
}

void ring_rows_close(struct ring_rows *rows)
{
	if (!rows)
		return;
	ring_rows_detach(rows);
	free(rows->sequences);
	free(rows);
}

static void cleanup_rows(struct ring_rows **rows)
{
	ring_rows_close(*rows);
}

/* One above every id that a ring has assigned or that an event has. */
static int load_next_id(struct ring_rows *rows)
{
	return db_number(rows->db, 1, &rows->next_id,
			 "SELECT max(1, coalesce((SELECT max(next_id) FROM ring), 1),"
			 " coalesce((SELECT max(id) + 1 FROM event), 1))");
}

static int load_ring(struct ring_rows *rows)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_prepare_format(rows->db, &stmt, "SELECT position FROM ring WHERE generation = %" PRId64,
				  (int64_t)rows->generation);

	if (!r)
		r = db_step(stmt);
	if (r < 0)
		return r;
	rows->known = r > 0;
	rows->position = r > 0 ? (uint64_t)db_int(stmt, 0) : 0;
	rows->saved_position = rows->position;
	return 0;
}

static int load_earlier_ring(struct ring_rows *rows)
{
	return db_number(rows->db, 0, &rows->earlier_ring,
			 "SELECT max(updated) FROM ring WHERE generation <> %" PRId64, (int64_t)rows->generation);
}

static int load_counters(struct ring_rows *rows)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_prepare_format(rows->db, &stmt,
				  "SELECT kind, stored, rejected, lost FROM tally WHERE generation = %" PRId64,
				  (int64_t)rows->generation);

	while (r >= 0 && (r = db_step(stmt)) > 0) {
		int64_t kind = db_int(stmt, 0);

		if (kind < 0 || kind >= EV_KIND_COUNT)
			continue;
		rows->counters[kind].now = (struct ring_counters){ (uint64_t)db_int(stmt, 1), (uint64_t)db_int(stmt, 2),
								 (uint64_t)db_int(stmt, 3) };
		rows->counters[kind].saved = rows->counters[kind].now;
	}
	return r;
}

static struct sequence_slot *sequence_slot(struct ring_rows *rows, uint32_t cpu, unsigned int kind)
{
	if (cpu >= LIMIT_CPUS || kind >= EV_KIND_COUNT)
		return NULL;
	if (cpu >= rows->cpus) {
		size_t had = (size_t)rows->cpus * EV_KIND_COUNT;
		size_t want = (size_t)(cpu + 1) * EV_KIND_COUNT;
		struct sequence_slot *grown = reallocarray(rows->sequences, want, sizeof(*grown));

		if (!grown)
			return NULL;
		(void)memset(grown + had, 0, (want - had) * sizeof(*grown));
		rows->sequences = grown;
		rows->cpus = cpu + 1;
	}
	return &rows->sequences[(size_t)cpu * EV_KIND_COUNT + kind];
}

static int load_sequences(struct ring_rows *rows)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_prepare_format(rows->db, &stmt,
				  "SELECT cpu, kind, seq, time FROM sequence WHERE generation = %" PRId64,
				  (int64_t)rows->generation);

	while (r >= 0 && (r = db_step(stmt)) > 0) {
		int64_t cpu = db_int(stmt, 0), kind = db_int(stmt, 1);
		struct sequence_slot *slot;

		if (cpu < 0 || cpu >= LIMIT_CPUS || kind < 0 || kind >= EV_KIND_COUNT)
			continue;
		slot = sequence_slot(rows, (uint32_t)cpu, (unsigned int)kind);
		if (!slot)
			return -ENOMEM;
		slot->now = (struct ring_sequence){ (uint64_t)db_int(stmt, 2), db_int(stmt, 3) };
		slot->saved = slot->now;
	}
	return r;
}

int ring_rows_open(struct db *db, uint64_t generation, int64_t boot, const struct event_storage *const *storages,
		   struct ring_rows **ret)
{
	CLEANUP(cleanup_rows) struct ring_rows *rows = calloc(1, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	rows->db = db;
	rows->generation = generation;
	rows->boot = boot;

	int r = load_next_id(rows);

	if (!r)
		r = load_ring(rows);
	if (!r)
		r = load_earlier_ring(rows);
	if (!r)
		r = load_counters(rows);
	if (!r)
		r = load_sequences(rows);
	if (!r)
		r = event_rows_open(db, boot, storages, &rows->events);
	if (!r)
		r = db_prepare_all(db, statements, STATEMENT_COUNT, rows->statements);
	if (r)
		return r;
	*ret = TAKE_PTR(rows);
	return 0;
}

int ring_rows_move(const struct ring_rows *rows, struct ring_rows *to)
{
	for (size_t kind = 0; kind < EV_KIND_COUNT; kind++)
		to->counters[kind].now = rows->counters[kind].saved;
	for (uint32_t cpu = 0; cpu < rows->cpus; cpu++) {
		for (unsigned int kind = 0; kind < EV_KIND_COUNT; kind++) {
			struct sequence_slot *slot = sequence_slot(to, cpu, kind);

			if (!slot)
				return -ENOMEM;
			slot->now = rows->sequences[(size_t)cpu * EV_KIND_COUNT + kind].saved;
		}
	}
	if (to->next_id < rows->next_id)
		to->next_id = rows->next_id;
	to->known = true;
	to->position = rows->saved_position;
	return 0;
}

void ring_rows_forget(struct ring_rows *rows)
{
	for (size_t kind = 0; kind < EV_KIND_COUNT; kind++)
		rows->counters[kind].now = (struct ring_counters){ 0 };
	for (size_t i = 0; i < (size_t)rows->cpus * EV_KIND_COUNT; i++)
		rows->sequences[i].now = (struct ring_sequence){ 0 };
	rows->known = false;
	rows->position = 0;
}

bool ring_rows_knows_ring(const struct ring_rows *rows)
{
	return rows->known;
}

uint64_t ring_rows_position(const struct ring_rows *rows)
{
	return rows->position;
}

int64_t ring_rows_earlier_ring(const struct ring_rows *rows)
{
	return rows->earlier_ring;
}

uint64_t ring_rows_saved_position(const struct ring_rows *rows)
{
	return rows->saved_position;
}

struct ring_counters *ring_rows_counters(struct ring_rows *rows, unsigned int kind)
{
	return &rows->counters[kind < EV_KIND_COUNT ? kind : 0].now;
}

struct ring_sequence *ring_rows_sequence(struct ring_rows *rows, uint32_t cpu, enum ev_kind kind)
{
	struct sequence_slot *slot = sequence_slot(rows, cpu, kind);

	return slot ? &slot->now : NULL;
}

int64_t ring_rows_last_time(const struct ring_rows *rows)
{
	int64_t last = 0;

	for (size_t i = 0; i < (size_t)rows->cpus * EV_KIND_COUNT; i++)
		if (rows->sequences[i].now.time > last)
			last = rows->sequences[i].now.time;
	return last;
}

uint64_t ring_rows_missing(const struct ring_rows *rows, unsigned int kind)
{
	const struct ring_counters *counters = &rows->counters[kind].now;
	uint64_t arrived = counters->stored + counters->rejected;
	uint64_t numbered = 0;

	for (uint32_t cpu = 0; cpu < rows->cpus; cpu++)
		numbered += rows->sequences[(size_t)cpu * EV_KIND_COUNT + kind].now.seq;
	return numbered > arrived ? numbered - arrived : 0;
}

int64_t ring_rows_last_time_of(const struct ring_rows *rows, unsigned int kind)
{
	int64_t first = 0;

	for (uint32_t cpu = 0; cpu < rows->cpus; cpu++) {
		const struct ring_sequence *last = &rows->sequences[(size_t)cpu * EV_KIND_COUNT + kind].now;

		if (last->seq > 0 && (first == 0 || last->time < first))
			first = last->time;
	}
	return first;
}

int ring_rows_add(struct ring_rows *rows, const struct ev_row *row, int64_t *ret_id)
{
	int64_t id = rows->next_id++;
	int r = event_rows_add(rows->events, row, id);

	if (!r && ret_id)
		*ret_id = id;
	return r;
}

int ring_rows_has_exit(struct ring_rows *rows, const struct ev_row *row)
{
	return event_rows_has_exit(rows->events, row);
}

static int save_counters(struct ring_rows *rows)
{
	struct db_stmt *stmt = rows->statements[SAVE_COUNTERS];

	for (size_t kind = 0; kind < EV_KIND_COUNT; kind++) {
		const struct counters_slot *slot = &rows->counters[kind];

		if (memcmp(&slot->now, &slot->saved, sizeof(slot->now)) == 0)
			continue;
		db_bind_int(stmt, 1, (int64_t)rows->generation);
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

static int save_sequences(struct ring_rows *rows)
{
	struct db_stmt *stmt = rows->statements[SAVE_SEQUENCE];

	for (size_t i = 0; i < (size_t)rows->cpus * EV_KIND_COUNT; i++) {
		const struct sequence_slot *slot = &rows->sequences[i];

		if (slot->now.seq == slot->saved.seq)
			continue;
		db_bind_int(stmt, 1, (int64_t)rows->generation);
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

int ring_rows_finish(struct ring_rows *rows, uint64_t position, int64_t now)
{
	struct db_stmt *stmt = rows->statements[SAVE_RING];
	int r = event_rows_flush(rows->events);

	if (!r)
		r = save_counters(rows);
	if (!r)
		r = save_sequences(rows);
	if (r)
		return r;
	db_bind_int(stmt, 1, (int64_t)rows->generation);
	db_bind_int(stmt, 2, rows->boot);
	db_bind_int(stmt, 3, (int64_t)position);
	db_bind_int(stmt, 4, rows->next_id);
	db_bind_int(stmt, 5, now);
	rows->position = position;
	return db_run(stmt);
}

void ring_rows_committed(struct ring_rows *rows)
{
	rows->known = true;
	rows->saved_position = rows->position;
	for (size_t kind = 0; kind < EV_KIND_COUNT; kind++)
		rows->counters[kind].saved = rows->counters[kind].now;
	for (size_t i = 0; i < (size_t)rows->cpus * EV_KIND_COUNT; i++)
		rows->sequences[i].saved = rows->sequences[i].now;
}
