/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/story/story.h"
#include "tests/harness.h"

#define SECOND 1000000000LL
#define ID64   "3f2a0000000000000000000000000000000000000000000000000000000000a1"

#define EXIT_CODE(code) ((code) << 8)

static struct story_event make_event(enum event_type type, int64_t time, int64_t pid)
{
	struct story_event event = {
		.id = time,
		.time = time,
		.type = type,
		.pid = pid,
		.comm = "dd",
		.incident = STORY_UNKNOWN,
		.limit_bytes = STORY_UNKNOWN,
		.usage_bytes = STORY_UNKNOWN,
		.held_bytes = STORY_UNKNOWN,
		.trigger_pid = STORY_UNKNOWN,
		.oom_score_adj = STORY_UNKNOWN,
		.status = STORY_UNKNOWN,
		.duration = STORY_UNKNOWN,
		.memory_limit = STORY_UNKNOWN,
		.peak = STORY_UNKNOWN,
	};

	return event;
}

static struct story_event make_kill(int64_t time, int64_t pid, const char *scope)
{
	struct story_event event = make_event(TYPE_OOM_KILL, time, pid);

	event.incident = time;
	event.chosen = true;
	event.limit_bytes = event.usage_bytes = 16 << 20;
	event.held_bytes = 15 << 20;
	(void)snprintf(event.scope, sizeof(event.scope), "%s", scope);
	(void)snprintf(event.limit_cgroup, sizeof(event.limit_cgroup), "/the/owner");
	return event;
}

static struct story_event make_exit(int64_t time, int64_t pid, int64_t status, bool init, bool oom)
{
	struct story_event event = make_event(TYPE_PROCESS_EXIT, time, pid);

	event.status = status;
	event.is_init = init;
	event.oom_killed = oom;
	return event;
}

static void add(struct story *story, struct story_event event)
{
	story->oom_kills += event.type == TYPE_OOM_KILL && !event.elsewhere;
	story->exits += event.type == TYPE_PROCESS_EXIT;
	story->events[story->event_count++] = event;
}

static struct story *make_story(void)
{
	struct story *story = calloc(1, sizeof(*story));

	assert_non_null(story);
	(void)snprintf(story->id, sizeof(story->id), ID64);
	(void)snprintf(story->runtime, sizeof(story->runtime), "containerd");
	story->pid = STORY_UNKNOWN;
	story->started = SECOND;
	story->stopped = 100 * SECOND;
	story->told_from = story->told_until = STORY_UNKNOWN;
	story->this_boot = true;
	return story;
}

/* One row: a life, its verdict, and what the summary must and must not say. */
struct life {
	const char *name;
	void (*make)(struct story *story);
	enum story_verdict verdict;
	const char *says[4], *says_not;
};

static void init_oom_killed(struct story *story)
{
	add(story, make_kill(50 * SECOND, 42, "container"));
	add(story, make_exit(51 * SECOND, 42, 9, true, true));
}

static void shell_repeats_137(struct story *story)
{
	add(story, make_kill(50 * SECOND, 43, "container"));
	add(story, make_exit(51 * SECOND, 43, 9, false, true));
	add(story, make_exit(52 * SECOND, 42, EXIT_CODE(137), true, false));
}

static void kill_long_before_137(struct story *story)
{
	add(story, make_kill(20 * SECOND, 43, "container"));
	add(story, make_exit(80 * SECOND, 42, EXIT_CODE(137), true, false));
}

static void own_137(struct story *story)
{
	add(story, make_exit(52 * SECOND, 42, EXIT_CODE(137), true, false));
}

static void sigkill_from_someone(struct story *story)
{
	add(story, make_exit(52 * SECOND, 42, 9, true, false));
}

static void sigkill_after_other_victim(struct story *story)
{
	add(story, make_kill(51 * SECOND, 77, "container"));
	add(story, make_exit(52 * SECOND, 42, 9, true, false));
}

static void sigterm(struct story *story)
{
	add(story, make_exit(52 * SECOND, 42, 15, true, false));
}

static void segv(struct story *story)
{
	add(story, make_exit(52 * SECOND, 42, 11 | 128, true, false));
}

static void failed_after_kill(struct story *story)
{
	add(story, make_kill(51 * SECOND, 77, "container"));
	add(story, make_exit(52 * SECOND, 42, EXIT_CODE(1), true, false));
}

