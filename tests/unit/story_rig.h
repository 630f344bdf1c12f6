/* SPDX-License-Identifier: BSD-2-Clause */
/* Stories for the tests, put together event by event. */
#ifndef CRI_TESTS_UNIT_STORY_RIG_H
#define CRI_TESTS_UNIT_STORY_RIG_H

#include "consumer/story/story.h"
#include "tests/harness.h"

#define SECOND 1000000000LL
#define ID64   "3f2a0000000000000000000000000000000000000000000000000000000000a1"

#define EXIT_CODE(code) ((code) << 8)

static inline struct story_event make_event(enum event_type type, int64_t time, int64_t pid)
{
	struct story_event event = {
		.id = time,
		.time = time,
		.type = type,
		.pid = pid,
		.comm = "dd",
		.incident = STORY_UNKNOWN,
		.limit_bytes = STORY_UNKNOWN,
		.usage_bytes = STORY_UNKNOWN,
		.held_bytes = STORY_UNKNOWN,
		.trigger_pid = STORY_UNKNOWN,
		.oom_score_adj = STORY_UNKNOWN,
		.status = STORY_UNKNOWN,
		.duration = STORY_UNKNOWN,
		.memory_limit = STORY_UNKNOWN,
		.peak = STORY_UNKNOWN,
	};

	return event;
}

static inline struct story_event make_kill(int64_t time, int64_t pid, enum oom_scope scope)
{
	struct story_event event = make_event(TYPE_OOM_KILL, time, pid);

	event.incident = time;
	event.chosen = true;
	event.limit_bytes = event.usage_bytes = 16 << 20;
	event.held_bytes = 15 << 20;
	event.scope = scope;
	(void)snprintf(event.limit_cgroup, sizeof(event.limit_cgroup), "/the/owner");
	return event;
}

static inline struct story_event make_exit(int64_t time, int64_t pid, int64_t status, bool init, bool oom)
{
	struct story_event event = make_event(TYPE_PROCESS_EXIT, time, pid);

	event.status = status;
	event.is_init = init;
	event.oom_killed = oom;
	return event;
}

static inline void add(struct story *story, struct story_event event)
{
	story->oom_kills += event.type == TYPE_OOM_KILL && !event.elsewhere;
	story->exits += event.type == TYPE_PROCESS_EXIT;
	story->events[story->event_count++] = event;
}

static inline struct story *make_story(void)
{
	struct story *story = calloc(1, sizeof(*story));

	assert_non_null(story);
	(void)snprintf(story->id, sizeof(story->id), ID64);
	(void)snprintf(story->runtime, sizeof(story->runtime), "containerd");
	story->pid = STORY_UNKNOWN;
	story->started = SECOND;
	story->stopped = 100 * SECOND;
	story->cut_from = story->cut_until = STORY_UNKNOWN;
	story->this_boot = true;
	return story;
}

static inline void init_oom_killed(struct story *story)
{
	add(story, make_kill(50 * SECOND, 42, OOM_SCOPE_CONTAINER));
	add(story, make_exit(51 * SECOND, 42, 9, true, true));
}

static inline void ancestor(struct story *story)
{
	init_oom_killed(story);
	story->events[0].scope = OOM_SCOPE_ANCESTOR;
}

#endif
