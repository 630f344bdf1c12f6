/* SPDX-License-Identifier: BSD-2-Clause */
/* The container and pod of a cgroup, by every source of paths, as the rows have them. */
#include "consumer/container/cgroup_fs.h"
#include "consumer/record/kind_oom.h"
#include "tests/pipeline_rig.h"

#define ID     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OTHER  "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
#define POD    "0123abcd-0123-0123-0123-0123456789ab"
#define IN_POD "/kubepods/burstable/pod" POD

static void start(struct recorder_rig *r)
{
	recorder_rig_open(r, 65536);
	assert_int_equal(recorder_rig_start(r), 0);
}

static void drain(struct recorder_rig *r)
{
	assert_int_equal(pipeline_drain(r->pipeline), 0);
}

static void emit_pressure(struct recorder_rig *r, uint64_t cgroup, const char *names, size_t length, uint32_t flags)
{
	struct {
		struct ev_memory e;
		char names[128];
	} record = { .e = { .cgroup = rig_cgroup(cgroup), .usage_bytes = 9, .limit_bytes = 10, .flags = flags } };

	if (length > 0) {
		record.e.names = (struct ev_tail){ sizeof(record.e), (__u16)length };
		(void)memcpy(record.names, names, length);
	}
	(void)rig_emit(&r->rig, 0, EV_MEMORY_HIGH, &record, sizeof(record.e) + length);
}

static void test_the_map_names_a_cgroup(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	fake_put(&r.maps, 42, META_SEED, "/docker/" ID);
	(void)rig_exit(&r.rig, 0, 100, 42, 256);
	drain(&r);
	assert_text(&r, "SELECT container_id || ' ' || runtime || ' ' || meta_source FROM v_exit", ID " docker kernel");
	assert_int_equal(r.maps.entries[0].value.class, META_CONTAINER);
	recorder_rig_close(&r);
}

static void test_the_record_names_a_cgroup(void **state)
{
	static const char names[] = ID "\0pod" POD "\0burstable\0kubepods";
	struct recorder_rig r;

	(void)state;
	start(&r);
	emit_pressure(&r, 42, names, sizeof(names), 0);
	drain(&r);
	assert_text(&r, "SELECT cgroup FROM v_pressure", IN_POD "/" ID);
	assert_text(&r, "SELECT container_id || pod_uid FROM v_pressure", ID POD);
	assert_text(&r, "SELECT qos FROM pod", "burstable");
	assert_answer(&r, "SELECT pid FROM v_pressure", -1);
	recorder_rig_close(&r);
}

/* Without its beginning a path must not look like a complete one, but its end still names the container. */
static void test_names_without_a_beginning(void **state)
{
	static const char names[] = "docker-" ID ".scope\0system.slice";
	struct recorder_rig r;

	(void)state;
	start(&r);
	emit_pressure(&r, 42, names, sizeof(names), EV_F_NAMES_CUT);
	drain(&r);
	assert_text(&r, "SELECT cgroup FROM v_pressure", "…/system.slice/docker-" ID ".scope");
	assert_text(&r, "SELECT container_id FROM v_pressure", ID);
	recorder_rig_close(&r);
}

static void test_a_complete_path_is_preferred_to_a_truncated_one(void **state)
{
	static const char names[] = "docker-" ID ".scope\0system.slice";
	struct recorder_rig r;

	(void)state;
	start(&r);
	fake_put(&r.maps, 42, META_SEED, "/a/system.slice/docker-" ID ".scope");
	emit_pressure(&r, 42, names, sizeof(names), EV_F_NAMES_CUT);
	drain(&r);
	assert_text(&r, "SELECT cgroup FROM v_pressure", "/a/system.slice/docker-" ID ".scope");
	recorder_rig_close(&r);
}

