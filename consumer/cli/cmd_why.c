/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/text.h"
#include "consumer/cli/history.h"
#include "consumer/cli/listing.h"
#include "consumer/print/event_table.h"
#include "consumer/print/json_row.h"
#include "consumer/query/query.h"
#include "consumer/story/story_read.h"
#include "consumer/story/story_summary.h"
#include "consumer/story/story_text.h"
#include "consumer/text/error.h"
#include "consumer/text/time_words.h"

struct answer {
	struct listing *listing;
	struct story *story;
	struct json json;
};

/* ------------------------------------------------------------------ JSON */

static void text_or_null(struct json *json, const char *name, const char *text)
{
	json_text(json, name, text[0] ? text : NULL);
}

static void time_or_null(struct json *json, const char *name, int64_t time)
{
	char text[TIME_TEXT_MAX];

	if (time != STORY_UNKNOWN)
		time_format_rfc3339(text, sizeof(text), time);
	json_text(json, name, time != STORY_UNKNOWN ? text : NULL);
}

static void write_identity(struct json *json, const struct story *story)
{
	if (!story->id[0]) {
		json_null(json, "container");
	} else {
		json_object(json, "container");
		json_text(json, "id", story->id);
		text_or_null(json, "name", story->name);
		text_or_null(json, "runtime", story->runtime);
		text_or_null(json, "image", story->image);
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
	struct answer *answer = context;

	json_object(&answer->json, NULL);
	json_row_members(&answer->json, event_table(), NULL, row);
	json_close(&answer->json, '}');
	return 0;
}

static int write_events(struct answer *answer)
{
	int r = 0;

	json_array(&answer->json, "events");
	for (size_t i = 0; i < answer->story->event_count && r == 0; i++)
		r = query_event(answer->listing->db, answer->story->events[i].id, write_event, answer);
	json_close(&answer->json, ']');
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

static int print_json(struct answer *answer)
{
	const struct verdict verdict = verdict_of(answer->story);
	struct json *json = &answer->json;
	char text[STORY_TEXT * 2];
	int r;

	json->out = answer->listing->output.out;
	json->pretty = print_kind_of(answer->listing->print_options) & PRINT_PRETTY;
	json_object(json, NULL);
	json_int(json, "v", 1);
	write_identity(json, answer->story);
	json_text(json, "verdict", verdict_name(verdict.kind));
	story_summary(answer->story, &verdict, true, text, sizeof(text));
	json_text(json, "summary", text);
	story_advice(&verdict, text, sizeof(text));
	text_or_null(json, "advice", text);
	r = write_events(answer);
	write_gaps(json, answer->story);
	write_others(json, answer->story);
	json_close(json, '}');
	return r;
}

/* ------------------------------------------------------------------ running the verb */

static int print_answer(struct answer *answer)
{
	const struct print_options *options = answer->listing->print_options;

	if (!print_is_text(options))
		return print_json(answer);
	story_print(answer->story, options->utc, answer->listing->output.out);
	return 0;
}

static bool is_short_id(const char *word)
{
	return strlen(word) < 4 && strspn(word, "0123456789abcdefABCDEF") == strlen(word);
}

static bool find_story(struct listing *listing, const char *word, struct story *story)
{
	struct story_place place;
	char message[2048] = "", safe[256];
	int r = story_find(listing->db, &listing->filter, word, story, &place, message, sizeof(message));

	(void)text_escape(safe, sizeof(safe), word, strlen(word));
	if (r > 0) {
		r = story_read(listing->db, &place, story);
		if (r == 0) {
			listing->exit_code = history_check(listing->path, listing->db);
			return listing->exit_code == 0;
		}
	} else if (r == 0) {
		if (is_short_id(word))
			log_info("nothing recorded matches \"%s\"; an id needs at least 4 digits", safe);
		else
			log_info("nothing recorded matches \"%s\"; cri-ebpf ps -a lists containers", safe);
		listing->exit_code = EXIT_NOT_FOUND;
		return false;
	}
	if (r == -EINVAL && message[0]) {
		log_error("\"%s\" is ambiguous: %s", safe, message);
		listing->exit_code = EXIT_USAGE;
	} else {
		listing->exit_code = history_failed(listing->path, listing->db, r);
	}
	return false;
}

static bool check_format(const struct print_options *options)
{
	if ((print_kind_of(options) & (PRINT_TEXT | PRINT_JSON)) && !options->fields[0])
		return true;
	log_error("cri-ebpf why prints text or JSON: it has no csv, no export and no choice of fields");
	return false;
}

static int finish(struct listing *listing, int r)
{
	int written = output_close(&listing->output, 0);
	bool gap = false;

	listing->exit_code = EXIT_FOUND;
	if (written < 0 && written != -EPIPE) {
		log_error("cannot write to standard output: %s; the answer is incomplete", error_text(written));
		listing->exit_code = EXIT_USAGE;
	}
	if (r == 0 && listing->filter_options->strict)
		r = query_has_gap(listing->db, &listing->filter, &gap);
	if (r < 0)
		listing->exit_code = history_failed(listing->path, listing->db, r);
	else if (history_check(listing->path, listing->db))
		listing->exit_code = EXIT_STORE;
	else if (gap)
		listing->exit_code = EXIT_GAP;
	return listing_end(listing);
}

static int run(const struct command_call *call)
{
	AUTO_FREE struct story *story = calloc(1, sizeof(*story));
	struct listing listing;
	struct answer answer = { &listing, story, { 0 } };

	if (!story) {
		log_error("out of memory: nothing can be shown");
		return EXIT_USAGE;
	}
	if (!call->operands[0][0]) {
		log_error("expected %s, got an empty word", call->command->operands);
		return EXIT_USAGE;
	}
	if (!listing_begin(&listing, call, call->settings))
		return listing_end(&listing);
	if (!check_format(listing.print_options)) {
		listing.exit_code = EXIT_USAGE;
		return listing_end(&listing);
	}
	output_open(&call->common, print_is_text(listing.print_options), &listing.output);
	if (!listing_confine(&listing) || !listing_open_history(&listing) || !find_story(&listing, call->operands[0], story))
		return listing_end(&listing);
	return finish(&listing, print_answer(&answer));
}

static const struct command_group groups[] = { LISTING_GROUPS(0, FILTER_TIMES | FILTER_STRICT), { 0 } };

const struct command cmd_why = {
	.name = "why",
	.help = "what happened to this container, pod, unit or process",
	.example = "cri-ebpf why shop/web-7d4b/nginx",
	.synopsis = "cri-ebpf why WHAT [OPTION...]",
	.description = "What happened to a container, and why did it die? WHAT is a container (id or its first 4 or more\n"
		"digits, name, pod/container, ns/pod/container), a pod (name, ns/pod, uid or its beginning), a unit\n"
		"name, a cgroup path or a process id. If several container instances match, the latest is shown and\n"
		"the others are listed: -S, -U and -b choose among them. For a pod, the container that was OOM-killed\n"
		"last is shown, or else the one that failed last.",
	.operands = "exactly one container, pod, unit, path or pid",
	.operands_min = 1,
	.operands_max = 1,
	.groups = groups,
	.settings_size = sizeof(struct listing_options),
	.run = run,
};
