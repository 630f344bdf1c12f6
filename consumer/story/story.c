/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/story/story.h"

#include <inttypes.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "consumer/text/signal_name.h"
#include "consumer/text/time_words.h"

#define SOON_NS	    10000000000LL /* an end this shortly after a kill is its consequence */
#define ADVISE_NS   5000000000LL  /* an end this shortly after a kill is reason to look at the limit */
#define SIGNAL_KILL 9

static const char *const verdict_names[] = {
	[STORY_OOM_KILLED] = "oom_killed", [STORY_KILLED] = "killed",	    [STORY_SIGNAL] = "signal",
	[STORY_FAILED] = "failed",	   [STORY_COMPLETED] = "completed", [STORY_RUNNING] = "running",
	[STORY_NOT_KNOWN] = "unknown",
};

const char *story_verdict_name(enum story_verdict verdict)
{
	return verdict_names[verdict];
}

/* ------------------------------------------------------------------ the decisive events */

static bool is_exit(const struct story_event *event)
{
	return event->type == TYPE_PROCESS_EXIT && event->status != STORY_UNKNOWN;
}

/* runc and crun join the cgroup before they become the container's process; conmon may watch from in there. */
static const char *const helpers[] = { "runc", "runc:[", "crun", "conmon", "exe", NULL };

const char *story_helper(size_t i)
{
	return helpers[i];
}

static bool is_helper(const struct story_event *event)
{
	for (size_t i = 0; helpers[i]; i++)
		if (text_ends_with(helpers[i], "[") ? text_starts_with(event->comm, helpers[i])
						    : strcmp(event->comm, helpers[i]) == 0)
			return true;
	return false;
}

static const struct story_event *start_of(const struct story *story)
{
	for (size_t i = 0; i < story->event_count; i++)
		if (story->events[i].type == TYPE_CONTAINER_START)
			return &story->events[i];
	return NULL;
}

/* The last exit of that pid (STORY_UNKNOWN: of any), of an init or of no helper of the runtime. */
static const struct story_event *last_exit(const struct story *story, int64_t pid, bool init)
{
	for (size_t i = story->event_count; i-- > 0;) {
		const struct story_event *event = &story->events[i];

		if (is_exit(event) && (pid == STORY_UNKNOWN || event->pid == pid) &&
		    (init ? event->is_init : !is_helper(event)))
			return event;
	}
	return NULL;
}

/* The pid of the process that the container is, when its start tells: a helper's pid is not it. */
static int64_t main_pid(const struct story *story)
{
	const struct story_event *start = start_of(story);

	return !start || (!start->is_init && is_helper(start)) ? STORY_UNKNOWN : start->pid;
}

static bool gap_lost(const struct story_gap *gap, enum event_type type)
{
	return !gap->lost_type[0] || strcmp(gap->lost_type, event_type_name(type)) == 0;
}

/* Gaps of a story are those that overlap its life: the exit may be in one of these. */
static bool has_gap(const struct story *story, enum event_type type)
{
	for (size_t i = 0; i < story->gap_count; i++)
		if (gap_lost(&story->gaps[i], type))
			return true;
	return false;
}

/*
 * An exit of another process says nothing about the container, unless it has no pid namespace of its own and
 * was removed after that exit, and no exit is missing. A start that was lost leaves open which of these it is.
 */
static const struct story_event *last_of_all(const struct story *story)
{
	const struct story_event *start = start_of(story);

	if (!start || start->is_init || story->stopped == STORY_UNKNOWN)
		return NULL;
	if (has_gap(story, TYPE_PROCESS_EXIT) || has_gap(story, TYPE_CONTAINER_START))
		return NULL;
	return last_exit(story, STORY_UNKNOWN, false);
}

/* The init's: also a container within has one, so the pid counts where the start told it. */
static const struct story_event *main_exit(const struct story *story)
{
	const struct story_event *start = start_of(story);
	const struct story_event *exit = last_exit(story, start && start->is_init ? start->pid : STORY_UNKNOWN, true);

	if (!exit && start && !start->is_init && start->pid != STORY_UNKNOWN)
		exit = last_exit(story, start->pid, false);
	return exit ? exit : last_of_all(story);
}

