/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/story/verdict.h"

#include <string.h>

#include "consumer/text/runtime_process.h"

#define CAUSE_NS    10000000000LL /* an exit within this time after an OOM kill is its consequence */
#define ADVISE_NS   5000000000LL  /* an exit within this time after an OOM kill: advice is about the limit */
#define SIGNAL_KILL 9

static const char *const names[] = {
	[VERDICT_OOM_KILLED] = "oom_killed", [VERDICT_KILLED] = "killed",	[VERDICT_SIGNAL] = "signal",
	[VERDICT_FAILED] = "failed",	     [VERDICT_COMPLETED] = "completed", [VERDICT_RUNNING] = "running",
	[VERDICT_UNKNOWN] = "unknown",
};

const char *verdict_name(enum verdict_kind kind)
{
	return names[kind];
}

int64_t verdict_exit_signal(const struct story_event *exit)
{
	return exit->status & 127;
}

int64_t verdict_exit_code(const struct story_event *exit)
{
	return (exit->status >> 8) & 255;
}

/* ------------------------------------------------------------------ the exit that ended the subject */

static bool is_exit(const struct story_event *event)
{
	return event->type == TYPE_PROCESS_EXIT && event->status != STORY_UNKNOWN;
}

static bool is_runtime_process(const struct story_event *event)
{
	return runtime_process_is(event->comm, strlen(event->comm));
}

static const struct story_event *find_start(const struct story *story)
{
	for (size_t i = 0; i < story->event_count; i++)
		if (story->events[i].type == TYPE_CONTAINER_START)
			return &story->events[i];
	return NULL;
}

/* The last exit of this pid (STORY_UNKNOWN: of any); init: of a container's init, else of no runtime process. */
static const struct story_event *last_exit(const struct story *story, int64_t pid, bool init)
{
	for (size_t i = story->event_count; i-- > 0;) {
		const struct story_event *event = &story->events[i];

		if (is_exit(event) && (pid == STORY_UNKNOWN || event->pid == pid) &&
		    (init ? event->is_init : !is_runtime_process(event)))
			return event;
	}
	return NULL;
}

/* The pid of the container's main process; STORY_UNKNOWN when its start names none or a runtime process. */
static int64_t main_pid(const struct story *story)
{
	const struct story_event *start = find_start(story);

	return !start || (!start->is_init && is_runtime_process(start)) ? STORY_UNKNOWN : start->pid;
}

/* A gap without a type may have lost events of any type. */
static bool gap_lost(const struct story_gap *gap, enum event_type type)
{
	return !gap->lost_type[0] || strcmp(gap->lost_type, event_type_name(type)) == 0;
}

/* One without an end may last. */
static int64_t gap_end(const struct story_gap *gap)
{
	return gap->to == STORY_UNKNOWN ? INT64_MAX : gap->to;
}

static const struct story_gap *latest_gap(const struct story *story, enum event_type type)
{
	const struct story_gap *latest = NULL;

	for (size_t i = 0; i < story->gap_count; i++)
		if (gap_lost(&story->gaps[i], type) && (!latest || gap_end(&story->gaps[i]) > gap_end(latest)))
			latest = &story->gaps[i];
	return latest;
}

/*
 * A container without a pid namespace of its own has no init: its last exit is the main one, but only if it was
 * removed after that exit and no exit is missing. If its start was lost, or only inferred, it may have had an init. An
 * exit that was noticed late may have been before another one.
 */
static const struct story_event *last_exit_without_init(const struct story *story)
{
	const struct story_event *start = find_start(story), *exit;

	if (!start || start->inferred || start->is_init || story->stopped == STORY_UNKNOWN)
		return NULL;
	if (latest_gap(story, TYPE_PROCESS_EXIT) || latest_gap(story, TYPE_CONTAINER_START))
		return NULL;
	exit = last_exit(story, STORY_UNKNOWN, false);
	return exit && exit->late ? NULL : exit;
}

/* A nested container has an init too, so an init counts only with the pid that the start names, if it names one. */
static const struct story_event *main_exit(const struct story *story)
{
	const struct story_event *start = find_start(story);
	const struct story_event *exit = last_exit(story, start && start->is_init ? start->pid : STORY_UNKNOWN, true);

	if (!exit && start && !start->is_init && start->pid != STORY_UNKNOWN)
		exit = last_exit(story, start->pid, false);
	return exit ? exit : last_exit_without_init(story);
}

/* A container's main exit, a process's own, the last of a cgroup. */
static const struct story_event *final_exit(const struct story *story)
{
	if (story->subject == STORY_CONTAINER)
		return main_exit(story);
	for (size_t i = story->event_count; i-- > 0;) {
		const struct story_event *event = &story->events[i];

		if (is_exit(event) && (story->subject != STORY_PROCESS || event->pid == story->pid))
			return event;
	}
	return NULL;
}

/* ------------------------------------------------------------------ the OOM kill */

/* The last kill up to a time, of this pid (STORY_UNKNOWN: of any); of its incident the chosen victim. */
static const struct story_event *last_kill(const struct story *story, int64_t until, int64_t pid)
{
	const struct story_event *found = NULL;

	for (size_t i = story->event_count; i-- > 0;) {
		const struct story_event *event = &story->events[i];

		if (event->type != TYPE_OOM_KILL || event->elsewhere || event->time > until)
			continue;
		if (pid != STORY_UNKNOWN && event->pid != pid)
			continue;
		if (found && event->incident != found->incident)
			break;
		if (!found || event->chosen)
			found = event;
	}
	return found;
}

