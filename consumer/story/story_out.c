/* SPDX-License-Identifier: BSD-2-Clause */
/* The half of story.h that tells: a line per event, in order. */
#include <inttypes.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "consumer/story/story.h"
#include "consumer/text/signal_name.h"
#include "consumer/text/time_words.h"

#define LINE_MAX_BYTES (STORY_TEXT * 2)

static void escape(char *out, size_t size, const char *text)
{
	(void)text_escape(out, size, text, strlen(text));
}

static void process(char *out, size_t size, const char *comm, int64_t pid)
{
	char name[128];

	escape(name, sizeof(name), comm);
	if (pid == STORY_UNKNOWN)
		(void)snprintf(out, size, "a process");
	else
		(void)snprintf(out, size, "\"%s\" (pid %" PRId64 ")", name, pid);
}

static void amount(char *out, size_t size, int64_t bytes)
{
	if (bytes == STORY_UNKNOWN)
		(void)snprintf(out, size, "?");
	else
		text_format_size(out, size, (uint64_t)bytes);
}

static const struct story_event *next_kill(const struct story *story, const struct story_event *event)
{
	for (; event < story->events + story->event_count; event++)
		if (event->type == TYPE_OOM_KILL && !event->elsewhere)
			return event;
	return NULL;
}

static void line_pressure(const struct story *story, const struct story_event *event, char *out, size_t size)
{
	const struct story_event *kill = next_kill(story, event);
	char used[16], limit[16], before[32], after[64] = "", percent[16] = "";
	char path[STORY_PATH * 2], above[STORY_PATH * 2 + 32];
	const char *whose = event->is_pod ? "the pod's limit" : "its limit";

	if (event->is_above) {
		escape(path, sizeof(path), event->limit_cgroup);
		(void)snprintf(above, sizeof(above), "the limit of %s, above it", path);
		whose = above;
	}
	amount(used, sizeof(used), event->usage_bytes);
	amount(limit, sizeof(limit), event->limit_bytes);
	if (kill) {
		text_format_duration(before, sizeof(before), (uint64_t)kill->time - (uint64_t)event->time);
		(void)snprintf(after, sizeof(after), ", %s before the kill", before);
	}
	if (event->limit_bytes > 0 && event->usage_bytes != STORY_UNKNOWN)
		(void)snprintf(percent, sizeof(percent), "%.0f %% of ",
			       100.0 * (double)event->usage_bytes / (double)event->limit_bytes);
	if (event->is_limit)
		(void)snprintf(out, size, "hit %s and nothing could be reclaimed: %s of %s%s", whose, used, limit,
			       after);
	else
		(void)snprintf(out, size, "reached %s%s: %s of %s%s", percent, whose, used, limit, after);
}

static void line_kill(const struct story *story, const struct story_event *event, char *out, size_t size)
{
	char who[160], trigger[160], by[200] = "", used[16], limit[16], held[16], path[STORY_PATH * 2];
	char scope[sizeof(event->scope) * 4];

	process(who, sizeof(who), event->comm, event->pid);
	process(trigger, sizeof(trigger), event->trigger_comm, event->trigger_pid);
	if (event->trigger_pid != STORY_UNKNOWN && event->trigger_pid != event->pid)
		(void)snprintf(by, sizeof(by), ", when %s asked for memory", trigger);
	amount(used, sizeof(used), event->usage_bytes);
	amount(limit, sizeof(limit), event->limit_bytes);
	amount(held, sizeof(held), event->held_bytes);
	escape(path, sizeof(path), strcmp(event->limit_cgroup, story->cgroup) == 0 ? "" : event->limit_cgroup);
	escape(scope, sizeof(scope), event->scope[0] ? event->scope : "not known");
	(void)snprintf(out, size, "OOM kill%s: %s%s; scope %s, %s of %s in use%s%s; it held %s",
		       event->elsewhere ? " elsewhere"
		       : event->chosen	? ""
					: " (killed along)",
		       who, by, scope, used, limit, path[0] ? " in " : "", path, held);
}

static void line_exit(const struct story *story, const struct story_event *event, char *out, size_t size)
{
	char who[160], status[96] = "an unknown status", after[32], duration[48] = "";

	(void)story;
	process(who, sizeof(who), event->comm, event->pid);
	if (event->status != STORY_UNKNOWN)
		signal_format_status(status, sizeof(status), (unsigned int)event->status,
				     event->oom_killed ? "OOM-killed" : NULL);
	if (event->duration != STORY_UNKNOWN) {
		text_format_duration(after, sizeof(after), (uint64_t)event->duration);
		(void)snprintf(duration, sizeof(duration), " after %s", after);
	}
	(void)snprintf(out, size, "%s%s ended with %s%s", event->is_init ? "main process " : "", who, status, duration);
}

static void line_start(const struct story *story, const struct story_event *event, char *out, size_t size)
{
	char limit[16];

	(void)story;
	amount(limit, sizeof(limit), event->memory_limit);
	(void)snprintf(out, size, "started%s%s", event->memory_limit == STORY_UNKNOWN ? "" : ", memory limit ",
		       event->memory_limit == STORY_UNKNOWN ? "" : limit);
}

static void line_stop(const struct story *story, const struct story_event *event, char *out, size_t size)
{
	char peak[16];

	(void)story;
	amount(peak, sizeof(peak), event->peak);
	(void)snprintf(out, size, "stopped%s%s", event->peak == STORY_UNKNOWN ? "" : ", memory peak ",
		       event->peak == STORY_UNKNOWN ? "" : peak);
}