static void test_the_file_system_names_a_cgroup(void **state)
{
	struct recorder_rig r;
	struct cgroup_fs *fs = NULL;
	char path[256];
	struct stat st;

	(void)state;
	recorder_rig_open(&r, 65536);
	(void)snprintf(path, sizeof(path), "mkdir -p '%s/fs/docker/" ID "'", r.directory);
	assert_int_equal(system(path), 0);
	(void)snprintf(path, sizeof(path), "%s/fs/docker/" ID, r.directory);
	assert_int_equal(stat(path, &st), 0);
	(void)snprintf(path, sizeof(path), "%s/fs", r.directory);
	assert_int_equal(cgroup_fs_open(path, false, &fs), 0);

	assert_int_equal(ring_attach(&r.rig.consumer, &r.rig.producer, r.rig.data, r.rig.size, &r.ring), 0);
	assert_int_equal(pipeline_open(&r.settings, r.ring, &r.kernel_maps, fs, &r.pipeline), 0);
	assert_int_equal(pipeline_start(r.pipeline), 0);
	(void)rig_exit(&r.rig, 0, 100, st.st_ino, 256);
	drain(&r);
	assert_text(&r, "SELECT cgroup FROM v_exit", "/docker/" ID);
	assert_int_equal(r.maps.entries[0].value.source, META_SCAN);
	assert_int_equal(r.maps.entries[0].value.class, META_CONTAINER);
	recorder_rig_close(&r);
	cgroup_fs_close(fs);
}

static void test_later_knowledge_completes_earlier_rows(void **state)
{
	static const char names[] = ID "\0docker";
	struct recorder_rig r;

	(void)state;
	start(&r);
	(void)rig_exit(&r.rig, 0, 100, 42, 0);
	drain(&r);
	assert_text(&r, "SELECT meta_source || (cgroup IS NULL) || (container_id IS NULL) FROM v_exit", "none11");
	emit_pressure(&r, 42, names, sizeof(names), 0);
	drain(&r);
	assert_text(&r, "SELECT meta_source || ' ' || container_id FROM v_exit", "kernel " ID);
	assert_answer(&r, "SELECT count(*) FROM cgroup", 1);
	recorder_rig_close(&r);
}

static void test_classes_for_the_filter(void **state)
{
	static const struct {
		const char *path;
		enum meta_class class, class_with_host;
	} rows[] = {
		{ "/docker/" ID, META_CONTAINER, META_CONTAINER },
		{ "/docker/" ID "/below", META_CONTAINER, META_CONTAINER },
		{ "/system.slice/cron.service", META_HOST, META_HOST_RECORDED },
		{ IN_POD, META_HOST, META_HOST_RECORDED },
		{ "/machine.slice/libpod-conmon-" ID ".scope", META_HOST, META_HOST_RECORDED },
	};

	(void)state;
	for (int host = 0; host < 2; host++) {
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			struct recorder_rig r;

			recorder_rig_open(&r, 65536);
			r.settings.resolve.record_host = host;
			fake_put(&r.maps, 42, META_BIRTH, rows[i].path); /* before the recorder starts */
			assert_int_equal(recorder_rig_start(&r), 0);
			row_equal(rows[i].path, r.maps.entries[0].value.class,
				  host ? rows[i].class_with_host : rows[i].class);
			fake_put(&r.maps, 43, META_BIRTH, rows[i].path);
			(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 43, 7, rows[i].path);
			drain(&r);
			row_equal(rows[i].path, r.maps.entries[1].value.class,
				  host ? rows[i].class_with_host : rows[i].class);
			recorder_rig_close(&r);
		}
	}
}

static enum meta_class class_of(struct recorder_rig *r, uint64_t id)
{
	const struct ev_cgroup key = rig_cgroup(id);
	const struct map_metadata *found = fake_find(&r->maps, &key);

	assert_non_null(found);
	return found->class;
}

/* Puts the end of the path into the map, as the BPF programs do with long paths. */
static void put_cut(struct recorder_rig *r, uint64_t id, enum meta_source source, const char *path)
{
	const struct ev_cgroup key = rig_cgroup(id);
	size_t length = strlen(path), skip = length > META_PATH_MAX ? length - META_PATH_MAX : 0;

	fake_put(&r->maps, id, source, path + skip);
	fake_find(&r->maps, &key)->path_cut = 1;
}

#define LONG_NAME "a-name-of-fifty-bytes-a-name-of-fifty-bytes-a-name"
#define LONG      LONG_NAME "/" LONG_NAME "/" LONG_NAME "/" LONG_NAME
#define DEEP      "/docker/" ID "/" LONG "/" LONG

/* The missing beginning of the path may name a container. */
static void test_a_path_without_its_beginning_is_not_the_host(void **state)
{
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, 65536);
	put_cut(&r, 42, META_SEED, "/fragment/of/a/path");
	put_cut(&r, 44, META_SEED, "/fragment/docker/" ID "/below");
	assert_int_equal(recorder_rig_start(&r), 0);
	put_cut(&r, 43, META_SEED, "/fragment/of/another");
	(void)rig_exit(&r.rig, 0, 100, 43, 0);
	drain(&r);
	assert_int_equal(class_of(&r, 42), META_UNKNOWN);
	assert_int_equal(class_of(&r, 43), META_UNKNOWN);
	assert_int_equal(class_of(&r, 44), META_CONTAINER);
	assert_answer(&r, "SELECT kind FROM cgroup WHERE kernfs_id = 43", CGROUP_UNKNOWN);
	recorder_rig_close(&r);
}

