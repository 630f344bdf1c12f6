/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/story/story_summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "consumer/story/story_words.h"
#include "consumer/text/signal_name.h"
#include "consumer/text/time_words.h"

#define ITS_MAIN "its main process "

typedef void summarize(const struct story *story, const struct verdict *verdict, const char *label, char *out,
		       size_t size);

static void exit_words(const struct verdict *verdict, char *out, size_t size)
{
	words_exit(verdict->exit, ITS_MAIN, out, size);
}

static void process_words(const struct story_event *event, char *out, size_t size)
{
	words_process(event->pid, event->comm, out, size);
}

static void summarize_kill(const struct story *story, const struct story_event *kill, const char *label, char *out,
			   size_t size)
{
	char who[160], limit[STORY_TEXT], held[32], holding[64] = "";
	const char *group = "";

	process_words(kill, who, sizeof(who));
	words_limit(story, kill, limit, sizeof(limit));
	if (kill->held_bytes != STORY_UNKNOWN) {
		words_amount(kill->held_bytes, "", held, sizeof(held));
		(void)snprintf(holding, sizeof(holding), ", which held %s", held);
	}
	if (kill->group_kill)
		group = holding[0] ? ", and its whole group" : " and its whole group";
	(void)snprintf(out, size, "%s was OOM-killed: %s when the kernel killed %s%s%s.", label, limit, who, holding,
		       group);
}

static void summarize_oom_killed(const struct story *story, const struct verdict *verdict, const char *label, char *out,
				 size_t size)
{
	char who[160];

	if (verdict->kill) {
		summarize_kill(story, verdict->kill, label, out, size);
		return;
	}
	process_words(verdict->exit, who, sizeof(who));
	(void)snprintf(out, size, "%s was OOM-killed: the OOM killer ended %s; the kill itself was not recorded.", label,
		       who);
}

static void summarize_killed(const struct story *story, const struct verdict *verdict, const char *label, char *out,
			     size_t size)
{
	char words[384];

	(void)story;
	exit_words(verdict, words, sizeof(words));
	(void)snprintf(out, size, "%s was killed by SIGKILL, and not by the OOM killer: %s.", label, words);
}

static void summarize_signal(const struct story *story, const struct verdict *verdict, const char *label, char *out,
			     size_t size)
{
	char words[384], name[16];

	(void)story;
	exit_words(verdict, words, sizeof(words));
	signal_name(name, sizeof(name), (int)verdict_exit_signal(verdict->exit));
	(void)snprintf(out, size, "%s was ended by %s%s: %s.", label, name,
		       verdict->exit->status & 128 ? " and dumped core" : "", words);
}

/* What may explain an exit code: an OOM kill shortly before it, or the signal of which it is 128 more. */
static void explain_failure(const struct verdict *verdict, char *out, size_t size)
{
	const struct story_event *exit = verdict->exit, *kill = verdict->kill;
	char who[160], before[64], signal[16];

	out[0] = '\0';
	signal_name(signal, sizeof(signal), (int)verdict_exit_code(exit) - 128);
	if (kill) {
		process_words(kill, who, sizeof(who));
		text_format_duration(before, sizeof(before), (uint64_t)(exit->time - kill->time));
		(void)snprintf(out, size, "; %s of it was OOM-killed %s%s before", who, exit->late ? "at most " : "", before);
	} else if (verdict_exit_code(exit) > 128 && text_starts_with(signal, "SIG")) {
		(void)snprintf(out, size,
			       "; it ended as after %s (a stop such as \"docker stop\", a child that got it, or its "
			       "own choice)",
			       signal);
	}
}

static void summarize_failed(const struct story *story, const struct verdict *verdict, const char *label, char *out,
			     size_t size)
{
	char words[384], more[320];

	(void)story;
	exit_words(verdict, words, sizeof(words));
	explain_failure(verdict, more, sizeof(more));
	(void)snprintf(out, size, "%s failed: %s%s.", label, words, more);
}

static void summarize_completed(const struct story *story, const struct verdict *verdict, const char *label, char *out,
				size_t size)
{
	char words[384], kills[64] = "";

	exit_words(verdict, words, sizeof(words));
	if (story->oom_kills > 0 && story->subject == STORY_CONTAINER)
		(void)snprintf(kills, sizeof(kills), "; OOM kills in it before: %" PRId64, story->oom_kills);
	(void)snprintf(out, size, "%s completed: %s%s.", label, words, kills);
}

static void summarize_running(const struct story *story, const struct verdict *verdict, const char *label, char *out,
			      size_t size)
{
	const char *verb = story->cut_until == STORY_UNKNOWN ? "is" : "was still";
	char who[160], limit[STORY_TEXT];

	if (!verdict->kill) {
		(void)snprintf(out, size, "%s %s running.", label, verb);
	} else {
		process_words(verdict->kill, who, sizeof(who));
		words_limit(story, verdict->kill, limit, sizeof(limit));
		(void)snprintf(out, size,
			       "%s %s running, but %s in it was OOM-killed: %s. It survived %" PRId64 " OOM kill%s.",
			       label, verb, who, limit, story->oom_kills, story->oom_kills == 1 ? "" : "s");
	}
}

