/* SPDX-License-Identifier: BSD-2-Clause */
/* What the events of a story say about how its subject ended. Pure. */
#ifndef CRI_CONSUMER_STORY_VERDICT_H
#define CRI_CONSUMER_STORY_VERDICT_H

#include "consumer/story/story.h"

enum verdict_kind {
	VERDICT_OOM_KILLED,
	VERDICT_KILLED, /* SIGKILL, not from the OOM killer */
	VERDICT_SIGNAL, /* another signal */
	VERDICT_FAILED,
	VERDICT_COMPLETED,
	VERDICT_RUNNING,
	VERDICT_UNKNOWN,
};

/* Pointers are to events and gaps of the story, NULL: there is none. */
struct verdict {
	enum verdict_kind kind;
	const struct story_event *exit;	      /* that ended the subject */
	const struct story_event *kill;	      /* the OOM kill that the verdict mentions */
	const struct story_event *limit_kill; /* the OOM kill whose limit deserves advice */
	const struct story_gap *gap;	      /* VERDICT_UNKNOWN: the latest that may hide the exit */
};

struct verdict verdict_of(const struct story *story);

/* "oom_killed", as JSON has it. Static. */
const char *verdict_name(enum verdict_kind kind);

/* Of an exit whose status is known. */
int64_t verdict_exit_signal(const struct story_event *exit);
int64_t verdict_exit_code(const struct story_event *exit);

#endif
