/* SPDX-License-Identifier: BSD-2-Clause */
/* How a container, unit or process ended, and the sentence that says so. */
#include "consumer/story/story_summary.h"
#include "tests/unit/story_rig.h"

/* One row: a story, its verdict, and what the summary must and must not say. */
struct ending {
	const char *name;
	void (*make)(struct story *story);
	enum verdict_kind verdict;
	const char *says[4], *says_not;
};

static void shell_repeats_137(struct story *story)
{
	add(story, make_kill(50 * SECOND, 43, OOM_SCOPE_CONTAINER));
	add(story, make_exit(51 * SECOND, 43, 9, false, true));
	add(story, make_exit(52 * SECOND, 42, EXIT_CODE(137), true, false));
}

static void kill_long_before_137(struct story *story)
{
	add(story, make_kill(20 * SECOND, 43, OOM_SCOPE_CONTAINER));
	add(story, make_exit(80 * SECOND, 42, EXIT_CODE(137), true, false));
}

static void own_137(struct story *story)
{
	add(story, make_exit(52 * SECOND, 42, EXIT_CODE(137), true, false));
}

static void sigkill_by_signal(struct story *story)
{
	add(story, make_exit(52 * SECOND, 42, 9, true, false));
}

static void sigkill_after_other_victim(struct story *story)
{
	add(story, make_kill(51 * SECOND, 77, OOM_SCOPE_CONTAINER));
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
	add(story, make_kill(51 * SECOND, 77, OOM_SCOPE_CONTAINER));
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

/* A container's own main program may be named like a runtime. */
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

/* The order of exits is not known when one was noticed late. */
static void last_was_late(struct story *story)
{
	add_start(story, 40, "sh", false);
	add_exit(story, 52, 42, "dd", EXIT_CODE(3));
	story->events[1].late = true;
}

/* Nobody knows with which process it began, so its last exit need not be that of the main one. */
static void inferred_start(struct story *story)
{
	add_start(story, 0, "", false);
	story->events[0].pid = STORY_UNKNOWN;
	story->events[0].inferred = true;
	add_exit(story, 52, 42, "dd", EXIT_CODE(3));
}

static void late_failure(struct story *story)
{
	struct story_event exit = make_exit(52 * SECOND, 42, EXIT_CODE(3), true, false);

	exit.late = true;
	add(story, exit);
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
	add(story, make_kill(95 * SECOND, 42, OOM_SCOPE_CONTAINER));
	add_gap(story, "process_exit");
}

static void init_kill_and_exits_lost(struct story *story)
{
	add_start(story, 42, "sh", true);
	add(story, make_kill(95 * SECOND, 42, OOM_SCOPE_CONTAINER));
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
	story->cut_until = 60 * SECOND;
}

static void running(struct story *story)
{
	story->stopped = STORY_UNKNOWN;
	add(story, make_exit(52 * SECOND, 42, EXIT_CODE(3), false, false));
}

static void running_survived(struct story *story)
{
	story->stopped = STORY_UNKNOWN;
	add(story, make_kill(51 * SECOND, 77, OOM_SCOPE_CONTAINER));
	add(story, make_exit(52 * SECOND, 77, 9, false, true));
}

static void lost_boot(struct story *story)
{
	story->stopped = STORY_UNKNOWN;
	story->this_boot = false;
}

static void kill_without_exit(struct story *story)
{
	add(story, make_kill(99 * SECOND, 42, OOM_SCOPE_POD));
}

static void old_kill_without_exit(struct story *story)
{
	add(story, make_kill(10 * SECOND, 42, OOM_SCOPE_POD));
}

static void kill_elsewhere(struct story *story)
{
	struct story_event kill = make_kill(51 * SECOND, 900, OOM_SCOPE_POD);

	kill.elsewhere = true;
	add(story, kill);
	add(story, make_exit(52 * SECOND, 42, 0, true, false));
}

static void node(struct story *story)
{
	init_oom_killed(story);
	story->events[0].scope = OOM_SCOPE_NODE;
}

static void group(struct story *story)
{
	struct story_event along = make_kill(50 * SECOND + 1, 44, OOM_SCOPE_CONTAINER);

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
	add(story, make_kill(50 * SECOND, 42, OOM_SCOPE_CGROUP));
	add(story, make_exit(51 * SECOND, 42, 9, false, true));
	add(story, make_exit(52 * SECOND, 45, 0, false, false));
}

static void process(struct story *story)
{
	story->subject = STORY_PROCESS;
	story->pid = 45;
	add(story, make_kill(50 * SECOND, 42, OOM_SCOPE_CONTAINER));
	add(story, make_exit(52 * SECOND, 45, EXIT_CODE(2), false, false));
}

static const struct ending endings[] = {
	{ "init_oom_killed",
	  init_oom_killed,
	  VERDICT_OOM_KILLED,
	  { "container 3f2a00000000 (containerd) was OOM-killed", "\"dd\" (pid 42)",
	    "16.0M of the container's own limit of 16.0M" },
	  NULL },
	{ "shell_repeats_137", shell_repeats_137, VERDICT_OOM_KILLED, { "OOM-killed", "(pid 43)" }, "(pid 42)" },
	{ "kill_long_before_137", kill_long_before_137, VERDICT_FAILED, { "ended as after SIGKILL" }, "OOM" },
	{ "own_137", own_137, VERDICT_FAILED, { "failed", "exit 137", "ended as after SIGKILL", "own choice" }, "nobody" },
	{ "sigkill_by_signal",
	  sigkill_by_signal,
	  VERDICT_KILLED,
	  { "killed by SIGKILL", "not by the OOM killer" },
	  NULL },
	{ "sigkill_after_other_victim", sigkill_after_other_victim, VERDICT_KILLED, { "not by the OOM killer" }, NULL },
	{ "sigterm", sigterm, VERDICT_SIGNAL, { "ended by SIGTERM", "exit 143" }, "core" },
	{ "segv", segv, VERDICT_SIGNAL, { "ended by SIGSEGV and dumped core" }, NULL },
	{ "failed_after_kill",
	  failed_after_kill,
	  VERDICT_FAILED,
	  { "failed", "exit 1", "(pid 77) of it was OOM-killed 1s before" },
	  NULL },
	{ "completed", completed, VERDICT_COMPLETED, { "completed", "(pid 42)", "exit 0" }, "77" },
	{ "no_init_last_exit", no_init_last_exit, VERDICT_FAILED, { "exit 3" }, "main process" },
	{ "no_init_first_process", no_init_first_process, VERDICT_FAILED, { "exit 4" }, NULL },
	{ "start_not_seen", start_not_seen, VERDICT_UNKNOWN, { "no exit of its main process was recorded." }, NULL },
	{ "runtime_ended_running", runtime_ended_running, VERDICT_RUNNING, { "is running." }, "runc" },
	{ "runtime_ended_gone", runtime_ended_gone, VERDICT_UNKNOWN, { "not known" }, "exe" },
	{ "init_called_runc", init_called_runc, VERDICT_FAILED, { "exit 6" }, NULL },
	{ "init_has_not_ended", init_has_not_ended, VERDICT_UNKNOWN, { "not known" }, "cgi" },
	{ "init_within_ended", init_within_ended, VERDICT_RUNNING, { "is running." }, "within" },
	{ "init_lost",
	  init_lost,
	  VERDICT_UNKNOWN,
	  { "The end may be among the 17 process_exit records lost between 1970-01-01 00:00:53.000 and 1970-01-01 "
	    "00:00:54.000." },
	  "completed" },
	{ "anything_lost", anything_lost, VERDICT_UNKNOWN, { "among the 17 records lost between" }, "completed" },
	{ "pressure_lost", pressure_lost, VERDICT_COMPLETED, { "completed" }, "lost" },
	{ "last_was_late", last_was_late, VERDICT_UNKNOWN, { "not known" }, NULL },
	{ "inferred_start", inferred_start, VERDICT_UNKNOWN, { "not known" }, NULL },
	{ "late_failure", late_failure, VERDICT_FAILED, { "noticed late, when it was released" }, "own log" },
	{ "start_lost", start_lost, VERDICT_UNKNOWN, { "not known" }, "among" },
	{ "kill_and_exits_lost", kill_and_exits_lost, VERDICT_UNKNOWN, { "among the 17" }, NULL },
	{ "init_kill_and_exits_lost", init_kill_and_exits_lost, VERDICT_OOM_KILLED, { "OOM-killed" }, "among" },
	{ "stop_handled", stop_handled, VERDICT_FAILED, { "ended as after SIGTERM", "docker stop" }, "nobody" },
	{ "code_of_no_signal", code_of_no_signal, VERDICT_FAILED, { "exit 255" }, "ended as after" },
	{ "cut_running",
	  cut_running,
	  VERDICT_RUNNING,
	  { "was still running.", "as of 1970-01-01 00:01:00.000." },
	  "is running" },
	{ "running", running, VERDICT_RUNNING, { "is running" }, "exit" },
	{ "running_survived",
	  running_survived,
	  VERDICT_RUNNING,
	  { "is running, but", "(pid 77)", "survived 1 OOM kill." },
	  NULL },
	{ "lost_boot", lost_boot, VERDICT_UNKNOWN, { "not known", "machine" }, NULL },
	{ "kill_without_exit", kill_without_exit, VERDICT_OOM_KILLED, { "its pod's limit" }, NULL },
	{ "old_kill_without_exit", old_kill_without_exit, VERDICT_UNKNOWN, { "no exit of its main process was recorded" }, NULL },
	{ "kill_elsewhere", kill_elsewhere, VERDICT_COMPLETED, { "completed" }, "OOM" },
	{ "node", node, VERDICT_OOM_KILLED, { "the node itself ran out of memory" }, "own limit" },
	{ "ancestor", ancestor, VERDICT_OOM_KILLED, { "the limit of 16.0M of /the/owner" }, "own limit" },
	{ "group", group, VERDICT_OOM_KILLED, { "and its whole group" }, NULL },
	{ "unit", unit, VERDICT_OOM_KILLED, { "unit foo.service was OOM-killed", "its own limit" }, NULL },
	{ "process", process, VERDICT_FAILED, { "process \"dd\" (pid 45) in container 3f2a00000000", "exit 2" }, NULL },
};

static void test_endings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		const struct ending *ending = &endings[i];
		AUTO_FREE struct story *story = make_story();
		struct verdict verdict;
		char text[STORY_TEXT];

		ending->make(story);
		verdict = verdict_of(story);
		row_string(ending->name, verdict_name(verdict.kind), verdict_name(ending->verdict));
		story_summary(story, &verdict, true, text, sizeof(text));
		for (size_t n = 0; n < ARRAY_SIZE(ending->says) && ending->says[n]; n++)
			if (!strstr(text, ending->says[n]))
				fail_msg("%s: \"%s\" does not say \"%s\"", ending->name, text, ending->says[n]);
		if (ending->says_not && strstr(text, ending->says_not))
			fail_msg("%s: \"%s\" says \"%s\"", ending->name, text, ending->says_not);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
