/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/cli/story_json.h"

#include "consumer/print/event_table.h"
#include "consumer/print/json_row.h"
#include "consumer/query/query.h"
#include "consumer/story/story_summary.h"
#include "consumer/text/json.h"

static void text_or_null(struct json *json, const char *name, const char *text)
{
	json_text(json, name, text[0] ? text : NULL);
}

static void time_or_null(struct json *json, const char *name, int64_t time)
{
	json_time(json, name, time == STORY_UNKNOWN ? 0 : time);
}

static void write_subject(struct json *json, const struct story *story)
{
	if (!story->id[0]) {
		json_null(json, "container");
	} else {
		json_object(json, "container");
		json_text(json, "id", story->id);
		text_or_null(json, "name", story->name);
		text_or_null(json, "runtime", story->runtime);
		text_or_null(json, "image", story->image);
		if (story->owner_uid == STORY_UNKNOWN)
			json_null(json, "owner_uid");
		else
			json_int(json, "owner_uid", story->owner_uid);
		json_close(json, '}');
	}
	if (!story->pod_uid[0]) {
		json_null(json, "pod");
	} else {
		json_object(json, "pod");
		json_text(json, "uid", story->pod_uid);
		text_or_null(json, "name", story->pod_name);
		text_or_null(json, "namespace", story->pod_namespace);
		json_close(json, '}');
	}
	text_or_null(json, "cgroup", story->cgroup);
	if (story->pid == STORY_UNKNOWN)
		json_null(json, "pid");
	else
		json_int(json, "pid", story->pid);
	time_or_null(json, "started", story->started);
	time_or_null(json, "stopped", story->stopped);
	time_or_null(json, "told_from", story->cut_from);
	time_or_null(json, "told_until", story->cut_until);
}

static int write_event(void *context, const struct value *row)
{
	struct json *json = context;

	json_object(json, NULL);
	json_row_members(json, event_table(), NULL, row);
	json_close(json, '}');
	return 0;
}

static int write_events(struct json *json, struct db *db, const struct story *story)
{
	int r = 0;

	json_array(json, "events");
	for (size_t i = 0; i < story->event_count && r == 0; i++)
		r = query_event(db, story->events[i].id, write_event, json);
	json_close(json, ']');
	return r;
}

static void write_gaps(struct json *json, const struct story *story)
{
	json_array(json, "gaps");
	for (size_t i = 0; i < story->gap_count; i++) {
		const struct story_gap *gap = &story->gaps[i];

		json_object(json, NULL);
		text_or_null(json, "reason", gap->reason);
		text_or_null(json, "lost_type", gap->lost_type);
		if (gap->lost == STORY_UNKNOWN)
			json_null(json, "lost");
		else
			json_int(json, "lost", gap->lost);
		time_or_null(json, "from", gap->from);
		time_or_null(json, "to", gap->to);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void write_others(struct json *json, const struct story *story)
{
	json_array(json, "others");
	for (size_t i = 0; i < story->other_count; i++) {
		const struct story_other *other = &story->others[i];

		json_object(json, NULL);
		json_text(json, "id", other->id);
		text_or_null(json, "name", other->name);
		time_or_null(json, "started", other->started);
		time_or_null(json, "stopped", other->stopped);
		json_int(json, "oom_kills", other->oom_kills);
		json_close(json, '}');
	}
	json_close(json, ']');
}

int story_json_print(struct db *db, const struct story *story, bool pretty, FILE *out)
{
	const struct verdict verdict = verdict_of(story);
	struct json writer = { .out = out, .pretty = pretty }, *json = &writer;
	char text[STORY_TEXT * 2];
	int r;

	json_object(json, NULL);
	json_int(json, "v", 1);
	write_subject(json, story);
	json_text(json, "verdict", verdict_name(verdict.kind));
	story_summary(story, &verdict, true, text, sizeof(text));
	json_text(json, "summary", text);
	story_advice(&verdict, text, sizeof(text));
	text_or_null(json, "advice", text);
	r = write_events(json, db, story);
	write_gaps(json, story);
	write_others(json, story);
	json_close(json, '}');
	return r;
}
