/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of a story: advice, a line per event, what is left out; harmless for a terminal. */
#include "consumer/story/story_summary.h"
#include "consumer/story/story_text.h"
#include "tests/unit/story_rig.h"

static void test_advice_fits_the_scope(void **state)
{
	static const struct {
		enum oom_scope scope;
		const char *says;
	} rows[] = {
		{ OOM_SCOPE_CONTAINER, "this container's memory limit" },
		{ OOM_SCOPE_POD, "reached the pod's limit" },
		{ OOM_SCOPE_CGROUP, "MemoryMax=" },
		{ OOM_SCOPE_ANCESTOR, "belongs to /the/owner" },
		{ OOM_SCOPE_NODE, "node is short of memory" },
		{ OOM_SCOPE_CPUSET, "cpuset.mems" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_FREE struct story *story = make_story();
		struct verdict verdict;
		char text[STORY_TEXT];

		init_oom_killed(story);
		story->events[0].scope = rows[i].scope;
		verdict = verdict_of(story);
		story_advice(&verdict, text, sizeof(text));
		if (!strstr(text, rows[i].says))
			fail_msg("%s: \"%s\" does not say \"%s\"", oom_scope_name(rows[i].scope), text, rows[i].says);
	}
}

/* A kill of a child is reason to speak of the limit only shortly before the end. */
static void test_advice_after_a_kill(void **state)
{
	static const struct {
		int64_t seconds, status;
		const char *says;
	} rows[] = {
		{ 1, EXIT_CODE(1), "this container's memory limit" },
		{ 4, 9, "this container's memory limit" },
		{ 5, EXIT_CODE(1), "own log" },
		{ 9, EXIT_CODE(1), "own log" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_FREE struct story *story = make_story();
		struct verdict verdict;
		char text[STORY_TEXT];

		add(story, make_kill(50 * SECOND, 77, OOM_SCOPE_CONTAINER));
		add(story, make_exit((50 + rows[i].seconds) * SECOND, 42, rows[i].status, true, false));
		verdict = verdict_of(story);
		story_advice(&verdict, text, sizeof(text));
		if (!strstr(text, rows[i].says) || strstr(text, "nothing outside"))
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i, text, rows[i].says);
	}
}

static char *print_text(const struct story *story)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	story_print(story, true, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void must_say(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("\"%s\" does not say \"%s\"", text, words);
}

static void test_time_line(void **state)
{
	AUTO_FREE struct story *story = make_story();
	AUTO_FREE char *text = NULL;
	struct story_event pressure = make_event(TYPE_MEMORY_PRESSURE, 50 * SECOND - 84000000, 42);
	const char *first, *then;

	(void)state;
	pressure.usage_bytes = 15099494;
	pressure.limit_bytes = 16777216;
	add(story, pressure);
	add(story, make_kill(50 * SECOND, 42, OOM_SCOPE_CONTAINER));
	story->events[1].trigger_pid = 99;
	add(story, make_exit(51 * SECOND, 42, 9, true, true));
	story->exits = 13;
	story->failed = 4;
	story->gaps[story->gap_count++] =
		(struct story_gap){ "ring_full", "process_exit", 17, 40 * SECOND, 41 * SECOND };

	text = print_text(story);
	must_say(text, "1970-01-01 00:00:01.000  started\n");
	must_say(text, "reached 90 % of its limit: 14.4M of 16.0M, 84ms before the kill");
	must_say(text, "OOM kill: \"dd\" (pid 42), when pid 99 asked for memory");
	must_say(text, "Other processes: 12 more ended; of all 13");
	must_say(text, "1970-01-01 00:01:40.000  stopped\n");
	must_say(text, "between 1970-01-01 00:00:40.000 and 1970-01-01 00:00:41.000 17 process_exit events of this machine are missing");
	must_say(text, "(the ring was full)");
	first = strstr(text, "reached 90 %");
	then = strstr(text, "OOM kill:");
	assert_true(first < then);
	/* The conclusion comes before everything. */
	assert_true(strncmp(text, "container 3f2a00000000", 22) == 0);
}

static void test_cut_and_limits_above(void **state)
{
	AUTO_FREE struct story *story = make_story();
	AUTO_FREE char *text = NULL;
	struct story_event pressure = make_event(TYPE_MEMORY_PRESSURE, 49 * SECOND, STORY_UNKNOWN);

	(void)state;
	pressure.usage_bytes = pressure.limit_bytes = 64 << 20;
	pressure.is_above = pressure.is_limit = true;
	(void)snprintf(pressure.limit_cgroup, sizeof(pressure.limit_cgroup), "/the/owner");
	add(story, pressure);
	ancestor(story);
	story->events[1].scope = OOM_SCOPE_ANCESTOR;
	story->cut_from = 30 * SECOND;
	story->cut_until = 60 * SECOND;
	text = print_text(story);
	must_say(text, "hit the limit of /the/owner, above it and nothing could be reclaimed: 64.0M of 64.0M, 1s before");
	must_say(text, "Shown from 1970-01-01 00:00:30.000 on (--since)");
	must_say(text, "Shown up to 1970-01-01 00:01:00.000 (--until)");
	if (strstr(text, "Not shown"))
		fail_msg("\"%s\" counts what is not its own", text);
}

static void test_hostile_names_are_escaped(void **state)
{
	AUTO_FREE struct story *story = make_story();
	AUTO_FREE char *text = NULL;

	(void)state;
	(void)snprintf(story->id, sizeof(story->id), "\x1b]0;id\x07");
	(void)snprintf(story->name, sizeof(story->name), "\x1b[2Jname");
	(void)snprintf(story->pod_name, sizeof(story->pod_name), "p\npod");
	(void)snprintf(story->runtime, sizeof(story->runtime), "r\r");
	init_oom_killed(story);
	(void)snprintf(story->events[0].comm, sizeof(story->events[0].comm), "\x1b[31m\xff");
	story->events[0].scope = OOM_SCOPE_ANCESTOR;
	(void)snprintf(story->events[0].limit_cgroup, sizeof(story->events[0].limit_cgroup),
		       "/a\x1b"
		       "b");
	story->others[story->other_count++] =
		(struct story_other){ .id = "\x1b", .name = "\x07", .init_status = STORY_UNKNOWN };
	story->gaps[story->gap_count++] = (struct story_gap){ .reason = "\x1b", .lost_type = "\x1b" };

	text = print_text(story);
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' && *at != '\n')
			fail_msg("a control character %d in \"%s\"", *at, text);
	must_say(text, "\\x1b[2Jname");
	must_say(text, "p\\x0apod");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_advice_fits_the_scope),
		cmocka_unit_test(test_advice_after_a_kill),
		cmocka_unit_test(test_time_line),
		cmocka_unit_test(test_cut_and_limits_above),
		cmocka_unit_test(test_hostile_names_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
