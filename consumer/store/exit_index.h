/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the stored exit of a process. The kernel may report an exit a second time when the process is released, which for
 * a zombie is long after its exit; then the second record is dropped.
 *
 * Nothing is kept before the first question, because most kernels never ask one. From then on the latest exits are kept in
 * memory; those before are searched in the database, among a bounded number of events.
 */
#ifndef CRI_CONSUMER_STORE_EXIT_INDEX_H
#define CRI_CONSUMER_STORE_EXIT_INDEX_H

#include <stdint.h>

struct db;
struct exit_index;

/* A process is identified by pid and start within a boot. Times are boot times. */
struct exit_process {
	uint32_t pid;
	uint64_t start_ns;
};

/* boot: row number of this boot. To be closed before the database is. Failures are db.h's. */
int exit_index_open(struct db *db, int64_t boot, struct exit_index **ret);
void exit_index_close(struct exit_index *index);

/* The exit is stored, or will be with this transaction. */
void exit_index_add(struct exit_index *index, const struct exit_process *process, uint64_t exit_ns);
/*
 * 1: an exit of that process is stored; 0: none is known; or a failure. cgroup: row number, in which it is searched.
 * Every exit that was added must have been inserted.
 */
int exit_index_find(struct exit_index *index, const struct exit_process *process, int64_t cgroup);

#endif
