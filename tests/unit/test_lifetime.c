/* SPDX-License-Identifier: BSD-2-Clause */
/* Each container instance has one container_start and one container_stop, also across restarts and lost records. */
#include "consumer/container/cgroup_fs.h"
#include "tests/pipeline_rig.h"

#define ID   "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define EVIL "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
#define THIRD "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
#define PATH "/docker/" ID
#define CRUN "/machine.slice/libpod-" ID ".scope"
#define STARTS "SELECT count(*) FROM event WHERE type = 5"
#define STOPS  "SELECT count(*) FROM event WHERE type = 6"

static void start(struct recorder_rig *r)
{
	recorder_rig_open(r, 65536);
	assert_int_equal(recorder_rig_start(r), 0);
}

static void drain(struct recorder_rig *r)
{
	assert_int_equal(pipeline_drain(r->pipeline), 0);
}

static void restart(struct recorder_rig *r)
{
	drain(r);
	recorder_rig_kill(r);
	assert_int_equal(recorder_rig_start(r), 0);
}

static void test_one_container_instance(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, PATH);
	drain(&r);
	assert_answer(&r, "SELECT count(*) FROM container WHERE born IS NOT NULL AND started IS NULL", 1);
	assert_answer(&r, STARTS, 0);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, 42, 7, NULL);
	(void)rig_exit(&r.rig, 0, 100, 42, 0);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_RMDIR, 42, 7, NULL);
	drain(&r);
	assert_answer(&r, STARTS, 1);
	assert_answer(&r, STOPS, 1);
	assert_answer(&r, "SELECT count(*) FROM container WHERE born < started AND started < stopped", 1);
	assert_answer(&r, "SELECT memory_limit_bytes FROM v_lifecycle WHERE type = 'container_start'", 16 << 20);
	assert_answer(&r, "SELECT peak_bytes FROM v_lifecycle WHERE type = 'container_start'", -1);
	assert_answer(&r, "SELECT peak_bytes FROM v_lifecycle WHERE type = 'container_stop'", 12 << 20);
	assert_answer(&r, "SELECT oom_kills FROM v_lifecycle WHERE type = 'container_stop'", 2);
	assert_text(&r, "SELECT container_id FROM v_lifecycle WHERE type = 'container_stop'", ID);
	assert_answer(&r, "SELECT count(*) FROM cgroup WHERE kernfs_id = 42 AND removed IS NOT NULL", 1);
	recorder_rig_close(&r);
}

static void test_restarts_of_the_recorder_do_not_matter(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, PATH);
	restart(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, 42, 7, NULL);
	restart(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, 42, 7, NULL);
	restart(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_RMDIR, 42, 7, NULL);
	restart(&r);
	assert_answer(&r, STARTS, 1);
	assert_answer(&r, STOPS, 1);
	assert_answer(&r, "SELECT count(*) FROM container", 1);
	recorder_rig_close(&r);
}

/* crun puts the process into a cgroup below the container's own. */
static void test_an_exec_below_starts_and_only_the_outermost_stops(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, CRUN);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 43, 42, CRUN "/container");
	(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, 43, 42, NULL);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 44, 43, CRUN "/container/inner");
	(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, 44, 43, NULL);
	drain(&r);
	assert_answer(&r, STARTS, 1);
	assert_answer(&r, "SELECT count(*) FROM container", 1);
	assert_answer(&r, "SELECT cgroup_id FROM v_lifecycle WHERE type = 'container_start'", 42);
	assert_answer(&r, "SELECT memory_limit_bytes FROM v_lifecycle", -1);

	(void)rig_lifecycle(&r.rig, EV_CGROUP_RMDIR, 44, 43, NULL);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_RMDIR, 43, 42, NULL);
	drain(&r);
	assert_answer(&r, STOPS, 0);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_RMDIR, 42, 7, NULL);
	drain(&r);
	assert_answer(&r, STOPS, 1);
	recorder_rig_close(&r);
}