/* The exit that ended the subject: the process's own, a container's main one; of a cgroup the last. */
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

/* The last OOM kill up to a time, of one process or any (pid STORY_UNKNOWN); the chosen victim of its incident. */
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

static int64_t exit_signal(const struct story_event *event)
{
	return event->status & 127;
}

static int64_t exit_code(const struct story_event *event)
{
	return (event->status >> 8) & 255;
}

/* A kill so shortly before this exit that it is likely its cause. */
static const struct story_event *kill_before(const struct story *story, const struct story_event *exit)
{
	const struct story_event *kill = last_kill(story, exit->time, STORY_UNKNOWN);

	return kill && exit->time - kill->time <= SOON_NS ? kill : NULL;
}

/* The kill that this exit was, or that its exit code 137 repeats. */
static const struct story_event *kill_behind(const struct story *story, const struct story_event *exit)
{
	const struct story_event *own = last_kill(story, exit->time, exit->pid);

	if (exit_signal(exit) == SIGNAL_KILL)
		return exit->oom_killed || own ? own ? own : last_kill(story, exit->time, STORY_UNKNOWN) : NULL;
	if (exit_signal(exit) == 0 && exit_code(exit) == 128 + SIGNAL_KILL)
		return kill_before(story, exit);
	return NULL;
}

static enum story_verdict judge_exit(const struct story *story, const struct story_event *exit)
{
	if (kill_behind(story, exit) || (exit->oom_killed && exit_signal(exit) == SIGNAL_KILL))
		return STORY_OOM_KILLED;
	if (exit_signal(exit) == SIGNAL_KILL)
		return STORY_KILLED;
	if (exit_signal(exit))
		return STORY_SIGNAL;
	return exit_code(exit) ? STORY_FAILED : STORY_COMPLETED;
}

/* Where exits were lost, the end may have been another than the kill of some process. */
static bool kill_was_the_end(const struct story *story, const struct story_event *kill)
{
	if (story->stopped == STORY_UNKNOWN || story->stopped - kill->time > SOON_NS)
		return false;
	return !has_gap(story, TYPE_PROCESS_EXIT) || kill->group_kill ||
	       (kill->pid == main_pid(story) && kill->pid != STORY_UNKNOWN);
}

/* Without an exit to go by. */
static enum story_verdict judge_rest(const struct story *story)
{
	const struct story_event *kill =
		last_kill(story, INT64_MAX, story->subject == STORY_PROCESS ? story->pid : STORY_UNKNOWN);

	if (kill && (story->subject != STORY_CONTAINER || kill_was_the_end(story, kill)))
		return STORY_OOM_KILLED;
	if (story->stopped == STORY_UNKNOWN && !story->removed &&
	    (story->this_boot || story->told_until != STORY_UNKNOWN))
		return STORY_RUNNING;
	return STORY_NOT_KNOWN;
}

/* A unit lives on after its processes: a kill explains it better than a later exit of another process. */
static const struct story_event *unit_kill(const struct story *story, const struct story_event *exit)
{
	const struct story_event *kill =
		story->subject == STORY_CGROUP ? last_kill(story, INT64_MAX, STORY_UNKNOWN) : NULL;

	return kill && (!exit || exit->time - kill->time <= SOON_NS) ? kill : NULL;
}

enum story_verdict story_judge(const struct story *story)
{
	const struct story_event *exit = final_exit(story);

	if (unit_kill(story, exit))
		return STORY_OOM_KILLED;
	return exit ? judge_exit(story, exit) : judge_rest(story);
}

/* The kill the verdict STORY_OOM_KILLED speaks of; NULL when only the exit told. */
static const struct story_event *decisive_kill(const struct story *story)
{
	const struct story_event *exit = final_exit(story);
	const struct story_event *kill = unit_kill(story, exit);

	if (kill)
		return kill;
	if (exit)
		return kill_behind(story, exit);
	return last_kill(story, INT64_MAX, story->subject == STORY_PROCESS ? story->pid : STORY_UNKNOWN);
}

/* ------------------------------------------------------------------ words */

static void escape(char *out, size_t size, const char *text)
{
	(void)text_escape(out, size, text, strlen(text));
}

