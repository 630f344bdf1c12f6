/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/story/story_text.h"

#include <inttypes.h>
#include <string.h>

#include "common/text.h"
#include "consumer/story/story_summary.h"
#include "consumer/story/story_words.h"
#include "consumer/text/gap_reason.h"
#include "consumer/text/signal_name.h"
#include "consumer/text/time_words.h"

#define LINE_MAX_BYTES (STORY_TEXT * 2)
#define UNKNOWN	       "an unknown amount"

/* ------------------------------------------------------------------ a line per event */

static const struct story_event *next_kill(const struct story *story, const struct story_event *event)
{
	for (; event < story->events + story->event_count; event++)
		if (event->type == TYPE_OOM_KILL && !event->elsewhere)
			return event;
	return NULL;
}

static void limit_of_pressure(const struct story_event *event, char *out, size_t size)
{
	char path[STORY_PATH * 2];

	words_escape(path, sizeof(path), event->limit_cgroup);
	if (event->is_above)
		(void)snprintf(out, size, "the limit of %s, above it", path);
	else
		(void)snprintf(out, size, "%s", event->is_pod ? "the pod's limit" : "its limit");
}

static void pressure_line(const struct story *story, const struct story_event *event, char *out, size_t size)
{
	const struct story_event *kill = next_kill(story, event);
	char used[32], limit[32], before[32], after[64] = "", percent[16] = "", owner[STORY_PATH * 2 + 32];

	limit_of_pressure(event, owner, sizeof(owner));
	words_amount(event->usage_bytes, UNKNOWN, used, sizeof(used));
	words_amount(event->limit_bytes, UNKNOWN, limit, sizeof(limit));
	if (kill) {
		text_format_duration(before, sizeof(before), (uint64_t)kill->time - (uint64_t)event->time);
		(void)snprintf(after, sizeof(after), ", %s before the kill", before);
	}
	if (event->limit_bytes > 0 && event->usage_bytes != STORY_UNKNOWN)
		(void)snprintf(percent, sizeof(percent), "%.0f %% of ",
			       100.0 * (double)event->usage_bytes / (double)event->limit_bytes);
	if (event->is_limit)
		(void)snprintf(out, size, "hit %s and nothing could be reclaimed: %s of %s%s", owner, used, limit,
			       after);
	else
		(void)snprintf(out, size, "reached %s%s: %s of %s%s", percent, owner, used, limit, after);
}

/* The OOM killer chose the victim, or killed it with its group; or a process of the story made it kill another. */
static const char *kill_note(const struct story_event *event)
{
	if (event->elsewhere)
		return " elsewhere";
	return event->chosen ? "" : " (killed along)";
}

static void kill_line(const struct story *story, const struct story_event *event, char *out, size_t size)
{
	char who[160], trigger[160], by[200] = "", used[32], limit[32], held[32], path[STORY_PATH * 2];
	const char *scope = oom_scope_name(event->scope);

	words_process(event->pid, event->comm, who, sizeof(who));
	words_process(event->trigger_pid, event->trigger_comm, trigger, sizeof(trigger));
	if (event->trigger_pid != STORY_UNKNOWN && event->trigger_pid != event->pid)
		(void)snprintf(by, sizeof(by), ", when %s asked for memory", trigger);
	words_amount(event->usage_bytes, UNKNOWN, used, sizeof(used));
	words_amount(event->limit_bytes, UNKNOWN, limit, sizeof(limit));
	words_amount(event->held_bytes, UNKNOWN, held, sizeof(held));
	words_escape(path, sizeof(path), strcmp(event->limit_cgroup, story->cgroup) == 0 ? "" : event->limit_cgroup);
	(void)snprintf(out, size, "OOM kill%s: %s%s; scope %s, %s of %s in use%s%s; it held %s", kill_note(event), who,
		       by, scope ? scope : "not known", used, limit, path[0] ? " in " : "", path, held);
}

static void exit_line(const struct story *story, const struct story_event *event, char *out, size_t size)
{
	(void)story;
	words_exit(event, "main process ", out, size);
}

static void start_line(const struct story *story, const struct story_event *event, char *out, size_t size)
{
	char limit[32];

	(void)story;
	words_amount(event->memory_limit, "", limit, sizeof(limit));
	(void)snprintf(out, size, "started%s%s%s", limit[0] ? ", memory limit " : "", limit,
		       event->inferred ? " (then or before: inferred from a later event)" : "");
}

static void stop_line(const struct story *story, const struct story_event *event, char *out, size_t size)
{
	char peak[32];

	(void)story;
	words_amount(event->peak, "", peak, sizeof(peak));
	(void)snprintf(out, size, "stopped%s%s%s", peak[0] ? ", memory peak " : "", peak,
		       event->inferred ? " (then or before: its cgroup was gone)" : "");
}

static void (*const lines[TYPE_COUNT])(const struct story *story, const struct story_event *event, char *out,
				       size_t size) = {
	[TYPE_MEMORY_PRESSURE] = pressure_line, [TYPE_OOM_KILL] = kill_line,	   [TYPE_PROCESS_EXIT] = exit_line,
	[TYPE_CONTAINER_START] = start_line,	[TYPE_CONTAINER_STOP] = stop_line,
};

static bool has_event(const struct story *story, enum event_type type)
{
	for (size_t i = 0; i < story->event_count; i++)
		if (story->events[i].type == type)
			return true;
	return false;
}