static void test_the_same_id_again_is_a_new_instance(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	for (uint64_t cgroup = 42; cgroup < 45; cgroup++) {
		(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, cgroup, 7, PATH);
		(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, cgroup, 7, NULL);
		(void)rig_lifecycle(&r.rig, EV_CGROUP_RMDIR, cgroup, 7, NULL);
	}
	drain(&r);
	assert_answer(&r, STARTS, 3);
	assert_answer(&r, STOPS, 3);
	assert_answer(&r, "SELECT count(*) FROM container WHERE id = '" ID "' AND stopped IS NOT NULL", 3);
	assert_answer(&r, "SELECT count(DISTINCT container_pk) FROM v_lifecycle", 3);
	recorder_rig_close(&r);
}

static void test_a_lost_removal_does_not_join_two_instances(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, PATH);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, 42, 7, NULL);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 43, 7, PATH);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, 43, 7, NULL);
	drain(&r);
	assert_answer(&r, STARTS, 2);
	assert_answer(&r, "SELECT count(*) FROM container", 2);
	assert_answer(&r, "SELECT count(*) FROM container WHERE stopped IS NULL", 1);
	recorder_rig_close(&r);
}

/* A container that ran before the recorder did: it has a row, but the time of its start is unknown. */
static void test_a_container_older_than_the_recorder_has_no_start(void **state)
{
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, 65536);
	fake_put(&r.maps, 42, META_SEED, PATH);
	fake_put(&r.maps, 50, META_SEED, "/system.slice/cron.service");
	assert_int_equal(recorder_rig_start(&r), 0);
	assert_answer(&r, "SELECT count(*) FROM container WHERE born IS NULL AND started IS NULL", 1);
	assert_answer(&r, "SELECT count(*) FROM cgroup", 1);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, 42, 7, NULL);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 43, 42, PATH "/sub");
	(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, 43, 42, NULL);
	restart(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_RMDIR, 42, 7, NULL);
	drain(&r);
	assert_answer(&r, STARTS, 0);
	assert_answer(&r, STOPS, 1);
	assert_answer(&r, "SELECT count(*) FROM container WHERE started IS NULL AND stopped IS NOT NULL", 1);
	recorder_rig_close(&r);
}

/* The record of its creation was lost, but the kernel's map has an entry of that creation. */
static void test_a_birth_that_was_lost_is_in_the_map(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	fake_put(&r.maps, 42, META_BIRTH, PATH);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, 42, 7, NULL);
	drain(&r);
	assert_answer(&r, STARTS, 1);
	recorder_rig_close(&r);
}

static void test_helpers_and_pods_are_no_containers(void **state)
{
	static const char *const paths[] = {
		"/machine.slice/libpod-conmon-" ID ".scope",
		"/kubepods/burstable/pod0123abcd-0123-0123-0123-0123456789ab",
		"/system.slice/cron.service",
		"/",
	};
	struct recorder_rig r;

	(void)state;
	start(&r);
	for (uint64_t i = 0; i < ARRAY_SIZE(paths); i++) {
		(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42 + i, 7, paths[i]);
		(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, 42 + i, 7, NULL);
		(void)rig_lifecycle(&r.rig, EV_CGROUP_RMDIR, 42 + i, 7, NULL);
	}
	drain(&r);
	assert_answer(&r, "SELECT count(*) FROM event", 0);
	assert_answer(&r, "SELECT count(*) FROM container", 0);
	assert_answer(&r, "SELECT sum(stored) FROM tally", 3 * ARRAY_SIZE(paths));
	recorder_rig_close(&r);
}

/* A directory that cannot be read is not the end of a container. */
static void reconcile_unreadable(struct recorder_rig *r)
{
	char here[256], elsewhere[256];

	(void)snprintf(here, sizeof(here), "%s/docker", r->directory);
	(void)snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", r->directory);
	assert_int_equal(rename(here, elsewhere), 0);
	assert_int_equal(symlink(here, here), 0); /* ELOOP, also for root */
	for (int i = 0; i < 3; i++)
		assert_int_equal(pipeline_reconcile(r->pipeline), 0);
	assert_int_equal(unlink(here), 0);
	assert_int_equal(rename(elsewhere, here), 0);
}