static const char *leaf_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static void short_id(char *out, size_t size, const char *id)
{
	char cut[STORY_NAME];

	/* 64 digits are an id; anything else is a name somebody chose. */
	(void)snprintf(cut, sizeof(cut), "%.*s", strlen(id) == 64 ? 12 : STORY_NAME - 1, id);
	escape(out, size, cut);
}

static void pod_label(const struct story *story, char *out, size_t size)
{
	char name[STORY_NAME * 4], space[STORY_NAME * 4];

	escape(name, sizeof(name), story->pod_name[0] ? story->pod_name : story->pod_uid);
	escape(space, sizeof(space), story->pod_namespace);
	(void)snprintf(out, size, "%s%s%s", space, space[0] ? "/" : "", name);
}

/* `container 3f2a00000000 ("nginx", containerd, pod shop/web-7d4b)` */
static void container_label(const struct story *story, char *out, size_t size)
{
	char id[STORY_NAME * 4], name[STORY_NAME * 4], runtime[128], pod[STORY_TEXT / 2];
	const char *separator = "";
	size_t used;

	short_id(id, sizeof(id), story->id);
	escape(name, sizeof(name), story->name);
	escape(runtime, sizeof(runtime), story->runtime);
	pod_label(story, pod, sizeof(pod));
	used = (size_t)snprintf(out, size, "container %s", id);
	if (!name[0] && !runtime[0] && !pod[0])
		return;
	if (used < size)
		used += (size_t)snprintf(out + used, size - used, " (");
	if (used < size && name[0]) {
		used += (size_t)snprintf(out + used, size - used, "\"%s\"", name);
		separator = ", ";
	}
	if (used < size && runtime[0]) {
		used += (size_t)snprintf(out + used, size - used, "%s%s", separator, runtime);
		separator = ", ";
	}
	if (used < size && pod[0])
		used += (size_t)snprintf(out + used, size - used, "%spod %s", separator, pod);
	if (used < size)
		(void)snprintf(out + used, size - used, ")");
}

static void cgroup_label(const struct story *story, char *out, size_t size)
{
	char path[STORY_PATH * 4];
	const char *leaf = leaf_of(story->cgroup);

	if (text_ends_with(leaf, ".service") || text_ends_with(leaf, ".scope") || text_ends_with(leaf, ".slice")) {
		escape(path, sizeof(path), leaf);
		(void)snprintf(out, size, "unit %s", path);
	} else {
		escape(path, sizeof(path), story->cgroup);
		(void)snprintf(out, size, "cgroup %s", path);
	}
}

static void process_words(int64_t pid, const char *comm, char *out, size_t size)
{
	char name[128];

	escape(name, sizeof(name), comm);
	if (pid == STORY_UNKNOWN)
		(void)snprintf(out, size, "a process");
	else if (!name[0])
		(void)snprintf(out, size, "pid %" PRId64, pid);
	else
		(void)snprintf(out, size, "\"%s\" (pid %" PRId64 ")", name, pid);
}

static void event_process(const struct story_event *event, char *out, size_t size)
{
	process_words(event->pid, event->comm, out, size);
}

static void process_label(const struct story *story, char *out, size_t size)
{
	char where[STORY_TEXT / 2] = "", who[160];
	const char *comm = "";

	for (size_t i = 0; i < story->event_count; i++)
		if (story->events[i].pid == story->pid && story->events[i].comm[0])
			comm = story->events[i].comm;
	if (story->id[0])
		container_label(story, where, sizeof(where));
	else if (story->cgroup[0])
		cgroup_label(story, where, sizeof(where));
	process_words(story->pid, comm, who, sizeof(who));
	(void)snprintf(out, size, "process %s%s%s", who, where[0] ? " in " : "", where);
}

static void subject_label(const struct story *story, char *out, size_t size)
{
	static void (*const labels[])(const struct story *story, char *out, size_t size) = {
		[STORY_CONTAINER] = container_label,
		[STORY_CGROUP] = cgroup_label,
		[STORY_PROCESS] = process_label,
	};

	labels[story->subject](story, out, size);
}

