/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any words as filters, one per line, and the first of them as the subject of `why`: each is refused with a printable
 * message, or makes SQL that the database accepts.
 */
#include <errno.h>

#include "consumer/print/event_look.h"
#include "consumer/query/query.h"
#include "consumer/story/story_read.h"
#include "consumer/story/story_text.h"
#include "tests/fuzz/fuzz_fixture.h"
#include "tests/fuzz/fuzz_lines.h"
#include "tests/option_parse.h"

#define WORDS_MAX 32

static const struct filter_now now = { 1763829067LL * 1000000000, 1763825467LL * 1000000000,
				       "abcdef01-2345-4678-9abc-def012345678" };

static int count_row(void *context, const struct value *row)
{
	(void)row;
	return ++*(int *)context == 100;
}

static void read_events(struct db *db, const struct filter *filter)
{
	for (int newest_first = 0; newest_first < 2; newest_first++) {
		struct query *query = NULL;
		int rows = 0, pages = 0, r;
		bool gap;

		FUZZ_ASSERT(query_open(db, filter, 0, INT64_MAX, newest_first, &query) == 0);
		while ((r = query_page(query, count_row, &rows)) > 0)
			FUZZ_ASSERT(++pages < 100);
		FUZZ_ASSERT(r == 0 && query_has_gap(db, filter, &gap) == 0);
		query_close(query);
	}
}

static void read_story(struct db *db, const struct filter *filter, const char *word)
{
	static struct story story;
	struct story_place place;
	char message[2048] = "", *text = NULL;
	size_t size;
	FILE *out;
	int r;

	story = (struct story){ .pid = 0 };
	r = story_find(db, filter, word, &story, &place, message, sizeof(message));
	FUZZ_ASSERT(r == 0 || r == 1 || (r == -EINVAL && fuzz_is_printable(message)));
	if (r <= 0)
		return;
	FUZZ_ASSERT(story_read(db, &place, &story) == 0);
	out = open_memstream(&text, &size);
	story_print(&story, true, out);
	(void)fclose(out);
	fuzz_check_lines(db, text, false);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct db *db;
	char *text = fuzz_text(data, size), *rest = text, verb[] = "events";
	char *argv[WORDS_MAX + 2] = { verb }, message[1024] = "", *word = NULL;
	struct filter_options options;
	const struct option_group groups[] = { { "What to show", filter_rows, &options }, { 0 } };
	struct filter filter = { 0 };
	int argc = 1, operands = 0, r;

	db = db ? db : fuzz_open_nameless_fixture(NULL);
	while (argc <= WORDS_MAX && (word = strsep(&rest, "\n")))
		argv[argc++] = word;
	word = argv[1];
	filter_options_init(&options);
	r = option_parse(argc, argv, groups, &operands, message, sizeof(message));
	if (r == 0)
		r = filter_parse(&options, &now, &filter, message, sizeof(message));
	FUZZ_ASSERT(r == 0 || r == 1 || r == -EINVAL);
	FUZZ_ASSERT((r < 0) == (message[0] != '\0') && fuzz_is_printable(message));
	if (r == 0) {
		filter.describe = event_describe;
		read_events(db, &filter);
		read_story(db, &filter, operands ? argv[1] : word ? word : "");
	}
	filter_done(&filter);
	free(text);
	return 0;
}