/* The removal of a cgroup was not recorded. If it is missing once, its record may be unread; twice is the end. */
static void test_an_end_that_was_not_recorded(void **state)
{
	struct recorder_rig r;
	struct cgroup_fs *fs = NULL;
	char path[256];
	struct stat st;

	(void)state;
	recorder_rig_open(&r, 65536);
	(void)snprintf(path, sizeof(path), "mkdir -p '%s/docker/" ID "'", r.directory);
	assert_int_equal(system(path), 0);
	(void)snprintf(path, sizeof(path), "%s" PATH, r.directory);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(cgroup_fs_open(r.directory, false, &fs), 0);
	assert_int_equal(ring_attach(&r.rig.consumer, &r.rig.producer, r.rig.data, r.rig.size, &r.ring), 0);
	assert_int_equal(pipeline_open(&r.settings, r.ring, &r.kernel_maps, fs, &r.pipeline), 0);
	assert_int_equal(pipeline_start(r.pipeline), 0);

	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, st.st_ino, 7, PATH);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, st.st_ino, 7, NULL);
	drain(&r);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	reconcile_unreadable(&r);
	assert_answer(&r, STOPS, 0);

	assert_int_equal(rmdir(path), 0);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	assert_answer(&r, STOPS, 0);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	assert_answer(&r, STOPS, 1);
	assert_answer(&r, "SELECT peak_bytes FROM v_lifecycle WHERE type = 'container_stop'", -1);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_RMDIR, st.st_ino, 7, NULL);
	drain(&r);
	assert_int_equal(pipeline_reconcile(r.pipeline), 0);
	assert_answer(&r, STOPS, 1);
	recorder_rig_close(&r);
	cgroup_fs_close(fs);
}

/* A container that may create cgroups can give them the id of another container. */
static void test_a_forged_id_inside_a_container_is_another_instance(void **state)
{
	static const char *const forged[] = {
		"/docker/" EVIL "/docker/" ID,
		"/docker/" THIRD "/docker/" ID,
		"/docker/" THIRD "/docker/" EVIL "/docker/" ID,
	};
	struct recorder_rig r;

	(void)state;
	start(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, PATH);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, 42, 7, NULL);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 50, 7, "/docker/" EVIL);
	for (uint64_t i = 0; i < ARRAY_SIZE(forged); i++) {
		(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 60 + i, 50, forged[i]);
		(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, 60 + i, 50, NULL);
		(void)rig_exit(&r.rig, 0, 100, 60 + i, 0);
	}
	drain(&r);
	assert_answer(&r, "SELECT count(*) FROM container WHERE id = '" ID "'", 4);
	assert_answer(&r, "SELECT count(DISTINCT container_pk) FROM v_exit", 3);
	assert_answer(&r, "SELECT count(*) FROM v_exit v JOIN container c ON c.container = v.container_pk"
			  " WHERE c.outer_id IS NULL",
		      0);
	for (uint64_t i = 0; i < ARRAY_SIZE(forged); i++)
		(void)rig_lifecycle(&r.rig, EV_CGROUP_RMDIR, 60 + i, 50, NULL);
	drain(&r);
	assert_answer(&r, STOPS, 3);
	assert_answer(&r, "SELECT count(*) FROM container WHERE outer_id IS NULL AND stopped IS NOT NULL", 0);
	recorder_rig_close(&r);
}

static void emit_names(struct recorder_rig *r, uint64_t cgroup, const char *names, size_t length, uint32_t flags)
{
	struct {
		struct ev_memory e;
		char names[256];
	} record = { .e = { .cgroup = rig_cgroup(cgroup), .flags = flags } };

	record.e.names = (struct ev_tail){ sizeof(record.e), (__u16)length };
	(void)memcpy(record.names, names, length);
	(void)rig_emit(&r->rig, 0, EV_MEMORY_HIGH, &record, sizeof(record.e) + length);
}