static void size_words(int64_t bytes, char *out, size_t size)
{
	if (bytes == STORY_UNKNOWN)
		(void)snprintf(out, size, "an unknown amount");
	else
		text_format_size(out, size, (uint64_t)bytes);
}

/* `16.0M of the container's own limit of 16.0M were in use`, and the like for every scope. */
static void limit_words(const struct story *story, const struct story_event *kill, char *out, size_t size)
{
	static const struct {
		const char *scope, *whose;
	} owners[] = { { "container", "the container's own limit" },
		       { "pod", "its pod's limit" },
		       { "cgroup", "its own limit" } };
	static const struct {
		const char *scope, *words;
	} nodes[] = { { "node", "the node itself ran out of memory, no limit was reached" },
		      { "cpuset", "the memory of the NUMA nodes its cpuset allows ran out" },
		      { "mempolicy", "the memory of the NUMA nodes its memory policy allows ran out" } };
	char used[32], limit[32], path[STORY_PATH * 2];
	const char *whose = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		if (strcmp(kill->scope, nodes[i].scope) == 0) {
			(void)snprintf(out, size, "%s", nodes[i].words);
			return;
		}
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++)
		if (strcmp(kill->scope, owners[i].scope) == 0)
			whose = owners[i].whose;
	if (story->subject == STORY_CGROUP && strcmp(kill->limit_cgroup, story->cgroup) == 0)
		whose = "its own limit";
	escape(path, sizeof(path), kill->limit_cgroup);
	size_words(kill->usage_bytes, used, sizeof(used));
	size_words(kill->limit_bytes, limit, sizeof(limit));
	if (whose)
		(void)snprintf(out, size, "%s of %s of %s were in use", used, whose, limit);
	else if (path[0])
		(void)snprintf(out, size, "%s of the limit of %s of %s, above it, were in use", used, limit, path);
	else
		(void)snprintf(out, size, "whose limit was reached is not known");
}

/* ------------------------------------------------------------------ the summary */

static void exit_words(const struct story_event *exit, char *out, size_t size)
{
	char who[160], status[96], after[32], duration[48] = "";

	event_process(exit, who, sizeof(who));
	signal_format_status(status, sizeof(status), (unsigned int)exit->status,
			     exit->oom_killed ? "OOM-killed" : NULL);
	if (exit->duration != STORY_UNKNOWN) {
		text_format_duration(after, sizeof(after), (uint64_t)exit->duration);
		(void)snprintf(duration, sizeof(duration), " after %s", after);
	}
	(void)snprintf(out, size, "%s%s ended with %s%s", exit->is_init ? "its main process " : "", who, status,
		       duration);
}

static void sum_oom_killed(const struct story *story, const char *label, const struct story_event *exit, char *out,
			   size_t size)
{
	const struct story_event *kill = decisive_kill(story);
	char who[160], limit[STORY_TEXT], held[32], holding[64] = "";

	if (!kill) {
		event_process(exit, who, sizeof(who));
		(void)snprintf(out, size,
			       "%s was OOM-killed: the OOM killer ended %s; the kill itself was not recorded.", label,
			       who);
		return;
	}
	event_process(kill, who, sizeof(who));
	limit_words(story, kill, limit, sizeof(limit));
	if (kill->held_bytes != STORY_UNKNOWN) {
		size_words(kill->held_bytes, held, sizeof(held));
		(void)snprintf(holding, sizeof(holding), ", which held %s", held);
	}
	(void)snprintf(out, size, "%s was OOM-killed: %s when the kernel killed %s%s%s.", label, limit, who, holding,
		       !kill->group_kill ? ""
		       : holding[0]	 ? ", and its whole group"
					 : " and its whole group");
}

static void sum_killed(const struct story *story, const char *label, const struct story_event *exit, char *out,
		       size_t size)
{
	char words[384];

	(void)story;
	exit_words(exit, words, sizeof(words));
	(void)snprintf(out, size, "%s was killed by SIGKILL, and not by the OOM killer: %s.", label, words);
}