static void completed(struct story *story)
{
	add(story, make_exit(30 * SECOND, 77, EXIT_CODE(5), false, false));
	add(story, make_exit(52 * SECOND, 42, 0, true, false));
}

/* init: the start was completed with the init of the container's pid namespace */
static void add_start(struct story *story, int64_t pid, const char *comm, bool init)
{
	struct story_event start = make_event(TYPE_CONTAINER_START, SECOND, pid);

	(void)snprintf(start.comm, sizeof(start.comm), "%s", comm);
	start.is_init = init;
	add(story, start);
}

static void add_exit(struct story *story, int64_t second, int64_t pid, const char *comm, int64_t status)
{
	struct story_event exit = make_exit(second * SECOND, pid, status, false, false);

	(void)snprintf(exit.comm, sizeof(exit.comm), "%s", comm);
	add(story, exit);
}

static void add_gap(struct story *story, const char *type)
{
	struct story_gap gap = { .reason = "ring_full", .lost = 17, .from = 53 * SECOND, .to = 54 * SECOND };

	(void)snprintf(gap.lost_type, sizeof(gap.lost_type), "%s", type);
	story->gaps[story->gap_count++] = gap;
}

static void no_init_last_exit(struct story *story)
{
	add_start(story, 40, "sh", false);
	add_exit(story, 52, 42, "dd", EXIT_CODE(3));
	add_exit(story, 53, 43, "conmon", 0);
}

static void no_init_first_process(struct story *story)
{
	add_start(story, 40, "sh", false);
	add_exit(story, 52, 40, "sh", EXIT_CODE(4));
	add_exit(story, 53, 43, "dd", 0);
}

static void start_not_seen(struct story *story)
{
	add_exit(story, 52, 42, "dd", 0);
}

static void runtime_ended_running(struct story *story)
{
	story->stopped = STORY_UNKNOWN;
	add_start(story, 40, "runc:[1:CHILD]", false);
	add_exit(story, 2, 40, "runc:[0:PARENT]", 0);
}

static void runtime_ended_gone(struct story *story)
{
	add_start(story, 40, "exe", false);
	add_exit(story, 2, 40, "exe", 0);
	add_exit(story, 3, 41, "crun", 0);
}

/* Called so by its image: the init is the init. */
static void init_called_runc(struct story *story)
{
	add_start(story, 40, "runc", true);
	add_exit(story, 52, 40, "runc", EXIT_CODE(6));
	story->events[1].is_init = true;
}

static void init_has_not_ended(struct story *story)
{
	add_start(story, 40, "srv", true);
	add_exit(story, 52, 40 + 1, "cgi", 0);
}

static void init_within_ended(struct story *story)
{
	story->stopped = STORY_UNKNOWN;
	add_start(story, 40, "dockerd", true);
	add_exit(story, 52, 50, "within", 0);
	story->events[1].is_init = true;
}

static void init_lost(struct story *story)
{
	add_start(story, 40, "sh", false);
	add_exit(story, 52, 42, "dd", 0);
	add_gap(story, "process_exit");
}

static void anything_lost(struct story *story)
{
	add_start(story, 40, "sh", false);
	add_exit(story, 52, 42, "dd", 0);
	add_gap(story, "");
}

static void pressure_lost(struct story *story)
{
	add_start(story, 40, "sh", false);
	add_exit(story, 52, 42, "dd", 0);
	add_gap(story, "memory_pressure");
}

static void start_lost(struct story *story)
{
	add_start(story, 40, "sh", false);
	add_exit(story, 52, 42, "dd", 0);
	add_gap(story, "container_start");
}

static void kill_and_exits_lost(struct story *story)
{
	add_start(story, 40, "sh", true);
	add(story, make_kill(95 * SECOND, 42, "container"));
	add_gap(story, "process_exit");
}

static void init_kill_and_exits_lost(struct story *story)
{
	add_start(story, 42, "sh", true);
	add(story, make_kill(95 * SECOND, 42, "container"));
	add_gap(story, "process_exit");
}

static void stop_handled(struct story *story)
{
	add(story, make_exit(52 * SECOND, 42, EXIT_CODE(143), true, false));
}