/* The outermost cgroup of none was seen: they differ only in the container or the service around two of them. */
static void test_a_forged_id_seen_from_below_is_another_instance(void **state)
{
	static const char own[] = "below\0" ID "\0docker", forged[] = "below\0" ID "\0docker\0" EVIL "\0docker";
	static const char served[] = "below\0" ID "\0docker\0runner.service\0system.slice";
	struct recorder_rig r;

	(void)state;
	start(&r);
	emit_names(&r, 60, own, sizeof(own), 0);
	emit_names(&r, 61, forged, sizeof(forged), 0);
	emit_names(&r, 62, served, sizeof(served), 0);
	drain(&r);
	assert_answer(&r, "SELECT count(DISTINCT container_pk) FROM v_pressure WHERE container_id = '" ID "'", 3);
	assert_answer(&r, "SELECT count(*) FROM container WHERE id = '" ID "' AND delegated = 1 AND outer_id IS NULL", 1);
	recorder_rig_close(&r);
}

#define emit_cut(r, cgroup, names, length) emit_names(r, cgroup, names, length, EV_F_NAMES_CUT)

static void test_a_path_without_its_beginning_is_an_instance_of_its_own(void **state)
{
	static const char own[] = ID "\0docker\0fragment", below[] = "below\0" ID "\0docker\0fragment";
	struct recorder_rig r;

	(void)state;
	start(&r);
	emit_cut(&r, 60, own, sizeof(own)); /* before and after the one with a complete path */
	emit_cut(&r, 61, below, sizeof(below));
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, PATH);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 43, 42, PATH "/sub");
	(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, 43, 42, NULL);
	emit_cut(&r, 62, own, sizeof(own));
	emit_cut(&r, 60, own, sizeof(own));
	restart(&r);
	emit_cut(&r, 61, below, sizeof(below));
	drain(&r);
	assert_answer(&r, "SELECT count(*) FROM container", 4);
	assert_answer(&r, "SELECT count(DISTINCT container_pk) FROM v_pressure", 3);
	assert_answer(&r, "SELECT count(*) FROM v_pressure WHERE container_id = '" ID "'", 5);
	assert_answer(&r, "SELECT count(DISTINCT container) FROM cgroup WHERE kernfs_id IN (42, 43)", 1);
	assert_answer(&r, STARTS, 1);
	for (uint64_t cgroup = 60; cgroup < 63; cgroup++)
		(void)rig_lifecycle(&r.rig, EV_CGROUP_RMDIR, cgroup, 7, NULL);
	drain(&r);
	assert_answer(&r, STOPS, 0);
	assert_answer(&r, "SELECT count(*) FROM container WHERE stopped IS NULL", 1);
	recorder_rig_close(&r);
}

static void emit_exec(struct recorder_rig *r, uint64_t cgroup, const char *comm, uint64_t limit, uint32_t flags)
{
	struct ev_lifecycle exec = { .task = rig_task(200, comm), .cgroup = rig_cgroup(cgroup), .parent = rig_cgroup(7) };

	exec.task.ppid = 150;
	exec.task.uid = 1000;
	exec.limit_bytes = limit;
	exec.peak_bytes = exec.oom_kills = EV_UNKNOWN;
	exec.flags = flags;
	(void)rig_emit(&r->rig, 0, EV_CGROUP_EXEC, &exec, sizeof(exec));
}

#define COMM  "SELECT comm FROM v_lifecycle"
#define LIMIT "SELECT memory_limit_bytes FROM v_lifecycle"
#define FLAGS "SELECT flags FROM v_lifecycle"

/* A runtime that execs itself in the container's cgroup is not what the container runs. */
static void test_the_init_completes_the_start(void **state)
{
	struct recorder_rig r;
	int64_t time;

	(void)state;
	for (int restarts = 0; restarts < 2; restarts++) {
		start(&r);
		(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, PATH);
		emit_exec(&r, 42, "runc", EV_UNLIMITED, 0);
		if (restarts) {
			restart(&r);
			assert_text(&r, COMM, "runc");
			assert_answer(&r, FLAGS, 0);
			assert_answer(&r, LIMIT, -1);
		}
		time = ask_number(r.path, "SELECT started FROM container");
		emit_exec(&r, 42, "app", 32 << 20, EV_F_NS_INIT);
		emit_exec(&r, 42, "later", 64 << 20, EV_F_NS_INIT);
		drain(&r);
		assert_answer(&r, STARTS, 1);
		assert_text(&r, COMM, "app");
		assert_answer(&r, FLAGS, EVENT_CONTAINER_INIT);
		assert_answer(&r, LIMIT, 32 << 20);
		assert_answer(&r, "SELECT pid = 200 AND ppid = 150 AND uid = 1000 FROM v_lifecycle", 1);
		assert_answer(&r, "SELECT e.time = c.started FROM event e, container c WHERE e.type = 5", 1);
		if (restarts)
			assert_answer(&r, "SELECT time FROM event WHERE type = 5", time);
		assert_answer(&r, "SELECT stored FROM tally WHERE kind = 7", 3);
		recorder_rig_close(&r);
	}
}

