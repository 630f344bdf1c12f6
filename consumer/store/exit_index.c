/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/exit_index.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/store/db_stmt.h"
#include "consumer/text/clock.h"
#include "consumer/text/event_type.h"

/* Exits in one table, which has twice as many slots. */
#define TABLE_EXITS 8192
#define TABLE_SLOTS (2 * TABLE_EXITS)
/* The newest events that are read from the database at the first question. */
#define LOAD_EVENTS 16384
/* Events of one cgroup that are searched for an exit that is not in memory: about two milliseconds. */
#define FIND_EVENTS 4096
/* Records are written in order, but their times may be out of order by the time for which a program was preempted. */
#define OUT_OF_ORDER_NS 10000000000ULL

enum statement {
	FIND,
	LOAD,
	LOADED_ALL,
	STATEMENT_COUNT,
};

static const char *const statements[STATEMENT_COUNT] = {
	[FIND] = "SELECT 1 FROM (SELECT id FROM event WHERE cgroup = ?1 ORDER BY id DESC LIMIT ?2) n"
		 " CROSS JOIN event e ON e.id = n.id WHERE e.pid = ?3 AND e.start = ?4 AND e.boot = ?5 AND +e.type = ?6 LIMIT 1",
	[LOAD] = "SELECT pid, start, duration FROM event WHERE id > (SELECT max(id) FROM event) - ?1 AND boot = ?2"
		 " AND +type = ?3 AND start IS NOT NULL ORDER BY id",
	[LOADED_ALL] = "SELECT boot FROM event WHERE id <= (SELECT max(id) FROM event) - ?1 ORDER BY id DESC LIMIT 1",
};

/* Open addressing; start_ns 0: free. Exits are only added, and forgotten all at once. */
struct table {
	struct exit_process *slots;
	size_t count;
	uint64_t last_ns; /* the latest exit in it */
};

struct exit_index {
	struct db *db;
	int64_t boot;
	/* Exits are added to `young`; when that is full, it becomes `old`, and those in `old` are forgotten. */
	struct table young, old;
	uint64_t complete_since; /* every stored exit from then on is in memory */
	struct db_stmt *statements[STATEMENT_COUNT];
};

void exit_index_close(struct exit_index *index)
{
	if (!index)
		return;
	db_finish_all(index->statements, STATEMENT_COUNT);
	free(index->young.slots);
	free(index->old.slots);
	free(index);
}

static void cleanup_index(struct exit_index **index)
{
	exit_index_close(*index);
}

int exit_index_open(struct db *db, int64_t boot, struct exit_index **ret)
{
	CLEANUP(cleanup_index) struct exit_index *index = calloc(1, sizeof(*index));

	if (!index)
		return -ENOMEM;
	index->db = db;
	index->boot = boot;

	int r = db_prepare_all(db, statements, STATEMENT_COUNT, index->statements);

	if (r)
		return r;
	*ret = TAKE_PTR(index);
	return 0;
}

/* The slot of the process, or the free one where it belongs. */
static struct exit_process *find_slot(const struct table *table, const struct exit_process *process)
{
	uint64_t hash = (process->start_ns ^ ((uint64_t)process->pid << 40)) * 0x9e3779b97f4a7c15ULL;
	size_t at = (size_t)(hash >> 32) % TABLE_SLOTS;

	while (table->slots[at].start_ns &&
	       (table->slots[at].start_ns != process->start_ns || table->slots[at].pid != process->pid))
		at = (at + 1) % TABLE_SLOTS;
	return &table->slots[at];
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void forget_old(struct exit_index *index)
{
	struct table forgotten = index->old;

	index->old = index->young;
	if (forgotten.count > 0)
		index->complete_since = later(index->complete_since, forgotten.last_ns + OUT_OF_ORDER_NS);
	(void)memset(forgotten.slots, 0, TABLE_SLOTS * sizeof(*forgotten.slots));
	index->young = (struct table){ .slots = forgotten.slots };
}

void exit_index_add(struct exit_index *index, const struct exit_process *process, uint64_t exit_ns)
{
	if (!index->young.slots || process->start_ns == 0)
		return;
	if (index->young.count == TABLE_EXITS)
		forget_old(index);

	struct exit_process *slot = find_slot(&index->young, process);

	if (slot->start_ns)
		return;
	*slot = *process;
	index->young.count++;
	index->young.last_ns = later(index->young.last_ns, exit_ns);
}

/* 1: the events that are loaded are all that this boot has; 0: there are more. */
static int loads_all(struct exit_index *index)
{
	struct db_stmt *stmt = index->statements[LOADED_ALL];
	int r;

	db_bind_int(stmt, 1, LOAD_EVENTS);
	r = db_step(stmt);
	if (r <= 0)
		return r < 0 ? r : 1;
	r = db_int(stmt, 0) != index->boot;
	db_reset(stmt);
	return r;
}

static int load(struct exit_index *index)
{
	struct db_stmt *stmt = index->statements[LOAD];
	uint64_t first_ns = clock_boot_ns();
	int r;

	db_bind_int(stmt, 1, LOAD_EVENTS);
	db_bind_int(stmt, 2, index->boot);
	db_bind_int(stmt, 3, TYPE_PROCESS_EXIT);
	while ((r = db_step(stmt)) > 0) {
		const struct exit_process process = { (uint32_t)db_int(stmt, 0), (uint64_t)db_int(stmt, 1) };
		uint64_t exit_ns = process.start_ns + (uint64_t)db_int(stmt, 2);

		exit_index_add(index, &process, exit_ns);
		first_ns = exit_ns < first_ns ? exit_ns : first_ns;
	}
	if (r == 0)
		r = loads_all(index);
	if (r == 0)
		index->complete_since = later(index->complete_since, first_ns + OUT_OF_ORDER_NS);
	return r < 0 ? r : 0;
}

/* At the first question. */
static int begin(struct exit_index *index)
{
	if (index->young.slots)
		return 0;
	index->old.slots = calloc(TABLE_SLOTS, sizeof(*index->old.slots));
	if (!index->old.slots)
		return -ENOMEM;
	index->young.slots = calloc(TABLE_SLOTS, sizeof(*index->young.slots));
	return index->young.slots ? load(index) : -ENOMEM;
}

static int find_stored(struct exit_index *index, const struct exit_process *process, int64_t cgroup)
{
	struct db_stmt *stmt = index->statements[FIND];
	int r;

	db_bind_int(stmt, 1, cgroup);
	db_bind_int(stmt, 2, FIND_EVENTS);
	db_bind_int(stmt, 3, process->pid);
	db_bind_u64(stmt, 4, process->start_ns);
	db_bind_int(stmt, 5, index->boot);
	db_bind_int(stmt, 6, TYPE_PROCESS_EXIT);
	r = db_step(stmt);
	if (r > 0)
		db_reset(stmt);
	return r;
}

int exit_index_find(struct exit_index *index, const struct exit_process *process, int64_t cgroup)
{
	int r;

	if (process->start_ns == 0)
		return 0;
	r = begin(index);
	if (r)
		return r;
	if (find_slot(&index->young, process)->start_ns || find_slot(&index->old, process)->start_ns)
		return 1;
	/* A process does not exit before it starts. */
	return process->start_ns >= index->complete_since || cgroup == 0 ? 0 : find_stored(index, process, cgroup);
}