static void code_of_no_signal(struct story *story)
{
	add(story, make_exit(52 * SECOND, 42, EXIT_CODE(255), true, false));
}

static void cut_running(struct story *story)
{
	story->stopped = STORY_UNKNOWN;
	story->this_boot = false;
	story->told_until = 60 * SECOND;
}

static void running(struct story *story)
{
	story->stopped = STORY_UNKNOWN;
	add(story, make_exit(52 * SECOND, 42, EXIT_CODE(3), false, false));
}

static void running_survived(struct story *story)
{
	story->stopped = STORY_UNKNOWN;
	add(story, make_kill(51 * SECOND, 77, "container"));
	add(story, make_exit(52 * SECOND, 77, 9, false, true));
}

static void lost_boot(struct story *story)
{
	story->stopped = STORY_UNKNOWN;
	story->this_boot = false;
}

static void kill_without_exit(struct story *story)
{
	add(story, make_kill(99 * SECOND, 42, "pod"));
}

static void old_kill_without_exit(struct story *story)
{
	add(story, make_kill(10 * SECOND, 42, "pod"));
}

static void kill_elsewhere(struct story *story)
{
	struct story_event kill = make_kill(51 * SECOND, 900, "pod");

	kill.elsewhere = true;
	add(story, kill);
	add(story, make_exit(52 * SECOND, 42, 0, true, false));
}

static void node(struct story *story)
{
	init_oom_killed(story);
	(void)snprintf(story->events[0].scope, sizeof(story->events[0].scope), "node");
}

static void ancestor(struct story *story)
{
	init_oom_killed(story);
	(void)snprintf(story->events[0].scope, sizeof(story->events[0].scope), "ancestor");
}

static void group(struct story *story)
{
	struct story_event along = make_kill(50 * SECOND + 1, 44, "container");

	init_oom_killed(story);
	story->events[0].group_kill = along.group_kill = true;
	along.chosen = false;
	along.incident = story->events[0].incident;
	story->events[2] = story->events[1];
	story->events[1] = along;
	story->event_count = 3;
	/* The init was killed along with the chosen one. */
	story->events[0].pid = 43;
	story->events[1].pid = 42;
}

static void unit(struct story *story)
{
	story->subject = STORY_CGROUP;
	story->id[0] = '\0';
	story->started = story->stopped = STORY_UNKNOWN;
	(void)snprintf(story->cgroup, sizeof(story->cgroup), "/system.slice/foo.service");
	add(story, make_kill(50 * SECOND, 42, "cgroup"));
	add(story, make_exit(51 * SECOND, 42, 9, false, true));
	add(story, make_exit(52 * SECOND, 45, 0, false, false));
}

static void process(struct story *story)
{
	story->subject = STORY_PROCESS;
	story->pid = 45;
	add(story, make_kill(50 * SECOND, 42, "container"));
	add(story, make_exit(52 * SECOND, 45, EXIT_CODE(2), false, false));
}