static void test_the_init_may_be_first(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, PATH);
	emit_exec(&r, 42, "app", 32 << 20, EV_F_NS_INIT);
	emit_exec(&r, 42, "nested", 64 << 20, EV_F_NS_INIT);
	drain(&r);
	assert_text(&r, COMM, "app");
	assert_answer(&r, FLAGS, EVENT_CONTAINER_INIT);
	recorder_rig_close(&r);
}

static void test_what_does_not_complete_a_start(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, PATH);
	emit_exec(&r, 42, "first", 16 << 20, 0);
	emit_exec(&r, 42, "no init", 32 << 20, 0);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 50, 7, "/docker/" EVIL);
	emit_exec(&r, 50, "first", 16 << 20, 0);
	emit_exec(&r, 60, "elsewhere", 32 << 20, EV_F_NS_INIT);
	r.rig.clock_ns += 10000000000ULL;
	emit_exec(&r, 42, "too late", 32 << 20, EV_F_NS_INIT);
	drain(&r);
	assert_answer(&r, "SELECT count(*) FROM v_lifecycle WHERE comm = 'first' AND flags = 0"
			  " AND memory_limit_bytes = 16 << 20",
		      2);
	recorder_rig_close(&r);
}

/* The limit of a cgroup below the container's own one does not replace the container's limit. */
static void test_an_init_below_leaves_the_limit(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, CRUN);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 43, 42, CRUN "/container");
	emit_exec(&r, 42, "crun", 16 << 20, 0);
	emit_exec(&r, 43, "app", 1 << 20, EV_F_NS_INIT);
	drain(&r);
	assert_text(&r, COMM, "app");
	assert_answer(&r, LIMIT, 16 << 20);
	recorder_rig_close(&r);
}

/* What is known of the start: how it was learnt, whose exec it was, and whether it is at the time of the instance. */
#define START_WORDS                                                                                                       \
	"SELECT group_concat(l.inferred || ':' || coalesce(e.pid, '-') || ':' || (e.time = c.started), ' ') FROM lifecycle l" \
	" JOIN event e ON e.id = l.id JOIN container c ON c.container = l.container WHERE e.type = 5"

static void emit_exec_of(struct recorder_rig *r, uint64_t cgroup, uint32_t pid, const char *comm, uint32_t flags)
{
	struct ev_lifecycle exec = { .task = rig_task(pid, comm), .cgroup = rig_cgroup(cgroup), .flags = flags };

	exec.limit_bytes = 16 << 20;
	exec.peak_bytes = exec.oom_kills = EV_UNKNOWN;
	assert_true(rig_emit(&r->rig, 0, EV_CGROUP_EXEC, &exec, sizeof(exec)));
}

static void emit_exit_of(struct recorder_rig *r, uint64_t cgroup, uint32_t pid, const char *comm)
{
	struct ev_process_exit exit = { .task = rig_task(pid, comm), .cgroup = rig_cgroup(cgroup) };

	assert_true(rig_emit(&r->rig, 0, EV_PROCESS_EXIT, &exit, sizeof(exit)));
}

static void exit_of_it(struct recorder_rig *r)
{
	emit_exit_of(r, 42, 100, "sh");
}

static void exit_below_it(struct recorder_rig *r)
{
	(void)rig_lifecycle(&r->rig, EV_CGROUP_MKDIR, 43, 42, PATH "/below");
	emit_exit_of(r, 43, 100, "sh");
}

static void kill_in_it(struct recorder_rig *r)
{
	(void)rig_oom(&r->rig, 100, 42, 42, 5);
}

