/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An event as it is stored: the output of stage 3 and the input of stage 4. Unsigned numbers that are
 * EV_UNKNOWN or EV_UNLIMITED, and row numbers that are 0, become NULL. Texts point into the record.
 */
#ifndef CRI_CONSUMER_STORE_ROW_H
#define CRI_CONSUMER_STORE_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/event.h"
#include "consumer/text/event_type.h"

struct row_comm {
	const char *text; /* NULL: not known */
	size_t length;
};

struct row_task {
	uint32_t pid; /* 0: none, then the rest means nothing */
	int64_t ppid; /* -1: not known */
	uint32_t uid;
	struct row_comm comm;
};

struct row_oom {
	uint64_t decision_ns; /* boot time: same for all victims of one decision; 0: not known */
	int64_t decision;     /* the same as wall time */
	uint64_t rss_anon, rss_file, rss_shmem, swap, pgtables;
	int32_t oom_score_adj;
	struct row_task trigger;
	int64_t trigger_cgroup;
	int64_t limit_cgroup;
	const char *scope; /* static; NULL: not known */
	uint64_t limit_bytes, usage_bytes;
	bool limit_exact, group_kill, chosen;
};

struct row_pressure {
	const char *level; /* static */
	uint64_t usage_bytes, limit_bytes, working_set;
};

struct row_fork {
	struct row_task child;
};

struct row_lifecycle {
	int64_t container;
	uint64_t memory_limit, peak, oom_kills;
};

struct row_gap {
	const char *reason;  /* static */
	enum event_type lost_type; /* 0: any */
	uint64_t lost;       /* EV_UNKNOWN: nobody knows */
	int64_t from, to;    /* wall time; 0: not known */
};

struct ev_row {
	enum event_type type;
	int64_t time;   /* wall time */
	int64_t cgroup; /* row number */
	struct row_task task;
	uint64_t status; /* as wait(2) reports it */
	uint64_t flags;  /* enum event_type_flags */
	uint64_t duration_ns;
	union {
		struct row_oom oom;
		struct row_pressure pressure;
		struct row_fork fork;
		struct row_lifecycle lifecycle;
		struct row_gap gap;
	};
};

#endif
