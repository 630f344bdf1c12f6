/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was recorded of one container instance, of one cgroup outside any container, or of one process. story_read.h
 * fills it from the database; verdict.h says how it ended, story_summary.h and story_text.h put it into words.
 */
#ifndef CRI_CONSUMER_STORY_STORY_H
#define CRI_CONSUMER_STORY_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consumer/text/event_type.h"
#include "consumer/text/oom_scope.h"

#define STORY_UNKNOWN INT64_MIN /* a number or time that was not recorded */
#define STORY_EVENTS  80
#define STORY_GAPS    8
#define STORY_OTHERS  8
#define STORY_NAME    256
#define STORY_PATH    1100
#define STORY_TEXT    4096

/* Times are nanoseconds since 1970 (UTC), durations nanoseconds, sizes bytes. Text is as recorded: any bytes. */
struct story_event {
	int64_t id, time;
	enum event_type type;
	int64_t pid; /* STORY_UNKNOWN: none */
	char comm[32];

	/* oom_kill; limit and usage also memory_pressure */
	int64_t incident;
	enum oom_scope scope;
	char limit_cgroup[STORY_PATH];
	int64_t limit_bytes, usage_bytes;
	int64_t held_bytes; /* anonymous, file and shared memory of the victim */
	int64_t trigger_pid;
	char trigger_comm[32];
	int64_t oom_score_adj;
	bool chosen, group_kill;
	bool elsewhere; /* the victim was outside the subject: a process of the subject allocated memory */

	bool is_limit; /* memory_pressure: at the limit itself, not only at its threshold */
	bool is_pod;   /* memory_pressure: of the pod, not the container */
	bool is_above; /* memory_pressure: of limit_cgroup above the subject, for whose limit a process was killed */

	int64_t status, duration; /* process_exit; status as wait(2) reports it */
	bool oom_killed;
	bool late; /* process_exit: it ended at `time` or before, `duration` is the most that it lived */
	bool is_init; /* process_exit: of a container's init; container_start: pid is the container's init */

	int64_t memory_limit, peak; /* container_start, container_stop */
	bool inferred; /* the same: it was not recorded, but a later event proves it */
};

/* Recorded events are missing: those of lost_type, or of any type when that is "". */
struct story_gap {
	char reason[32], lost_type[32];
	int64_t lost, from, to;
};

/* Another container instance that matched as well. */
struct story_other {
	char id[STORY_NAME], name[STORY_NAME];
	int64_t started, stopped, oom_kills, init_status;
};

enum story_subject { STORY_CONTAINER, STORY_CGROUP, STORY_PROCESS };

struct story {
	enum story_subject subject;
	int64_t pid; /* STORY_PROCESS: of the subject; else STORY_UNKNOWN */
	char id[STORY_NAME], name[STORY_NAME], runtime[32], image[STORY_NAME];
	int64_t owner_uid; /* the user in whose tree the container is */
	char pod_uid[64], pod_name[STORY_NAME], pod_namespace[STORY_NAME];
	char cgroup[STORY_PATH];
	int64_t started, stopped;
	/* Events before and after these times are left out; STORY_UNKNOWN: none are. With cut_until, stopped and
	 * removed are as of that time. */
	int64_t cut_from, cut_until;
	bool this_boot; /* it existed in the running boot */
	bool removed;	/* the cgroup is gone */

	struct story_event events[STORY_EVENTS]; /* by time */
	size_t event_count;
	/* Of everything recorded, also what is not in events; exits and failed are STORY_UNKNOWN when counting would
	 * take too long. */
	int64_t oom_kills, pressures, exits, failed;
	struct story_gap gaps[STORY_GAPS]; /* those that overlap the subject's time */
	size_t gap_count;
	struct story_other others[STORY_OTHERS];
	size_t other_count;
};

#endif