static void pressure_in_it(struct recorder_rig *r)
{
	struct ev_memory memory = { .task = rig_task(100, "sh"), .cgroup = rig_cgroup(42) };

	assert_true(rig_emit(&r->rig, 0, EV_MEMORY_HIGH, &memory, sizeof(memory)));
}

static void fork_in_it(struct recorder_rig *r)
{
	struct ev_process_fork fork = { .task = rig_task(100, "sh"), .child = rig_task(101, "sh") };

	fork.cgroup = rig_cgroup(42);
	assert_true(rig_emit(&r->rig, 0, EV_PROCESS_FORK, &fork, sizeof(fork)));
}

static void stop_of_it(struct recorder_rig *r)
{
	(void)rig_lifecycle(&r->rig, EV_CGROUP_RMDIR, 42, 7, NULL);
}

/* The record of the exec was lost. */
static void test_a_start_is_inferred_from_the_first_later_event(void **state)
{
	static const struct {
		const char *what;
		void (*event)(struct recorder_rig *r);
	} rows[] = {
		{ "exit", exit_of_it }, { "exit below", exit_below_it }, { "kill", kill_in_it },
		{ "pressure", pressure_in_it }, { "fork", fork_in_it }, { "stop", stop_of_it },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct recorder_rig r;
		char got[64];

		start(&r);
		(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, PATH);
		rows[i].event(&r);
		drain(&r);
		ask_text(r.path, START_WORDS, got, sizeof(got));
		row_string(rows[i].what, got, "1:-:1");
		assert_answer(&r, "SELECT type FROM event ORDER BY id LIMIT 1", TYPE_CONTAINER_START);
		rows[i].event(&r);
		restart(&r);
		exit_of_it(&r);
		stop_of_it(&r);
		drain(&r);
		ask_text(r.path, START_WORDS, got, sizeof(got));
		row_string(rows[i].what, got, "1:-:1");
		assert_answer(&r, STOPS, 1);
		recorder_rig_close(&r);
	}
}

static void test_the_time_of_an_inferred_start(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	r.rig.clock_ns = 400000000;
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, PATH);
	r.rig.clock_ns = 900000000;
	exit_of_it(&r); /* of a process that started at 500000000 */
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 52, 7, "/docker/" EVIL);
	emit_exit_of(&r, 52, 101, "sh"); /* it entered the cgroup later than it started */
	drain(&r);
	assert_answer(&r, "SELECT started - born FROM container WHERE id = '" ID "'", 100000000);
	assert_answer(&r, "SELECT started - born FROM container WHERE id = '" EVIL "'", 0);
	recorder_rig_close(&r);
}

/* The processes of a runtime that set the container up are no start: it has not started yet, or never does. */
static void test_a_runtime_is_no_evidence_of_a_start(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, PATH);
	emit_exit_of(&r, 42, 99, "runc:[1:CHILD]");
	drain(&r);
	assert_answer(&r, STARTS, 0);
	emit_exec_of(&r, 42, 100, "sh", EV_F_NS_INIT);
	drain(&r);
	assert_text(&r, START_WORDS, "0:100:1");
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 52, 7, "/docker/" EVIL);
	emit_exit_of(&r, 52, 99, "runc:[1:CHILD]");
	(void)rig_lifecycle(&r.rig, EV_CGROUP_RMDIR, 52, 7, NULL);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 62, 7, "/docker/" THIRD);
	emit_exit_of(&r, 62, 99, "runc:[1:CHILD]");
	restart(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_RMDIR, 62, 7, NULL);
	drain(&r);
	assert_answer(&r, STARTS, 1);
	assert_answer(&r, STOPS, 2);
	recorder_rig_close(&r);
}

/* The exec arrives behind the event from which the start was inferred. */
static void test_a_real_start_replaces_an_inferred_one(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, PATH);
	exit_of_it(&r);
	restart(&r);
	emit_exec_of(&r, 42, 100, "sh", 0);
	drain(&r);
	assert_text(&r, START_WORDS, "0:100:1");
	emit_exec_of(&r, 42, 101, "srv", EV_F_NS_INIT);
	emit_exec_of(&r, 42, 102, "cat", 0);
	drain(&r);
	assert_text(&r, START_WORDS, "0:101:1");
	assert_answer(&r, "SELECT memory_limit_bytes FROM v_lifecycle", 16 << 20);
	recorder_rig_close(&r);
}

