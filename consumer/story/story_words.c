/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/story/story_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "consumer/text/gap_reason.h"
#include "consumer/text/signal_name.h"
#include "consumer/text/time_words.h"

#define SHORT_ID 12

void words_escape(char *out, size_t size, const char *text)
{
	(void)text_escape(out, size, text, strlen(text));
}

void words_short_id(char *out, size_t size, const char *id)
{
	char cut[STORY_NAME];

	(void)snprintf(cut, sizeof(cut), "%.*s", strlen(id) == 64 ? SHORT_ID : STORY_NAME - 1, id);
	words_escape(out, size, cut);
}

/* ------------------------------------------------------------------ the subject */

static void pod_label(const struct story *story, char *out, size_t size)
{
	char name[STORY_NAME * 4], space[STORY_NAME * 4];

	words_escape(name, sizeof(name), story->pod_name[0] ? story->pod_name : story->pod_uid);
	words_escape(space, sizeof(space), story->pod_namespace);
	(void)snprintf(out, size, "%s%s%s", space, space[0] ? "/" : "", name);
}

static void container_label(const struct story *story, char *out, size_t size)
{
	char id[STORY_NAME * 4], name[STORY_NAME * 4], runtime[128], pod[STORY_TEXT / 2];
	const char *separator = "";
	size_t used;

	words_short_id(id, sizeof(id), story->id);
	words_escape(name, sizeof(name), story->name);
	words_escape(runtime, sizeof(runtime), story->runtime);
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

static const char *leaf_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static void cgroup_label(const struct story *story, char *out, size_t size)
{
	char path[STORY_PATH * 4];
	const char *leaf = leaf_of(story->cgroup);

	if (text_ends_with(leaf, ".service") || text_ends_with(leaf, ".scope") || text_ends_with(leaf, ".slice")) {
		words_escape(path, sizeof(path), leaf);
		(void)snprintf(out, size, "unit %s", path);
	} else {
		words_escape(path, sizeof(path), story->cgroup);
		(void)snprintf(out, size, "cgroup %s", path);
	}
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
	words_process(story->pid, comm, who, sizeof(who));
	(void)snprintf(out, size, "process %s%s%s", who, where[0] ? " in " : "", where);
}

void words_subject(const struct story *story, char *out, size_t size)
{
	static void (*const labels[])(const struct story *story, char *out, size_t size) = {
		[STORY_CONTAINER] = container_label,
		[STORY_CGROUP] = cgroup_label,
		[STORY_PROCESS] = process_label,
	};

	labels[story->subject](story, out, size);
}

/* ------------------------------------------------------------------ processes, amounts, gaps */

void words_process(int64_t pid, const char *comm, char *out, size_t size)
{
	char name[128];

	words_escape(name, sizeof(name), comm);
	if (pid == STORY_UNKNOWN)
		(void)snprintf(out, size, "a process");
	else if (!name[0])
		(void)snprintf(out, size, "pid %" PRId64, pid);
	else
		(void)snprintf(out, size, "\"%s\" (pid %" PRId64 ")", name, pid);
}

void words_amount(int64_t bytes, const char *unknown, char *out, size_t size)
{
	if (bytes == STORY_UNKNOWN)
		(void)snprintf(out, size, "%s", unknown);
	else
		text_format_size(out, size, (uint64_t)bytes);
}

void words_exit(const struct story_event *exit, const char *main, char *out, size_t size)
{
	char who[160], status[96] = "an unknown status", after[32], duration[64] = "";

	words_process(exit->pid, exit->comm, who, sizeof(who));
	if (exit->status != STORY_UNKNOWN)
		signal_format_status(status, sizeof(status), (unsigned int)exit->status,
				     exit->oom_killed ? "OOM-killed" : NULL);
	if (exit->duration != STORY_UNKNOWN) {
		text_format_duration(after, sizeof(after), (uint64_t)exit->duration);
		(void)snprintf(duration, sizeof(duration), " after %s%s", exit->late ? "at most " : "", after);
	}
	(void)snprintf(out, size, "%s%s ended with %s%s%s", exit->is_init ? main : "", who, status, duration,
		       exit->late ? " (noticed late, when it was released)" : "");
}

static void format_time(int64_t time, bool utc, char *out, size_t size)
{
	if (time == STORY_UNKNOWN)
		(void)snprintf(out, size, "an unknown time");
	else
		time_format_local(out, size, time, utc);
}

void words_gap(const struct story_gap *gap, bool utc, struct words_gap *ret)
{
	_Static_assert(sizeof(ret->from) >= TIME_TEXT_MAX, "room for a time");

	format_time(gap->from, utc, ret->from, sizeof(ret->from));
	format_time(gap->to, utc, ret->to, sizeof(ret->to));
	if (gap->lost == STORY_UNKNOWN)
		(void)snprintf(ret->lost, sizeof(ret->lost), GAP_UNKNOWN_NUMBER);
	else
		(void)snprintf(ret->lost, sizeof(ret->lost), "%" PRId64, gap->lost);
}

/* ------------------------------------------------------------------ the limit of a kill */

/* The owner of the limit, or a sentence when there was no limit. */
static const struct {
	const char *owner, *sentence;
} scopes[OOM_SCOPE_COUNT] = {
	[OOM_SCOPE_CONTAINER] = { .owner = "the container's own limit" },
	[OOM_SCOPE_POD] = { .owner = "its pod's limit" },
	[OOM_SCOPE_CGROUP] = { .owner = "its own limit" },
	[OOM_SCOPE_NODE] = { .sentence = "the node itself ran out of memory, no limit was reached" },
	[OOM_SCOPE_CPUSET] = { .sentence = "the memory of the NUMA nodes its cpuset allows ran out" },
	[OOM_SCOPE_MEMPOLICY] = { .sentence = "the memory of the NUMA nodes its memory policy allows ran out" },
};

void words_limit(const struct story *story, const struct story_event *kill, char *out, size_t size)
{
	char used[32], limit[32], path[STORY_PATH * 2];
	const char *owner = scopes[kill->scope].owner;

	if (scopes[kill->scope].sentence) {
		(void)snprintf(out, size, "%s", scopes[kill->scope].sentence);
		return;
	}
	if (story->subject == STORY_CGROUP && strcmp(kill->limit_cgroup, story->cgroup) == 0)
		owner = "its own limit";
	words_escape(path, sizeof(path), kill->limit_cgroup);
	words_amount(kill->usage_bytes, "an unknown amount", used, sizeof(used));
	words_amount(kill->limit_bytes, "an unknown amount", limit, sizeof(limit));
	if (owner)
		(void)snprintf(out, size, "%s of %s of %s were in use", used, owner, limit);
	else if (path[0])
		(void)snprintf(out, size, "%s of the limit of %s of %s, above it, were in use", used, limit, path);
	else
		(void)snprintf(out, size, "an unknown limit was reached");
}
