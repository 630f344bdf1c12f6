/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happened to one container life (or one cgroup that is no container, or one process), judged and told
 * from its events. Pure: story_read.c fills it from the history, here nothing is read.
 */
#ifndef CRI_CONSUMER_STORY_STORY_H
#define CRI_CONSUMER_STORY_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "consumer/text/event_type.h"

#define STORY_UNKNOWN INT64_MIN /* a number or time that was not recorded */
#define STORY_EVENTS  80
#define STORY_GAPS    8
#define STORY_OTHERS  8
#define STORY_NAME    256
#define STORY_PATH    1100
#define STORY_TEXT    4096

struct story_event {
	int64_t id, time;
	enum event_type type;
	int64_t pid;   /* STORY_UNKNOWN: none */
	char comm[32]; /* raw bytes */

	/* oom_kill; limit and usage also memory_pressure */
	int64_t incident;
	char scope[16];
	char limit_cgroup[STORY_PATH];
	int64_t limit_bytes, usage_bytes;
	int64_t held_bytes; /* anonymous, file and shared memory of the victim */
	int64_t trigger_pid;
	char trigger_comm[32];
	int64_t oom_score_adj;
	bool chosen, group_kill;
	bool elsewhere; /* the victim was not of this story: a process of it asked for the memory */

	bool is_limit; /* memory_pressure: the limit itself, not only its threshold */
	bool is_pod;   /* memory_pressure of the pod, not the container */
	bool is_above; /* memory_pressure of another cgroup above, whose limit a kill was for: limit_cgroup */

	int64_t status, duration; /* process_exit */
	bool oom_killed;
	bool is_init; /* also container_start: its pid is that of the container's init */

	int64_t memory_limit, peak; /* container_start, container_stop */
};

struct story_gap {
	char reason[32], lost_type[32];
	int64_t lost, from, to;
};

/* Another life or container the same words mean. */
struct story_other {
	char id[STORY_NAME], name[STORY_NAME];
	int64_t started, stopped, oom_kills, init_status;
};

enum story_subject { STORY_CONTAINER, STORY_CGROUP, STORY_PROCESS };

enum story_verdict {
	STORY_OOM_KILLED,
	STORY_KILLED, /* SIGKILL, not from the OOM killer */
	STORY_SIGNAL, /* another signal */
	STORY_FAILED,
	STORY_COMPLETED,
	STORY_RUNNING,
	STORY_NOT_KNOWN,
};

struct story {
	enum story_subject subject;
	int64_t pid; /* STORY_PROCESS: whose story it is */
	char id[STORY_NAME], name[STORY_NAME], runtime[32], image[STORY_NAME];
	char pod_uid[64], pod_name[STORY_NAME], pod_namespace[STORY_NAME];
	char cgroup[STORY_PATH];
	int64_t started, stopped;
	/* The question left out what was before or after: STORY_UNKNOWN if nothing. With told_until, stopped and
	 * removed are as they were then. */
	int64_t told_from, told_until;
	bool this_boot; /* lived in the boot that runs now */
	bool removed;	/* the cgroup is gone */

	struct story_event events[STORY_EVENTS]; /* by time */
	size_t event_count;
	/* All of the life, also those not in events; exits and failed STORY_UNKNOWN when too many to count. */
	int64_t oom_kills, pressures, exits, failed;
	struct story_gap gaps[STORY_GAPS];
	size_t gap_count;
	struct story_other others[STORY_OTHERS];
	size_t other_count;
};

/*
 * Names of processes that a runtime has in a container's cgroup for itself; the last character '[' stands for
 * everything that begins so. NULL after the last one. Static.
 */
const char *story_helper(size_t i);

/* "oom_killed", as JSON has it. Static. */
const char *story_verdict_name(enum story_verdict verdict);

enum story_verdict story_judge(const struct story *story);

/* One line: who, and what became of it. Escaped for a terminal. utc: times in it are. */
void story_summary(const struct story *story, bool utc, char *out, size_t size);
/* What can be done about it; "" when there is nothing to advise. */
void story_advice(const struct story *story, char *out, size_t size);

/* The whole story as text: conclusion, time line, what is missing. */
void story_tell(const struct story *story, bool utc, FILE *out);

#endif