static const struct life lives[] = {
	{ "init_oom_killed",
	  init_oom_killed,
	  STORY_OOM_KILLED,
	  { "container 3f2a00000000 (containerd) was OOM-killed", "\"dd\" (pid 42)",
	    "16.0M of the container's own limit of 16.0M" },
	  NULL },
	{ "shell_repeats_137", shell_repeats_137, STORY_OOM_KILLED, { "OOM-killed", "(pid 43)" }, "(pid 42)" },
	{ "kill_long_before_137", kill_long_before_137, STORY_FAILED, { "ended as after SIGKILL" }, "OOM" },
	{ "own_137", own_137, STORY_FAILED, { "failed", "exit 137", "ended as after SIGKILL", "own choice" }, "nobody" },
	{ "sigkill_from_someone",
	  sigkill_from_someone,
	  STORY_KILLED,
	  { "killed by SIGKILL", "not by the OOM killer" },
	  NULL },
	{ "sigkill_after_other_victim", sigkill_after_other_victim, STORY_KILLED, { "not by the OOM killer" }, NULL },
	{ "sigterm", sigterm, STORY_SIGNAL, { "ended by SIGTERM", "exit 143" }, "core" },
	{ "segv", segv, STORY_SIGNAL, { "ended by SIGSEGV and dumped core" }, NULL },
	{ "failed_after_kill",
	  failed_after_kill,
	  STORY_FAILED,
	  { "failed", "exit 1", "(pid 77) of it was OOM-killed 1s before" },
	  NULL },
	{ "completed", completed, STORY_COMPLETED, { "completed", "(pid 42)", "exit 0" }, "77" },
	{ "no_init_last_exit", no_init_last_exit, STORY_FAILED, { "exit 3" }, "main process" },
	{ "no_init_first_process", no_init_first_process, STORY_FAILED, { "exit 4" }, NULL },
	{ "start_not_seen", start_not_seen, STORY_NOT_KNOWN, { "no exit of its main process was recorded." }, NULL },
	{ "runtime_ended_running", runtime_ended_running, STORY_RUNNING, { "is running." }, "runc" },
	{ "runtime_ended_gone", runtime_ended_gone, STORY_NOT_KNOWN, { "not known" }, "exe" },
	{ "init_called_runc", init_called_runc, STORY_FAILED, { "exit 6" }, NULL },
	{ "init_has_not_ended", init_has_not_ended, STORY_NOT_KNOWN, { "not known" }, "cgi" },
	{ "init_within_ended", init_within_ended, STORY_RUNNING, { "is running." }, "within" },
	{ "init_lost",
	  init_lost,
	  STORY_NOT_KNOWN,
	  { "The end may be among the 17 process_exit records lost between 1970-01-01 00:00:53.000 and 1970-01-01 "
	    "00:00:54.000." },
	  "completed" },
	{ "anything_lost", anything_lost, STORY_NOT_KNOWN, { "among the 17 records lost between" }, "completed" },
	{ "pressure_lost", pressure_lost, STORY_COMPLETED, { "completed" }, "lost" },
	{ "start_lost", start_lost, STORY_NOT_KNOWN, { "not known" }, "among" },
	{ "kill_and_exits_lost", kill_and_exits_lost, STORY_NOT_KNOWN, { "among the 17" }, NULL },
	{ "init_kill_and_exits_lost", init_kill_and_exits_lost, STORY_OOM_KILLED, { "OOM-killed" }, "among" },
	{ "stop_handled", stop_handled, STORY_FAILED, { "ended as after SIGTERM", "docker stop" }, "nobody" },
	{ "code_of_no_signal", code_of_no_signal, STORY_FAILED, { "exit 255" }, "ended as after" },
	{ "cut_running",
	  cut_running,
	  STORY_RUNNING,
	  { "was still running.", "as of 1970-01-01 00:01:00.000." },
	  "is running" },
	{ "running", running, STORY_RUNNING, { "is running" }, "exit" },
	{ "running_survived",
	  running_survived,
	  STORY_RUNNING,
	  { "is running, but", "(pid 77)", "survived 1 OOM kill." },
	  NULL },
	{ "lost_boot", lost_boot, STORY_NOT_KNOWN, { "not known", "machine" }, NULL },
	{ "kill_without_exit", kill_without_exit, STORY_OOM_KILLED, { "its pod's limit" }, NULL },
	{ "old_kill_without_exit", old_kill_without_exit, STORY_NOT_KNOWN, { "no exit of its main process was recorded" }, NULL },
	{ "kill_elsewhere", kill_elsewhere, STORY_COMPLETED, { "completed" }, "OOM" },
	{ "node", node, STORY_OOM_KILLED, { "the node itself ran out of memory" }, "own limit" },
	{ "ancestor", ancestor, STORY_OOM_KILLED, { "the limit of 16.0M of /the/owner" }, "own limit" },
	{ "group", group, STORY_OOM_KILLED, { "and its whole group" }, NULL },
	{ "unit", unit, STORY_OOM_KILLED, { "unit foo.service was OOM-killed", "its own limit" }, NULL },
	{ "process", process, STORY_FAILED, { "process \"dd\" (pid 45) in container 3f2a00000000", "exit 2" }, NULL },
};