static void test_a_deep_cgroup_is_known_after_a_restart(void **state)
{
	const struct ev_cgroup key = rig_cgroup(43);
	struct recorder_rig r;

	(void)state;
	start(&r);
	fake_put(&r.maps, 42, META_BIRTH, "/docker/" ID);
	put_cut(&r, 43, META_BIRTH, DEEP);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, "/docker/" ID);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 43, 42, DEEP);
	drain(&r);
	assert_int_equal(class_of(&r, 43), META_CONTAINER);
	recorder_rig_kill(&r);
	fake_find(&r.maps, &key)->class = META_UNKNOWN;
	assert_int_equal(recorder_rig_start(&r), 0);
	assert_int_equal(class_of(&r, 43), META_CONTAINER);
	(void)rig_exit(&r.rig, 0, 100, 43, 0);
	drain(&r);
	assert_text(&r, "SELECT container_id FROM v_exit WHERE cgroup = '" DEEP "'", ID);
	assert_answer(&r, "SELECT count(*) FROM container", 1);
	recorder_rig_close(&r);
}

/* A container may create any number of cgroups, so they get no row before an event needs one. */
static void test_a_cgroup_in_a_container_needs_no_row_until_something_happens(void **state)
{
	static const char path[] = "/docker/" ID "/worker";
	struct recorder_rig r;

	(void)state;
	start(&r);
	fake_put(&r.maps, 42, META_BIRTH, "/docker/" ID);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, "/docker/" ID);
	for (uint64_t cgroup = 50; cgroup < 60; cgroup++) {
		fake_put(&r.maps, cgroup, META_BIRTH, path);
		(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, cgroup, 42, path);
		drain(&r);
		assert_int_equal(class_of(&r, cgroup), META_CONTAINER);
		if (cgroup == 55)
			(void)rig_exit(&r.rig, 0, 100, cgroup, 0);
		(void)rig_lifecycle(&r.rig, EV_CGROUP_RMDIR, cgroup, 42, NULL);
		drain(&r);
	}
	assert_answer(&r, "SELECT count(*) FROM cgroup WHERE kernfs_id >= 42", 2);
	assert_answer(&r, "SELECT count(*) FROM cgroup WHERE kernfs_id = 55 AND removed IS NOT NULL", 1);
	assert_text(&r, "SELECT container_id || cgroup FROM v_exit", ID "/docker/" ID "/worker");
	assert_answer(&r, "SELECT count(*) FROM container WHERE stopped IS NULL", 1);
	recorder_rig_close(&r);
}

/* Until the commit the entry of a removed cgroup may be needed again. */
static void test_the_map_forgets_after_the_commit(void **state)
{
	const struct ev_cgroup key = rig_cgroup(42);
	struct recorder_rig r;

	(void)state;
	start(&r);
	fake_put(&r.maps, 42, META_BIRTH, "/docker/" ID);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, "/docker/" ID);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_RMDIR, 42, 7, NULL);
	(void)pipeline_scan(r.pipeline);
	assert_non_null(fake_find(&r.maps, &key));
	assert_int_equal(pipeline_commit(r.pipeline), 0);
	assert_null(fake_find(&r.maps, &key));
	recorder_rig_close(&r);
}

static void test_exits(void **state)
{
	struct ev_process_exit exit = { .cgroup = rig_cgroup(42), .status = 9, .flags = EV_F_OOM_VICTIM };
	struct recorder_rig r;

	(void)state;
	start(&r);
	fake_put(&r.maps, 42, META_SEED, "/docker/" ID);
	exit.task = rig_task(100, "sixteen bytes ok");
	exit.ns_init = 1;
	exit.ns_level = 1;
	(void)rig_emit(&r.rig, 0, EV_PROCESS_EXIT, &exit, sizeof(exit));
	exit.cgroup = rig_cgroup(43); /* init of a namespace, but in no container */
	exit.flags = 0;
	exit.task.start_ns = 1ULL << 62;
	exit.task.comm[0] = '\0';
	(void)rig_emit(&r.rig, 0, EV_PROCESS_EXIT, &exit, sizeof(exit));
	drain(&r);
	assert_answer(&r, "SELECT count(*) FROM v_exit WHERE id = 1 AND oom_killed AND container_init AND signal = 9"
			  " AND exit_code IS NULL AND comm = 'sixteen bytes ok' AND duration_ns = 500000000",
		      1);
	assert_answer(&r, "SELECT count(*) FROM v_exit WHERE id = 2 AND NOT oom_killed AND NOT container_init"
			  " AND duration_ns IS NULL AND comm IS NULL",
		      1);
	recorder_rig_close(&r);
}

