/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An event as it is stored: the output of stage 3 and the input of stage 4. Numbers that are EV_UNKNOWN, and row
 * numbers that are 0, become NULL. Texts may point into the record.
 */
#ifndef CRI_CONSUMER_STORE_ROW_H
#define CRI_CONSUMER_STORE_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "common/event.h"
#include "consumer/store/event_storage.h"

struct row_comm {
	const char *text; /* NULL: not known */
	size_t length;
};

struct row_task {
	uint32_t pid; /* 0: no process, and the other members mean nothing */
	int64_t ppid; /* -1: not known */
	uint32_t uid;
	struct row_comm comm;
	uint64_t start_ns; /* boot time; EV_UNKNOWN: not known */
};

struct ev_row {
	const struct event_storage *storage; /* of the event's type */
	int64_t time;			     /* wall time */
	int64_t cgroup;			     /* row number */
	struct row_task task;
	uint64_t status; /* as wait(2) reports it */
	uint64_t flags;	 /* enum event_type_flags */
	uint64_t duration_ns;
	const void *detail; /* what storage->bind takes; must live until the row is added */
};

/* Binds pid, ppid, uid and comm at four positions; NULL for what is not known. */
void row_bind_task(struct db_stmt *stmt, int position, const struct row_task *task);

#endif