/* Whose exec is lost may run for long: an exec somewhere below, or much later, is that of another process. */
static void test_another_exec_is_not_the_lost_one(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, PATH);
	exit_of_it(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 43, 42, PATH "/below");
	emit_exec_of(&r, 43, 101, "cat", 0);
	r.rig.clock_ns += 20000000000ULL;
	emit_exec_of(&r, 42, 102, "cat", 0);
	drain(&r);
	assert_text(&r, START_WORDS, "1:-:1");
	recorder_rig_close(&r);
}

static void test_a_container_older_than_the_recorder_has_no_inferred_start(void **state)
{
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, 65536);
	fake_put(&r.maps, 42, META_SEED, PATH);
	assert_int_equal(recorder_rig_start(&r), 0);
	exit_of_it(&r);
	kill_in_it(&r);
	pressure_in_it(&r);
	restart(&r);
	exit_of_it(&r);
	stop_of_it(&r);
	drain(&r);
	assert_answer(&r, STARTS, 0);
	recorder_rig_close(&r);
}

/* A user may name a cgroup of its own after a container. */
static void test_a_forged_id_in_the_tree_of_a_user_is_another_instance(void **state)
{
	static const char forged[] = "/user.slice/user-1000.slice/user@1000.service/docker/" ID;
	struct recorder_rig r;

	(void)state;
	start(&r);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 50, 7, forged);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, 50, 7, NULL);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, PATH);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_EXEC, 42, 7, NULL);
	drain(&r);
	assert_answer(&r, "SELECT count(*) FROM container WHERE id = '" ID "'", 2);
	assert_text(&r, "SELECT group_concat(coalesce(owner_uid, '-'), ' ') FROM v_container", "1000 -");
	(void)rig_lifecycle(&r.rig, EV_CGROUP_RMDIR, 50, 7, NULL);
	drain(&r);
	assert_text(&r, "SELECT group_concat(owner_uid) FROM v_container WHERE stopped_unix_nano IS NOT NULL", "1000");
	recorder_rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_container_instance),
		cmocka_unit_test(test_restarts_of_the_recorder_do_not_matter),
		cmocka_unit_test(test_an_exec_below_starts_and_only_the_outermost_stops),
		cmocka_unit_test(test_the_same_id_again_is_a_new_instance),
		cmocka_unit_test(test_a_lost_removal_does_not_join_two_instances),
		cmocka_unit_test(test_a_container_older_than_the_recorder_has_no_start),
		cmocka_unit_test(test_a_birth_that_was_lost_is_in_the_map),
		cmocka_unit_test(test_helpers_and_pods_are_no_containers),
		cmocka_unit_test(test_an_end_that_was_not_recorded),
		cmocka_unit_test(test_a_forged_id_inside_a_container_is_another_instance),
		cmocka_unit_test(test_a_forged_id_seen_from_below_is_another_instance),
		cmocka_unit_test(test_a_path_without_its_beginning_is_an_instance_of_its_own),
		cmocka_unit_test(test_the_init_completes_the_start),
		cmocka_unit_test(test_the_init_may_be_first),
		cmocka_unit_test(test_what_does_not_complete_a_start),
		cmocka_unit_test(test_an_init_below_leaves_the_limit),
		cmocka_unit_test(test_a_start_is_inferred_from_the_first_later_event),
		cmocka_unit_test(test_the_time_of_an_inferred_start),
		cmocka_unit_test(test_a_forged_id_in_the_tree_of_a_user_is_another_instance),
		cmocka_unit_test(test_a_runtime_is_no_evidence_of_a_start),
		cmocka_unit_test(test_a_real_start_replaces_an_inferred_one),
		cmocka_unit_test(test_another_exec_is_not_the_lost_one),
		cmocka_unit_test(test_a_container_older_than_the_recorder_has_no_inferred_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