static void sum_signal(const struct story *story, const char *label, const struct story_event *exit, char *out,
		       size_t size)
{
	char words[384], name[16];

	(void)story;
	exit_words(exit, words, sizeof(words));
	signal_name(name, sizeof(name), (int)exit_signal(exit));
	(void)snprintf(out, size, "%s was ended by %s%s: %s.", label, name,
		       exit->status & 128 ? " and dumped core" : "", words);
}

/* A kill shortly before a failure is part of the answer. */
static void sum_failed(const struct story *story, const char *label, const struct story_event *exit, char *out,
		       size_t size)
{
	const struct story_event *kill = kill_before(story, exit);
	char words[384], who[160], before[64], signal[16], more[320] = "";

	exit_words(exit, words, sizeof(words));
	signal_name(signal, sizeof(signal), (int)exit_code(exit) - 128);
	if (exit_code(exit) > 128 && text_starts_with(signal, "SIG"))
		(void)snprintf(more, sizeof(more),
			       "; it ended as after %s (a stop such as \"docker stop\", a child that got it, or its "
			       "own choice)", signal);
	if (kill) {
		event_process(kill, who, sizeof(who));
		text_format_duration(before, sizeof(before), (uint64_t)(exit->time - kill->time));
		(void)snprintf(more, sizeof(more), "; %s of it was OOM-killed %s before", who, before);
	}
	(void)snprintf(out, size, "%s failed: %s%s.", label, words, more);
}

static void sum_completed(const struct story *story, const char *label, const struct story_event *exit, char *out,
			  size_t size)
{
	char words[384], kills[64] = "";

	exit_words(exit, words, sizeof(words));
	if (story->oom_kills > 0 && story->subject == STORY_CONTAINER)
		(void)snprintf(kills, sizeof(kills), "; OOM kills in it before: %" PRId64, story->oom_kills);
	(void)snprintf(out, size, "%s completed: %s%s.", label, words, kills);
}

static void sum_running(const struct story *story, const char *label, const struct story_event *exit, char *out,
			size_t size)
{
	const struct story_event *kill = last_kill(story, INT64_MAX, STORY_UNKNOWN);
	const char *verb = story->told_until == STORY_UNKNOWN ? "is" : "was still";
	char who[160], limit[STORY_TEXT];

	(void)exit;
	if (!kill) {
		(void)snprintf(out, size, "%s %s running.", label, verb);
		return;
	}
	event_process(kill, who, sizeof(who));
	limit_words(story, kill, limit, sizeof(limit));
	(void)snprintf(out, size, "%s %s running, but %s in it was OOM-killed: %s. It survived %" PRId64 " OOM kill%s.",
		       label, verb, who, limit, story->oom_kills, story->oom_kills == 1 ? "" : "s");
}

static void sum_not_known(const struct story *story, const char *label, const struct story_event *exit, char *out,
			  size_t size)
{
	const char *why = story->subject == STORY_CONTAINER ? "no exit of its main process was recorded"
							    : "no exit of it was recorded";

	(void)exit;
	if (!story->this_boot && story->stopped == STORY_UNKNOWN)
		why = "it was running when the machine, or its recording, went down";
	(void)snprintf(out, size, "how %s ended is not known: %s.", label, why);
}

static void (*const summaries[])(const struct story *story, const char *label, const struct story_event *exit,
				 char *out, size_t size) = {
	[STORY_OOM_KILLED] = sum_oom_killed, [STORY_KILLED] = sum_killed,	[STORY_SIGNAL] = sum_signal,
	[STORY_FAILED] = sum_failed,	     [STORY_COMPLETED] = sum_completed, [STORY_RUNNING] = sum_running,
	[STORY_NOT_KNOWN] = sum_not_known,
};

/* The gap that hides the end best: the latest. Its words, "" when there is none. */
static void hidden_end(const struct story *story, bool utc, char *out, size_t size)
{
	char from[TIME_TEXT_MAX] = "an unknown time", to[TIME_TEXT_MAX] = "an unknown time";
	char count[32] = "an unknown number of", type[64];
	const struct story_gap *latest = NULL;

	out[0] = '\0';
	for (size_t i = 0; i < story->gap_count; i++)
		if (gap_lost(&story->gaps[i], TYPE_PROCESS_EXIT) && (!latest || story->gaps[i].to > latest->to))
			latest = &story->gaps[i];
	if (!latest)
		return;
	if (latest->from != STORY_UNKNOWN)
		time_format_local(from, sizeof(from), latest->from, utc);
	if (latest->to != STORY_UNKNOWN)
		time_format_local(to, sizeof(to), latest->to, utc);
	if (latest->lost != STORY_UNKNOWN)
		(void)snprintf(count, sizeof(count), "the %" PRId64, latest->lost);
	escape(type, sizeof(type), latest->lost_type);
	(void)snprintf(out, size, " The end may be among %s %s%srecords lost between %s and %s.", count, type,
		       type[0] ? " " : "", from, to);
}