static void test_lives(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lives); i++) {
		const struct life *life = &lives[i];
		AUTO_FREE struct story *story = make_story();
		char text[STORY_TEXT];

		life->make(story);
		row_string(life->name, story_verdict_name(story_judge(story)), story_verdict_name(life->verdict));
		story_summary(story, true, text, sizeof(text));
		for (size_t n = 0; n < ARRAY_SIZE(life->says) && life->says[n]; n++)
			if (!strstr(text, life->says[n]))
				fail_msg("%s: \"%s\" does not say \"%s\"", life->name, text, life->says[n]);
		if (life->says_not && strstr(text, life->says_not))
			fail_msg("%s: \"%s\" says \"%s\"", life->name, text, life->says_not);
	}
}

static void test_advice_fits_the_scope(void **state)
{
	static const struct {
		const char *scope, *says;
	} rows[] = {
		{ "container", "this container's memory limit" },
		{ "pod", "reached the pod's limit" },
		{ "cgroup", "MemoryMax=" },
		{ "ancestor", "belongs to /the/owner" },
		{ "node", "node is short of memory" },
		{ "cpuset", "cpuset.mems" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_FREE struct story *story = make_story();
		char text[STORY_TEXT];

		init_oom_killed(story);
		(void)snprintf(story->events[0].scope, sizeof(story->events[0].scope), "%s", rows[i].scope);
		story_advice(story, text, sizeof(text));
		if (!strstr(text, rows[i].says))
			fail_msg("%s: \"%s\" does not say \"%s\"", rows[i].scope, text, rows[i].says);
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
		char text[STORY_TEXT];

		add(story, make_kill(50 * SECOND, 77, "container"));
		add(story, make_exit((50 + rows[i].seconds) * SECOND, 42, rows[i].status, true, false));
		story_advice(story, text, sizeof(text));
		if (!strstr(text, rows[i].says) || strstr(text, "nothing outside"))
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i, text, rows[i].says);
	}
}

static char *tell(const struct story *story)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	story_tell(story, true, out);
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
	add(story, make_kill(50 * SECOND, 42, "container"));
	story->events[1].trigger_pid = 99;
	add(story, make_exit(51 * SECOND, 42, 9, true, true));
	story->exits = 13;
	story->failed = 4;
	story->gaps[story->gap_count++] =
		(struct story_gap){ "ring_full", "process_exit", 17, 40 * SECOND, 41 * SECOND };

	text = tell(story);
	must_say(text, "1970-01-01 00:00:01.000  started\n");
	must_say(text, "reached 90 % of its limit: 14.4M of 16.0M, 84ms before the kill");
	must_say(text, "OOM kill: \"dd\" (pid 42), when \"\" (pid 99) asked for memory");
	must_say(text, "Other processes: 12 more ended; of all 13");
	must_say(text, "1970-01-01 00:01:40.000  stopped\n");
	must_say(text, "between 1970-01-01 00:00:40.000 and 1970-01-01 00:00:41.000 17 process_exit records");
	must_say(text, "(ring_full)");
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
	(void)snprintf(story->events[1].scope, sizeof(story->events[1].scope), "ancestor");
	story->told_from = 30 * SECOND;
	story->told_until = 60 * SECOND;
	text = tell(story);
	must_say(text, "hit the limit of /the/owner, above it and nothing could be reclaimed: 64.0M of 64.0M, 1s before");
	must_say(text, "Told from 1970-01-01 00:00:30.000 on (--since)");
	must_say(text, "Told up to 1970-01-01 00:01:00.000 (--until)");
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
	(void)snprintf(story->events[0].scope, sizeof(story->events[0].scope), "ancestor");
	(void)snprintf(story->events[0].limit_cgroup, sizeof(story->events[0].limit_cgroup),
		       "/a\x1b"
		       "b");
	story->others[story->other_count++] =
		(struct story_other){ .id = "\x1b", .name = "\x07", .init_status = STORY_UNKNOWN };
	story->gaps[story->gap_count++] = (struct story_gap){ .reason = "\x1b", .lost_type = "\x1b" };

	text = tell(story);
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' && *at != '\n')
			fail_msg("a control character %d in \"%s\"", *at, text);
	must_say(text, "\\x1b[2Jname");
	must_say(text, "p\\x0apod");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lives),
		cmocka_unit_test(test_advice_fits_the_scope),
		cmocka_unit_test(test_advice_after_a_kill),
		cmocka_unit_test(test_time_line),
		cmocka_unit_test(test_cut_and_limits_above),
		cmocka_unit_test(test_hostile_names_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