/* The sentence about the gap that may hide the exit; "" when there is none. */
static void hidden_exit(const struct story_gap *gap, bool utc, char *out, size_t size)
{
	struct words_gap words;
	char type[64];

	out[0] = '\0';
	if (!gap)
		return;
	words_gap(gap, utc, &words);
	words_escape(type, sizeof(type), gap->lost_type);
	(void)snprintf(out, size, " The end may be among %s%s %s%srecords lost between %s and %s.",
		       gap->lost == STORY_UNKNOWN ? "" : "the ", words.lost, type, type[0] ? " " : "", words.from,
		       words.to);
}

static void summarize_unknown(const struct story *story, const struct verdict *verdict, const char *label, char *out,
			      size_t size)
{
	const char *why = story->subject == STORY_CONTAINER ? "no exit of its main process was recorded"
							    : "no exit of it was recorded";

	(void)verdict;
	if (!story->this_boot && story->stopped == STORY_UNKNOWN)
		why = "it was running when the machine, or its recording, went down";
	(void)snprintf(out, size, "how %s ended is not known: %s.", label, why);
}

static summarize *const summaries[] = {
	[VERDICT_OOM_KILLED] = summarize_oom_killed, [VERDICT_KILLED] = summarize_killed,
	[VERDICT_SIGNAL] = summarize_signal,	     [VERDICT_FAILED] = summarize_failed,
	[VERDICT_COMPLETED] = summarize_completed,   [VERDICT_RUNNING] = summarize_running,
	[VERDICT_UNKNOWN] = summarize_unknown,
};

void story_summary(const struct story *story, const struct verdict *verdict, bool utc, char *out, size_t size)
{
	char label[STORY_TEXT], hidden[256], until[TIME_TEXT_MAX];
	size_t used;

	words_subject(story, label, sizeof(label));
	summaries[verdict->kind](story, verdict, label, out, size);
	used = strlen(out);
	if (verdict->kind == VERDICT_UNKNOWN) {
		hidden_exit(verdict->gap, utc, hidden, sizeof(hidden));
		(void)snprintf(out + used, size - used, "%s", hidden);
	} else if (verdict->kind == VERDICT_RUNNING && story->cut_until != STORY_UNKNOWN) {
		time_format_local(until, sizeof(until), story->cut_until, utc);
		(void)snprintf(out + used, size - used, " This is as of %s.", until);
	}
}

/* ------------------------------------------------------------------ advice */

/* About the limit of an OOM kill. */
static const char *const limit_advice[OOM_SCOPE_COUNT] = {
	[OOM_SCOPE_CONTAINER] = "Raise this container's memory limit if that is too little for it, or look for a leak "
				"in the process named.",
	[OOM_SCOPE_POD] = "The containers of the pod together reached the pod's limit: raise it, or look which of them "
			  "needs so much.",
	[OOM_SCOPE_CGROUP] =
		"Raise its memory limit (MemoryMax= of a unit) if that is too little, or look for a leak.",
	[OOM_SCOPE_NODE] = "Raising the container's limit does not help: the node is short of memory. Give it less to "
			   "do or more memory.",
	[OOM_SCOPE_CPUSET] = "Allow it more NUMA nodes (cpuset.mems), or give it less to do on these.",
	[OOM_SCOPE_MEMPOLICY] =
		"Widen the process's memory policy (numactl), or give it less to do on these nodes.",
};

/* Where no OOM kill explains it. */
static const struct {
	enum verdict_kind verdict;
	const char *advice;
} other_advice[] = {
	{ VERDICT_KILLED, "Look who sends it: a stop whose grace period ran out, a failed liveness probe, "
			  "a runtime's \"kill\", or an operator." },
	{ VERDICT_FAILED, "What it said itself, in its own log, is the place to look for the reason." },
};

static void advise_limit(const struct story_event *kill, char *out, size_t size)
{
	char path[STORY_PATH * 2];

	if (limit_advice[kill->scope]) {
		(void)snprintf(out, size, "%s", limit_advice[kill->scope]);
	} else if (kill->limit_cgroup[0]) {
		words_escape(path, sizeof(path), kill->limit_cgroup);
		(void)snprintf(out, size,
			       "The limit belongs to %s, above it: raise it there, or move something out of it.", path);
	}
}

void story_advice(const struct verdict *verdict, char *out, size_t size)
{
	out[0] = '\0';
	if (verdict->limit_kill) {
		advise_limit(verdict->limit_kill, out, size);
		return;
	}
	for (size_t i = 0; i < sizeof(other_advice) / sizeof(other_advice[0]); i++)
		if (other_advice[i].verdict == verdict->kind)
			(void)snprintf(out, size, "%s", other_advice[i].advice);
}