static void print_line(FILE *out, int64_t time, bool utc, const char *line)
{
	char when[TIME_TEXT_MAX] = "";

	if (time != STORY_UNKNOWN)
		time_format_local(when, sizeof(when), time, utc);
	(void)fprintf(out, "  %-23s  %s\n", when, line);
}

/* Retention may have removed the start and stop events; the container's row still has their times. */
static void print_events(const struct story *story, bool utc, FILE *out)
{
	char line[LINE_MAX_BYTES];

	if (story->subject == STORY_CONTAINER && story->started != STORY_UNKNOWN &&
	    !has_event(story, TYPE_CONTAINER_START))
		print_line(out, story->started, utc, "started");
	for (size_t i = 0; i < story->event_count; i++) {
		const struct story_event *event = &story->events[i];

		if (event->type >= TYPE_COUNT || !lines[event->type])
			continue;
		lines[event->type](story, event, line, sizeof(line));
		print_line(out, event->time, utc, line);
	}
	if (story->subject == STORY_CONTAINER && story->stopped != STORY_UNKNOWN &&
	    !has_event(story, TYPE_CONTAINER_STOP))
		print_line(out, story->stopped, utc, "stopped");
}

/* ------------------------------------------------------------------ what is left out or missing */

static int64_t count_own(const struct story *story, enum event_type type)
{
	int64_t count = 0;

	for (size_t i = 0; i < story->event_count; i++)
		count += story->events[i].type == type && !story->events[i].elsewhere && !story->events[i].is_pod &&
			 !story->events[i].is_above;
	return count;
}

static void print_not_shown(const struct story *story, FILE *out)
{
	int64_t exits = story->exits == STORY_UNKNOWN ? 0 : story->exits - count_own(story, TYPE_PROCESS_EXIT);
	int64_t kills = story->oom_kills - count_own(story, TYPE_OOM_KILL);
	int64_t pressures = story->pressures - count_own(story, TYPE_MEMORY_PRESSURE);

	if (kills > 0)
		(void)fprintf(out, "Not shown: %" PRId64 " earlier OOM kills.\n", kills);
	if (pressures > 0)
		(void)fprintf(out, "Not shown: %" PRId64 " earlier reports of memory pressure.\n", pressures);
	if (story->exits == STORY_UNKNOWN)
		(void)fprintf(
			out,
			"Other processes: too many ended to list them here; cri-ebpf events -t process_exit does.\n");
	else if (exits > 0)
		(void)fprintf(out,
			      "Other processes: %" PRId64 " more ended; of all %" PRId64 " that ended, %" PRId64
			      " did so with a failure or by a signal.\n",
			      exits, story->exits, story->failed);
}

static void print_cut(const struct story *story, bool utc, FILE *out)
{
	char when[TIME_TEXT_MAX];

	if (story->cut_from != STORY_UNKNOWN) {
		time_format_local(when, sizeof(when), story->cut_from, utc);
		(void)fprintf(out, "Shown from %s on (--since); earlier events are left out.\n", when);
	}
	if (story->cut_until != STORY_UNKNOWN) {
		time_format_local(when, sizeof(when), story->cut_until, utc);
		(void)fprintf(out, "Shown up to %s (--until); later events are left out.\n", when);
	}
}

static void print_gap(const struct story_gap *gap, bool utc, FILE *out)
{
	struct words_gap words;
	char type[128], reason[128];

	words_gap(gap, utc, &words);
	words_escape(type, sizeof(type), gap->lost_type);
	words_escape(reason, sizeof(reason), gap->reason);
	(void)fprintf(
		out,
		"Gap: between %s and %s %s %s%sevents of this machine are missing (%s): this story may be incomplete.\n",
		words.from, words.to, words.lost, type, type[0] ? " " : "", gap_reason_words(reason));
}

static void print_other(const struct story_other *other, bool utc, FILE *out)
{
	char id[STORY_NAME * 4], name[STORY_NAME * 4], when[TIME_TEXT_MAX] = "?", end[128] = "still there or lost";

	words_short_id(id, sizeof(id), other->id);
	words_escape(name, sizeof(name), other->name);
	if (other->started != STORY_UNKNOWN)
		time_format_local(when, sizeof(when), other->started, utc);
	if (other->init_status != STORY_UNKNOWN)
		signal_format_status(end, sizeof(end), (unsigned int)other->init_status, NULL);
	else if (other->stopped != STORY_UNKNOWN)
		(void)snprintf(end, sizeof(end), "gone");
	(void)fprintf(out, "  %s %s started %s: %s", id, name, when, end);
	if (other->oom_kills > 0)
		(void)fprintf(out, ", OOM kills: %" PRId64, other->oom_kills);
	(void)fputc('\n', out);
}

static void print_others(const struct story *story, bool utc, FILE *out)
{
	if (story->other_count)
		(void)fprintf(out, "\nOther container instances that match:\n");
	for (size_t i = 0; i < story->other_count; i++)
		print_other(&story->others[i], utc, out);
}

void story_print(const struct story *story, bool utc, FILE *out)
{
	const struct verdict verdict = verdict_of(story);
	char text[LINE_MAX_BYTES];

	story_summary(story, &verdict, utc, text, sizeof(text));
	(void)fprintf(out, "%s\n", text);
	story_advice(&verdict, text, sizeof(text));
	if (text[0])
		(void)fprintf(out, "%s\n", text);
	(void)fputc('\n', out);
	print_events(story, utc, out);
	print_not_shown(story, out);
	print_cut(story, utc, out);
	for (size_t i = 0; i < story->gap_count; i++)
		print_gap(&story->gaps[i], utc, out);
	print_others(story, utc, out);
}