void story_summary(const struct story *story, bool utc, char *out, size_t size)
{
	const enum story_verdict verdict = story_judge(story);
	char label[STORY_TEXT], hidden[256], until[TIME_TEXT_MAX];
	size_t used;

	subject_label(story, label, sizeof(label));
	summaries[verdict](story, label, final_exit(story), out, size);
	used = strlen(out);
	if (verdict == STORY_NOT_KNOWN) {
		hidden_end(story, utc, hidden, sizeof(hidden));
		(void)snprintf(out + used, size - used, "%s", hidden);
	} else if (verdict == STORY_RUNNING && story->told_until != STORY_UNKNOWN) {
		time_format_local(until, sizeof(until), story->told_until, utc);
		(void)snprintf(out + used, size - used, " This is as of %s.", until);
	}
}

/* ------------------------------------------------------------------ advice */

static void advise_oom(const struct story_event *kill, char *out, size_t size)
{
	static const struct {
		const char *scope, *advice;
	} advices[] = {
		{ "container", "Raise this container's memory limit if that is too little for it, or look for a leak "
			       "in the process named." },
		{ "pod", "The containers of the pod together reached the pod's limit: raise it, or look which of them "
			 "needs so much." },
		{ "cgroup",
		  "Raise its memory limit (MemoryMax= of a unit) if that is too little, or look for a leak." },
		{ "node", "Raising the container's limit does not help: the node is short of memory. Give it less to "
			  "do or more memory." },
		{ "cpuset", "Allow it more NUMA nodes (cpuset.mems), or give it less to do on these." },
		{ "mempolicy", "Widen the process's memory policy (numactl), or give it less to do on these nodes." },
	};
	char path[STORY_PATH * 2];

	for (size_t i = 0; i < ARRAY_SIZE(advices); i++)
		if (strcmp(kill->scope, advices[i].scope) == 0) {
			(void)snprintf(out, size, "%s", advices[i].advice);
			return;
		}
	if (kill->limit_cgroup[0]) {
		escape(path, sizeof(path), kill->limit_cgroup);
		(void)snprintf(out, size,
			       "The limit belongs to %s, above it: raise it there, or move something out of it.", path);
	}
}

/* The kill that makes the limit worth a look: NULL when there is none. */
static const struct story_event *kill_to_advise(const struct story *story, enum story_verdict verdict)
{
	const struct story_event *exit = final_exit(story), *kill = NULL;

	if (verdict == STORY_OOM_KILLED)
		kill = decisive_kill(story);
	if (kill)
		return kill;
	if (verdict == STORY_OOM_KILLED || verdict == STORY_RUNNING)
		return last_kill(story, INT64_MAX, STORY_UNKNOWN);
	kill = exit && story->subject != STORY_PROCESS ? last_kill(story, exit->time, STORY_UNKNOWN) : NULL;
	return kill && exit->time - kill->time < ADVISE_NS ? kill : NULL;
}

void story_advice(const struct story *story, char *out, size_t size)
{
	enum story_verdict verdict = story_judge(story);
	const struct story_event *kill = kill_to_advise(story, verdict);

	out[0] = '\0';
	if (kill)
		advise_oom(kill, out, size);
	else if (verdict == STORY_KILLED)
		(void)snprintf(out, size,
			       "Look who sends it: a stop whose grace period ran out, a failed liveness probe, "
			       "a runtime's \"kill\", or an operator.");
	else if (verdict == STORY_FAILED)
		(void)snprintf(out, size, "What it said itself, in its own log, is the place to look for the reason.");
}