static void (*const lines[TYPE_COUNT])(const struct story *story, const struct story_event *event, char *out,
				       size_t size) = {
	[TYPE_MEMORY_PRESSURE] = line_pressure, [TYPE_OOM_KILL] = line_kill,	   [TYPE_PROCESS_EXIT] = line_exit,
	[TYPE_CONTAINER_START] = line_start,	[TYPE_CONTAINER_STOP] = line_stop,
};

static bool has_event(const struct story *story, enum event_type type)
{
	for (size_t i = 0; i < story->event_count; i++)
		if (story->events[i].type == type)
			return true;
	return false;
}

static void tell_line(FILE *out, int64_t time, bool utc, const char *line)
{
	char when[TIME_TEXT_MAX] = "";

	if (time != STORY_UNKNOWN)
		time_format_local(when, sizeof(when), time, utc);
	(void)fprintf(out, "  %-23s  %s\n", when, line);
}

static void tell_events(const struct story *story, bool utc, FILE *out)
{
	char line[LINE_MAX_BYTES];

	/* The row of the container may know what no event says any more. */
	if (story->subject == STORY_CONTAINER && story->started != STORY_UNKNOWN &&
	    !has_event(story, TYPE_CONTAINER_START))
		tell_line(out, story->started, utc, "started");
	for (size_t i = 0; i < story->event_count; i++) {
		const struct story_event *event = &story->events[i];

		if (event->type >= TYPE_COUNT || !lines[event->type])
			continue;
		lines[event->type](story, event, line, sizeof(line));
		tell_line(out, event->time, utc, line);
	}
	if (story->subject == STORY_CONTAINER && story->stopped != STORY_UNKNOWN &&
	    !has_event(story, TYPE_CONTAINER_STOP))
		tell_line(out, story->stopped, utc, "stopped");
}

static int64_t count_events(const struct story *story, enum event_type type)
{
	int64_t count = 0;

	for (size_t i = 0; i < story->event_count; i++)
		count += story->events[i].type == type && !story->events[i].elsewhere && !story->events[i].is_pod &&
			 !story->events[i].is_above;
	return count;
}

static void tell_rest(const struct story *story, FILE *out)
{
	int64_t exits = story->exits == STORY_UNKNOWN ? 0 : story->exits - count_events(story, TYPE_PROCESS_EXIT);
	int64_t kills = story->oom_kills - count_events(story, TYPE_OOM_KILL);
	int64_t pressures = story->pressures - count_events(story, TYPE_MEMORY_PRESSURE);

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

static void tell_cut(const struct story *story, bool utc, FILE *out)
{
	char when[TIME_TEXT_MAX];

	if (story->told_from != STORY_UNKNOWN) {
		time_format_local(when, sizeof(when), story->told_from, utc);
		(void)fprintf(out, "Told from %s on (--since); what was before is left out.\n", when);
	}
	if (story->told_until != STORY_UNKNOWN) {
		time_format_local(when, sizeof(when), story->told_until, utc);
		(void)fprintf(out, "Told up to %s (--until); what came later is left out.\n", when);
	}
}

static void tell_gap(const struct story_gap *gap, bool utc, FILE *out)
{
	char from[TIME_TEXT_MAX] = "?", to[TIME_TEXT_MAX] = "?", lost[32] = "an unknown number of", type[128],
	     reason[128];

	if (gap->from != STORY_UNKNOWN)
		time_format_local(from, sizeof(from), gap->from, utc);
	if (gap->to != STORY_UNKNOWN)
		time_format_local(to, sizeof(to), gap->to, utc);
	if (gap->lost != STORY_UNKNOWN)
		(void)snprintf(lost, sizeof(lost), "%" PRId64, gap->lost);
	escape(type, sizeof(type), gap->lost_type[0] ? gap->lost_type : "event");
	escape(reason, sizeof(reason), gap->reason);
	(void)fprintf(
		out,
		"Gap: between %s and %s %s %s records of this machine were lost (%s): this story may be incomplete.\n",
		from, to, lost, type, reason);
}

static void tell_other(const struct story_other *other, bool utc, FILE *out)
{
	char id[STORY_NAME * 4], name[STORY_NAME * 4], when[TIME_TEXT_MAX] = "?", end[128] = "still there or lost";

	(void)snprintf(id, sizeof(id), "%.*s", strlen(other->id) == 64 ? 12 : STORY_NAME - 1, other->id);
	escape(name, sizeof(name), id);
	(void)snprintf(id, sizeof(id), "%s", name);
	escape(name, sizeof(name), other->name);
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

void story_tell(const struct story *story, bool utc, FILE *out)
{
	char text[LINE_MAX_BYTES];

	story_summary(story, utc, text, sizeof(text));
	(void)fprintf(out, "%s\n", text);
	story_advice(story, text, sizeof(text));
	if (text[0])
		(void)fprintf(out, "%s\n", text);
	(void)fputc('\n', out);
	tell_events(story, utc, out);
	tell_rest(story, out);
	tell_cut(story, utc, out);
	for (size_t i = 0; i < story->gap_count; i++)
		tell_gap(&story->gaps[i], utc, out);
	if (story->other_count)
		(void)fprintf(out, "\nThe same words also mean:\n");
	for (size_t i = 0; i < story->other_count; i++)
		tell_other(&story->others[i], utc, out);
}