static void test_hostile_bytes_are_stored_as_they_are(void **state)
{
	struct ev_process_exit exit = { .cgroup = rig_cgroup(42) };
	struct recorder_rig r;

	(void)state;
	start(&r);
	exit.task = rig_task(100, "\x1b[2J'\");%s\n\xff\xc0");
	(void)rig_emit(&r.rig, 0, EV_PROCESS_EXIT, &exit, sizeof(exit));
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 43, 7, "/a'b\x1b\n\xff");
	drain(&r);
	assert_text(&r, "SELECT hex(comm) FROM event", "1B5B324A2722293B25730AFFC0");
	assert_text(&r, "SELECT hex(path) FROM cgroup WHERE kernfs_id = 43", "2F6127621B0AFF");
	recorder_rig_close(&r);
}

static void test_scopes(void **state)
{
	const struct place in_container = { .key = rig_cgroup(10), .container = 1, .pod = 1, .kind = CGROUP_CONTAINER };
	const struct place inside = { .key = rig_cgroup(11), .container = 1, .pod = 1, .kind = CGROUP_CONTAINER };
	const struct place other = { .key = rig_cgroup(12), .container = 2, .kind = CGROUP_CONTAINER };
	const struct place pod = { .key = rig_cgroup(13), .pod = 1, .kind = CGROUP_POD };
	const struct place unit = { .key = rig_cgroup(14), .kind = CGROUP_NONE };
	const struct place slice = { .key = rig_cgroup(15), .kind = CGROUP_NONE };
	const struct place unknown = { .key = rig_cgroup(16), .kind = CGROUP_UNKNOWN };
	const struct place none = { .key = rig_cgroup(0) };
	const struct {
		const char *what;
		const struct place *victim, *limit;
		uint32_t constraint;
		const char *want;
	} rows[] = {
		{ "own container", &in_container, &in_container, EV_CONSTRAINT_MEMCG, "container" },
		{ "inside the container", &in_container, &inside, EV_CONSTRAINT_MEMCG, "container" },
		{ "constraint not known", &in_container, &in_container, EV_CONSTRAINT_UNKNOWN, "container" },
		{ "its pod", &in_container, &pod, EV_CONSTRAINT_MEMCG, "pod" },
		{ "slice above", &in_container, &slice, EV_CONSTRAINT_MEMCG, "ancestor" },
		{ "container around it", &in_container, &other, EV_CONSTRAINT_MEMCG, "ancestor" },
		{ "unit", &unit, &unit, EV_CONSTRAINT_MEMCG, "cgroup" },
		{ "unit's slice", &unit, &slice, EV_CONSTRAINT_MEMCG, "ancestor" },
		{ "unknown, its own", &unknown, &unknown, EV_CONSTRAINT_MEMCG, NULL },
		{ "node", &in_container, &none, EV_CONSTRAINT_NONE, "node" },
		{ "nobody knows", &in_container, &none, EV_CONSTRAINT_UNKNOWN, NULL },
		{ "cpuset", &in_container, &none, EV_CONSTRAINT_CPUSET, "cpuset" },
		{ "mempolicy", &in_container, &none, EV_CONSTRAINT_MEMPOLICY, "mempolicy" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		row_string(rows[i].what, oom_scope_name(kind_oom_scope(rows[i].victim, rows[i].limit, rows[i].constraint)), rows[i].want);
}

static void emit_kill(struct recorder_rig *r, uint32_t pid, uint32_t trigger, uint64_t limit, uint64_t decision_ns)
{
	(void)rig_oom_of(&r->rig, pid, trigger, 42, limit, decision_ns);
}

static void test_one_decision_is_one_incident(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	fake_put(&r.maps, 42, META_SEED, IN_POD "/" ID);
	fake_put(&r.maps, 41, META_SEED, IN_POD);
	emit_kill(&r, 100, 200, 41, 777000000);
	emit_kill(&r, 101, 200, 41, 777000000);
	drain(&r);
	emit_kill(&r, 102, 200, 41, 777000000); /* another batch */
	drain(&r);
	recorder_rig_kill(&r);
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_kill(&r, 103, 200, 41, 777000000); /* another recorder */
	emit_kill(&r, 104, 200, 42, 800000000);
	emit_kill(&r, 105, 200, 0, 0); /* unknown: an incident of its own */
	emit_kill(&r, 106, 200, 0, 0);
	drain(&r);
	assert_answer(&r, "SELECT count(DISTINCT incident) FROM v_oom", 4);
	assert_answer(&r, "SELECT count(*) FROM v_oom WHERE incident = 1", 4);
	assert_answer(&r, "SELECT count(*) FROM v_oom WHERE scope = 'pod' AND limit_cgroup = '" IN_POD "'", 4);
	assert_answer(&r, "SELECT count(*) FROM v_oom WHERE scope = 'container'", 1);
	assert_answer(&r, "SELECT count(*) FROM v_oom WHERE victim_swap_bytes IS NULL AND limit_source = 'kernel'", 7);
	recorder_rig_close(&r);
}

/* Containers that run out of memory at the same time: their kills alternate, nanoseconds apart. */
static void test_different_decisions_are_different_incidents(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	for (uint32_t i = 0; i < 60; i++) {
		if (i % 20 == 0)
			drain(&r);
		emit_kill(&r, 1000 + i, 200, 41, 777000000 + i);
		emit_kill(&r, 2000 + i, 300, 42, 777000000 + i); /* another limit and trigger */
		emit_kill(&r, 3000 + i, 400, 42, 777000000 + i); /* another trigger */
		emit_kill(&r, 4000 + i, 400, 41, 777000000 + i); /* another limit */
		emit_kill(&r, 5000 + i, 200, 41, 777000000 + i); /* a second victim of the first */
	}
	drain(&r);
	assert_answer(&r, "SELECT count(DISTINCT incident) FROM v_oom", 240);
	assert_answer(&r, "SELECT count(*) FROM (SELECT 1 FROM v_oom GROUP BY incident HAVING count(DISTINCT limit_cgroup)"
			  " + count(DISTINCT trigger_pid) > 2)", 0);
	assert_answer(&r, "SELECT count(*) FROM (SELECT 1 FROM v_oom GROUP BY incident HAVING count(*) = 2)", 60);
	recorder_rig_close(&r);
}

/* A pid may be reused, and boot times are told apart by the boot alone. */
static void test_a_decision_belongs_to_one_boot(void **state)
{
	struct recorder_rig r;

	(void)state;
	start(&r);
	emit_kill(&r, 100, 200, 0, 777000000);
	drain(&r);
	recorder_rig_kill(&r);
	r.settings.boot_id = "99999999-2222-3333-4444-555555555555";
	r.settings.generation++;
	assert_int_equal(recorder_rig_start(&r), 0);
	emit_kill(&r, 101, 200, 0, 777000000);
	drain(&r);
	assert_answer(&r, "SELECT count(DISTINCT incident) FROM v_oom", 2);
	recorder_rig_close(&r);
}

static void test_unknown_numbers_of_a_detail_are_null(void **state)
{
	struct ev_memory pressure = { .cgroup = rig_cgroup(42), .usage_bytes = 5, .limit_bytes = EV_UNLIMITED };
	struct recorder_rig r;

	(void)state;
	start(&r);
	(void)rig_emit(&r.rig, 0, EV_MEMORY_LIMIT, &pressure, sizeof(pressure));
	drain(&r);
	assert_answer(&r, "SELECT count(*) FROM event e JOIN pressure p ON p.id = e.id WHERE pid IS NULL AND ppid IS NULL"
			  " AND uid IS NULL AND comm IS NULL AND level = 'limit' AND usage_bytes = 5"
			  " AND limit_bytes IS NULL AND working_set IS NULL",
		      1);
	recorder_rig_close(&r);
}

/* More cgroups than the cache holds: the results are the same. */
static void test_a_small_cache(void **state)
{
	struct recorder_rig r;

	(void)state;
	recorder_rig_open(&r, 65536);
	r.settings.resolve.cache_size = 3;
	assert_int_equal(recorder_rig_start(&r), 0);
	for (int round = 0; round < 4; round++)
		for (uint64_t cgroup = 100; cgroup < 120; cgroup++)
			(void)rig_exit(&r.rig, 0, (uint32_t)cgroup, cgroup, 0);
	drain(&r);
	assert_answer(&r, "SELECT count(*) FROM cgroup", 20);
	assert_answer(&r, "SELECT count(*) FROM v_exit WHERE cgroup_id = pid", 80);
	recorder_rig_close(&r);
}

/* The path of a mkdir has no more than EV_PATH_MAX - 1 bytes: one of that length may lack its end. */
static void test_a_path_without_its_end_is_marked(void **state)
{
	char path[EV_PATH_MAX], want[EV_PATH_MAX + 8], got[EV_PATH_MAX + 8];
	struct recorder_rig r;

	(void)state;
	start(&r);
	(void)snprintf(path, sizeof(path), "/docker/" ID "/");
	(void)memset(path + strlen(path), 'a', sizeof(path) - 1 - strlen(path));
	(void)memcpy(path + sizeof(path) - 66, "/" OTHER, 65); /* may be the beginning of a longer name */
	path[sizeof(path) - 1] = '\0';
	(void)snprintf(want, sizeof(want), "%s…", path);
	(void)rig_lifecycle(&r.rig, EV_CGROUP_MKDIR, 42, 7, path);
	(void)rig_exit(&r.rig, 0, 100, 42, 0);
	drain(&r);
	ask_text(r.path, "SELECT cgroup FROM v_exit", got, sizeof(got));
	assert_string_equal(got, want);
	assert_text(&r, "SELECT container_id FROM v_exit", ID);
	assert_answer(&r, "SELECT count(*) FROM cgroup WHERE path = '/docker/" ID "'", 0);
	recorder_rig_close(&r);
}

/* The names of the trigger's and the limit's cgroup may be cut too, and those of the victim's not. */
static void test_each_list_of_names_has_its_own_mark(void **state)
{
	static const char names[] = "a\0b";
	struct {
		struct ev_oom_kill e;
		char names[3][sizeof(names)];
	} record = { .e = { .victim = rig_task(100, "dd"), .trigger = rig_task(101, "dd"), .decision_ns = 5 } };
	struct recorder_rig r;

	(void)state;
	start(&r);
	record.e.cgroup = rig_cgroup(42);
	record.e.trigger_cgroup = rig_cgroup(43);
	record.e.limit_cgroup = rig_cgroup(44);
	record.e.flags = EV_F_TRIGGER_NAMES_CUT | EV_F_LIMIT_NAMES_CUT;
	for (size_t i = 0; i < 3; i++)
		(void)memcpy(record.names[i], names, sizeof(names));
	record.e.names = (struct ev_tail){ sizeof(record.e), sizeof(names) };
	record.e.trigger_names = (struct ev_tail){ sizeof(record.e) + sizeof(names), sizeof(names) };
	record.e.limit_names = (struct ev_tail){ sizeof(record.e) + 2 * sizeof(names), sizeof(names) };
	assert_true(rig_emit(&r.rig, 0, EV_OOM_KILL, &record, sizeof(record.e) + 3 * sizeof(names)));
	drain(&r);
	assert_text(&r, "SELECT cgroup || ' ' || trigger_cgroup || ' ' || limit_cgroup FROM v_oom", "/b/a …/b/a …/b/a");
	recorder_rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_map_names_a_cgroup),
		cmocka_unit_test(test_the_record_names_a_cgroup),
		cmocka_unit_test(test_names_without_a_beginning),
		cmocka_unit_test(test_a_path_without_its_end_is_marked),
		cmocka_unit_test(test_each_list_of_names_has_its_own_mark),
		cmocka_unit_test(test_a_complete_path_is_preferred_to_a_truncated_one),
		cmocka_unit_test(test_the_file_system_names_a_cgroup),
		cmocka_unit_test(test_later_knowledge_completes_earlier_rows),
		cmocka_unit_test(test_classes_for_the_filter),
		cmocka_unit_test(test_a_path_without_its_beginning_is_not_the_host),
		cmocka_unit_test(test_a_deep_cgroup_is_known_after_a_restart),
		cmocka_unit_test(test_a_cgroup_in_a_container_needs_no_row_until_something_happens),
		cmocka_unit_test(test_the_map_forgets_after_the_commit),
		cmocka_unit_test(test_exits),
		cmocka_unit_test(test_hostile_bytes_are_stored_as_they_are),
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_one_decision_is_one_incident),
		cmocka_unit_test(test_different_decisions_are_different_incidents),
		cmocka_unit_test(test_a_decision_belongs_to_one_boot),
		cmocka_unit_test(test_unknown_numbers_of_a_detail_are_null),
		cmocka_unit_test(test_a_small_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