static const struct story_event *last_kill_of_subject(const struct story *story)
{
	return last_kill(story, INT64_MAX, story->subject == STORY_PROCESS ? story->pid : STORY_UNKNOWN);
}

/* A kill so shortly before this exit that it is likely its cause. */
static const struct story_event *kill_before(const struct story *story, const struct story_event *exit)
{
	const struct story_event *kill = last_kill(story, exit->time, STORY_UNKNOWN);

	return kill && exit->time - kill->time <= CAUSE_NS ? kill : NULL;
}

/* The kill that this exit was, or that its exit code 137 repeats (a shell reports the signal of its child so). */
static const struct story_event *kill_behind(const struct story *story, const struct story_event *exit)
{
	const struct story_event *own = last_kill(story, exit->time, exit->pid);

	if (verdict_exit_signal(exit) == SIGNAL_KILL && own)
		return own;
	if (verdict_exit_signal(exit) == SIGNAL_KILL)
		return exit->oom_killed ? last_kill(story, exit->time, STORY_UNKNOWN) : NULL;
	if (verdict_exit_signal(exit) == 0 && verdict_exit_code(exit) == 128 + SIGNAL_KILL)
		return kill_before(story, exit);
	return NULL;
}

/* Where exits were lost, the container may have ended otherwise than by the kill of some process in it. */
static bool kill_was_the_end(const struct story *story, const struct story_event *kill)
{
	if (story->stopped == STORY_UNKNOWN || story->stopped - kill->time > CAUSE_NS)
		return false;
	return !latest_gap(story, TYPE_PROCESS_EXIT) || kill->group_kill ||
	       (kill->pid == main_pid(story) && kill->pid != STORY_UNKNOWN);
}

/* A unit outlives its processes: a kill explains it better than a later exit of another process. */
static const struct story_event *unit_kill(const struct story *story, const struct story_event *exit)
{
	const struct story_event *kill =
		story->subject == STORY_CGROUP ? last_kill(story, INT64_MAX, STORY_UNKNOWN) : NULL;

	return kill && (!exit || exit->time - kill->time <= CAUSE_NS) ? kill : NULL;
}

/* ------------------------------------------------------------------ the verdict */

static enum verdict_kind judge_exit(const struct story *story, const struct story_event *exit)
{
	if (kill_behind(story, exit) || (exit->oom_killed && verdict_exit_signal(exit) == SIGNAL_KILL))
		return VERDICT_OOM_KILLED;
	if (verdict_exit_signal(exit) == SIGNAL_KILL)
		return VERDICT_KILLED;
	if (verdict_exit_signal(exit))
		return VERDICT_SIGNAL;
	return verdict_exit_code(exit) ? VERDICT_FAILED : VERDICT_COMPLETED;
}

static enum verdict_kind judge_without_exit(const struct story *story)
{
	const struct story_event *kill = last_kill_of_subject(story);

	if (kill && (story->subject != STORY_CONTAINER || kill_was_the_end(story, kill)))
		return VERDICT_OOM_KILLED;
	if (story->stopped == STORY_UNKNOWN && !story->removed &&
	    (story->this_boot || story->cut_until != STORY_UNKNOWN))
		return VERDICT_RUNNING;
	return VERDICT_UNKNOWN;
}

static enum verdict_kind judge(const struct story *story, const struct story_event *exit)
{
	if (unit_kill(story, exit))
		return VERDICT_OOM_KILLED;
	return exit ? judge_exit(story, exit) : judge_without_exit(story);
}

/* The kill of VERDICT_OOM_KILLED; NULL when only the exit's flag says that there was one. */
static const struct story_event *decisive_kill(const struct story *story, const struct story_event *exit)
{
	const struct story_event *kill = unit_kill(story, exit);

	if (kill)
		return kill;
	return exit ? kill_behind(story, exit) : last_kill_of_subject(story);
}

static const struct story_event *mentioned_kill(const struct story *story, const struct verdict *verdict)
{
	switch (verdict->kind) {
	case VERDICT_OOM_KILLED:
		return decisive_kill(story, verdict->exit);
	case VERDICT_FAILED:
		return kill_before(story, verdict->exit);
	case VERDICT_RUNNING:
		return last_kill(story, INT64_MAX, STORY_UNKNOWN);
	default:
		return NULL;
	}
}

static const struct story_event *find_limit_kill(const struct story *story, const struct verdict *verdict)
{
	const struct story_event *exit = verdict->exit, *kill;

	if (verdict->kind == VERDICT_OOM_KILLED && verdict->kill)
		return verdict->kill;
	if (verdict->kind == VERDICT_OOM_KILLED || verdict->kind == VERDICT_RUNNING)
		return last_kill(story, INT64_MAX, STORY_UNKNOWN);
	kill = exit && story->subject != STORY_PROCESS ? last_kill(story, exit->time, STORY_UNKNOWN) : NULL;
	return kill && exit->time - kill->time < ADVISE_NS ? kill : NULL;
}

struct verdict verdict_of(const struct story *story)
{
	struct verdict verdict = { .exit = final_exit(story) };

	verdict.kind = judge(story, verdict.exit);
	verdict.kill = mentioned_kill(story, &verdict);
	verdict.limit_kill = find_limit_kill(story, &verdict);
	if (verdict.kind == VERDICT_UNKNOWN)
		verdict.gap = latest_gap(story, TYPE_PROCESS_EXIT);
	return verdict;
}
