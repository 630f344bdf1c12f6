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
#include "consumer/cli/story_json.h"
#include "consumer/query/query.h"
#include "consumer/story/story_read.h"
#include "consumer/story/story_text.h"
#include "consumer/text/error.h"

static int print_answer(struct listing *listing, const struct story *story)
{
	const struct print_options *options = listing->print_options;
	FILE *out = listing->output.out;

	if (!print_is_text(options))
		return story_json_print(listing->db, story, print_kind_of(options) & PRINT_PRETTY, out);
	story_print(story, options->utc, out);
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
	if (r == -ERROR_AMBIGUOUS) {
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
	if (written < 0 && written != -EPIPE)
		listing->exit_code = output_failed(written);
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
	return finish(&listing, print_answer(&listing, story));
}

static const struct command_group groups[] = { LISTING_GROUPS(0, FILTER_TIMES | FILTER_STRICT), { 0 } };

const struct command cmd_why = {
	.name = "why",
	.help = "what happened to this container, pod, unit or process",
	.example = "cri-ebpf why 7441fd3e124c",
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
