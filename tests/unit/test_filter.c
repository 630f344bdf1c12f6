/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>

#include "consumer/query/filter.h"
#include "consumer/query/sql.h"
#include "consumer/store/event_join.h"
#include "consumer/text/event_type.h"
#include "tests/option_parse.h"
#include "tests/unit/scratch_db.h"

/* 2025-11-22 16:31:07 UTC; booted an hour before. */
#define NOW  (1763829067LL * 1000000000)
#define HOUR (3600LL * 1000000000)

static const struct filter_now now = { NOW, NOW - HOUR, "abcdef01-2345-4678-9abc-def012345678" };

/* One command line of filters, parsed. */
static int parse(const char *const *words, struct filter_options *options, struct filter *filter, char *message,
		 size_t size)
{
	char *argv[16] = { (char *)"events" };
	const struct option_group groups[] = { { "f", filter_rows, options }, { 0 } };
	int argc = 1, operands = 0, r;

	while (words[argc - 1] && argc < 15) {
		argv[argc] = (char *)words[argc - 1];
		argc++;
	}
	filter_options_init(options);
	r = option_parse(argc, argv, groups, &operands, message, size);
	return r ? r : filter_parse(options, &now, filter, message, size);
}

static const struct {
	const char *words[6];
	const char *must_say[3]; /* parts of the message */
} wrong[] = {
	{ { "--signal", "KILLX" }, { "signal", "KILLX", "SIGKILL" } },
	{ { "--signal", "0" }, { "signal", "\"0\"" } },
	{ { "--signal", "65" }, { "signal", "65" } },
	{ { "--exit-code", "256" }, { "exit-code", "256", "255" } },
	{ { "--exit-code", "-1" }, { "exit-code" } },
	{ { "--pid", "0" }, { "pid" } },
	{ { "--pid", "12a" }, { "pid", "12a" } },
	{ { "-t", "oom" }, { "type", "\"oom\"", "oom_kill" } },
	{ { "-t", "oom_kill,,gap" }, { "type", "\"\"" } },
	{ { "-S", "blursday" }, { "since", "blursday", "yesterday" } },
	{ { "-U", "99:99" }, { "until", "99:99" } },
	{ { "-S", "-1h", "-U", "-2h" }, { "since", "later" } },
	{ { "--boot=xyz" }, { "boot", "xyz" } },
	{ { "-g", "a(" }, { "grep", "a(", "regular expression" } },
	{ { "-S", "" }, { "-S" } },
	{ { "--until=" }, { "--until" } },
	{ { "-b", "-1", "--boot=" }, { "--boot" } },
	{ { "-c", "" }, { "container" } },
	{ { "--cgroup", "" }, { "cgroup" } },
};

static void test_wrong_words_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct filter_options options;
		struct filter filter;
		char message[1024] = "";
		int r = parse(wrong[i].words, &options, &filter, message, sizeof(message));

		row_equal(wrong[i].words[0], r, -EINVAL);
		for (size_t n = 0; n < 3 && wrong[i].must_say[n]; n++)
			if (!strstr(message, wrong[i].must_say[n]))
				fail_msg("row %zu: \"%s\" does not say \"%s\"", i, message, wrong[i].must_say[n]);
	}
}

static void test_values(void **state)
{
	const char *const words[] = { "-t",
				      "oom_kill,gap",
				      "--signal=9,TERM",
				      "--signal",
				      "sighup",
				      "--exit-code=137,1",
				      "--pid",
				      "42",
				      "-S",
				      "boot",
				      "-U",
				      "-30min",
				      "-n",
				      "7",
				      NULL };
	struct filter_options options;
	struct filter filter;
	char message[512] = "";

	(void)state;
	if (parse(words, &options, &filter, message, sizeof(message)) != 0)
		fail_msg("%s", message);
	assert_int_equal(filter.types, 1U << TYPE_OOM_KILL | 1U << TYPE_GAP);
	assert_int_equal(filter.signals.count, 3);
	assert_int_equal(filter.signals.values[0], 9);
	assert_int_equal(filter.signals.values[1], 15);
	assert_int_equal(filter.signals.values[2], 1);
	assert_int_equal(filter.exit_codes.count, 2);
	assert_int_equal(filter.pids.values[0], 42);
	assert_true(filter.since == NOW - HOUR);
	assert_true(filter.until == NOW - HOUR / 2);
	assert_int_equal(options.lines, 7);
	assert_true(filter_has_event(&filter));
	assert_false(filter_has_place(&filter));
	filter_done(&filter);
}

static void test_boot_words(void **state)
{
	static const struct {
		const char *words[4];
		bool has;
		int offset;
		const char *id;
	} rows[] = {
		{ { "-b" }, true, 0, "" },	  { { "--boot" }, true, 0, "" },
		{ { "-b", "-1" }, true, -1, "" }, { { "-b", "2" }, true, 2, "" },
		{ { "-b", "-r" }, true, 0, "" },  { { "-b", "ABCD-ef" }, true, 0, "abcdef" },
		{ { "--boot=0" }, true, 0, "" },  { { "-r" }, false, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct filter_options options;
		struct filter filter;
		char message[512] = "";

		row_equal(rows[i].words[1] ? rows[i].words[1] : rows[i].words[0],
			  parse(rows[i].words, &options, &filter, message, sizeof(message)), 0);
		row_equal(rows[i].words[0], filter.has_boot, rows[i].has);
		row_equal(rows[i].words[0], filter.boot_offset, rows[i].offset);
		row_string(rows[i].words[0], filter.boot_id, rows[i].id);
		filter_done(&filter);
	}
}

static void test_grep_ignores_case_unless_asked(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} rows[] = {
		{ "nginx", "NGINX-1", true }, { "Nginx", "nginx", false },
		{ "Nginx", "a Nginx", true }, { "^a.c$", "abc", true },
		{ "^a.c$", "abcd", false },   { "sig(kill|term)", "exit 137 (SIGKILL)", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *const words[] = { "-g", rows[i].pattern, NULL };
		const char *const texts[] = { NULL, "other", rows[i].text };
		struct filter_options options;
		struct filter filter;
		char message[512];

		row_equal(rows[i].pattern, parse(words, &options, &filter, message, sizeof(message)), 0);
		row_equal(rows[i].pattern, filter_grep_matches(&filter, texts, ARRAY_SIZE(texts)), rows[i].matches);
		filter_done(&filter);
	}
}

/* ------------------------------------------------------------------ conditions, asked of a database */

static const char places[] =
	"INSERT INTO boot VALUES(1,'11111111-1111-4111-8111-111111111111'),(2,'abcdef01-2345-4678-9abc-def012345678');"
	"INSERT INTO pod VALUES(1,'deadbeef-0000-4000-8000-000000000001','web-1','shop',NULL),"
	"(2,'cafe0000-0000-4000-8000-000000000002','web-1','other',NULL);"
	"INSERT INTO container(container,boot,id,runtime,name,pod,cgroup) VALUES"
	"(1,2,'3f2a11','containerd','nginx',1,1),(2,2,'3f2b22','docker','nginx',2,2),(3,2,'name_with_%','lxc',NULL,"
	"NULL,3);"
	"INSERT INTO cgroup(cgroup,boot,hierarchy,kernfs_id,path,kind,container,pod,meta_source) VALUES"
	"(1,2,0,1,'/kubepods/podA/3f2a11',2,1,1,'kernel'),(2,2,0,2,'/kubepods/podB/3f2b22',2,2,2,'kernel'),"
	"(3,2,0,3,'/lxc/name_with_%',2,3,NULL,'kernel'),(4,2,0,4,'/system.slice/foo.service',1,NULL,NULL,'kernel'),"
	"(5,2,0,5,'/system.slice/xfoo.service/sub',1,NULL,NULL,'kernel'),(6,1,0,6,'/kubepods',3,NULL,1,'kernel'),"
	"(7,2,0,7,NULL,0,NULL,NULL,'kernel');";

static const struct {
	const char *words[6];
	const char *cgroups; /* numbers that match */
} selections[] = {
	{ { "-c", "nginx" }, "1 2" },
	{ { "-c", "3f2a" }, "1" },
	{ { "-c", "3F2A" }, "1" },
	{ { "-c", "3f2" }, "" }, /* too short */
	{ { "-c", "name_with_%" }, "3" },
	{ { "-c", "name_with_*" }, "" },
	{ { "-c", "web-1/nginx" }, "1 2" },
	{ { "-c", "shop/web-1/nginx" }, "1" },
	{ { "-c", "shop/web-1/sidecar" }, "" },
	{ { "-c", "foo.service" }, "4" },
	{ { "-c", "/system.slice/foo.service" }, "4" },
	{ { "-c", "nginx", "-N", "shop" }, "1" },
	{ { "-c", "3f2a", "-c", "3f2b" }, "1 2" },
	{ { "-c", "' OR 1 --" }, "" },
	{ { "-p", "web-1" }, "1 2 6" },
	{ { "-p", "other/web-1" }, "2" },
	{ { "-p", "dead" }, "1 6" },
	{ { "-p", "deadbeef-0000" }, "1 6" },
	{ { "-N", "shop" }, "1 6" },
	{ { "--runtime", "docker" }, "2" },
	{ { "--runtime", "docker", "--runtime", "lxc" }, "2 3" },
	{ { "--cgroup", "/kubepods" }, "1 2 6" },
	{ { "--cgroup", "/kubepods/" }, "1 2 6" },
	{ { "--cgroup", "/kube" }, "" },
	{ { "--cgroup", "system.slice" }, "4 5" },
	{ { "--cgroup", "sub" }, "5" },
	{ { "--cgroup", "/" }, "1 2 3 4 5 6" },
	{ { "--cgroup", "/lxc/name_with_%" }, "3" },
};

static void select_cgroups(struct db *db, const struct filter *filter, char *out, size_t size)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	struct db_stmt *stmt;
	size_t used = 0;

	sql_add(sql, "SELECT g.cgroup FROM cgroup g" CGROUP_JOIN " WHERE 1");
	filter_add_place(filter, sql);
	sql_add(sql, " ORDER BY 1");
	out[0] = '\0';
	assert_int_equal(sql_prepare(sql, db, &stmt), 0);
	while (db_step(stmt) > 0)
		used += (size_t)snprintf(out + used, size - used, "%s%lld", used ? " " : "",
					 (long long)db_int(stmt, 0));
	db_finish(stmt);
}

static void test_places(void **state)
{
	char got[128], message[512];
	struct scratch_db scratch;

	(void)state;
	scratch_db_open(&scratch, places);
	for (size_t i = 0; i < ARRAY_SIZE(selections); i++) {
		struct filter_options options;
		struct filter filter;

		row_equal(selections[i].words[1],
			  parse(selections[i].words, &options, &filter, message, sizeof(message)), 0);
		select_cgroups(scratch.db, &filter, got, sizeof(got));
		row_string(selections[i].words[1], got, selections[i].cgroups);
		filter_done(&filter);
	}
	scratch_db_close(&scratch);
}

static const char statuses[] =
	"INSERT INTO event(id,type,time,boot,pid,comm,status,flags) VALUES"
	"(1,3,1,1,10,'sh',0,0),(2,3,2,2,11,'sh',9,0),(3,3,3,2,12,'fifteen_letters',35072,0),(4,3,4,2,10,'x',139,0),"
	"(5,1,5,2,11,'sh',NULL,NULL),(6,3,6,2,13,'x',256,0),(7,3,7,2,14,'x',15,0);";

static const struct {
	const char *words[6];
	const char *events;
} event_rows[] = {
	{ { "--exit-code", "137" }, "2 3" },
	{ { "--exit-code", "0" }, "1" },
	{ { "--exit-code", "1" }, "6" },
	{ { "--exit-code", "139" }, "4" },
	{ { "--exit-code", "9" }, "" },
	{ { "--exit-code", "0,143" }, "1 7" },
	{ { "--signal", "KILL" }, "2" },
	{ { "--signal", "11" }, "4" },
	{ { "--signal", "9", "--signal", "TERM" }, "2 7" },
	{ { "--pid", "10,11" }, "1 2 4 5" },
	{ { "--comm", "sh" }, "1 2 5" },
	{ { "--comm", "fifteen_letters_and_more" }, "3" },
	{ { "-t", "oom_kill" }, "5" },
	{ { "-t", "oom_kill,process_exit", "--pid", "11" }, "2 5" },
	{ { "-b" }, "2 3 4 5 6 7" },
	{ { "-b", "-1" }, "1" },
	{ { "-b", "1" }, "1" },
	{ { "-b", "2" }, "2 3 4 5 6 7" },
	{ { "-b", "3" }, "" },
	{ { "-b", "1111" }, "1" },
	{ { "-b", "-2" }, "" },
};

static void test_event_conditions(void **state)
{
	char message[512];
	struct scratch_db scratch;

	(void)state;
	scratch_db_open(&scratch, places);
	assert_int_equal(db_exec(scratch.db, statuses), 0);
	for (size_t i = 0; i < ARRAY_SIZE(event_rows); i++) {
		CLEANUP(sql_cleanup) struct sql *sql = sql_new();
		struct filter_options options;
		struct filter filter;
		struct db_stmt *stmt;
		char got[128] = "";
		size_t used = 0;

		row_equal(event_rows[i].words[0],
			  parse(event_rows[i].words, &options, &filter, message, sizeof(message)), 0);
		sql_add(sql, "SELECT e.id FROM event e WHERE 1");
		filter_add_event(&filter, sql);
		sql_add(sql, " ORDER BY 1");
		row_equal(event_rows[i].words[0], sql_prepare(sql, scratch.db, &stmt), 0);
		while (db_step(stmt) > 0)
			used += (size_t)snprintf(got + used, sizeof(got) - used, "%s%lld", used ? " " : "",
						 (long long)db_int(stmt, 0));
		db_finish(stmt);
		row_string(event_rows[i].words[1] ? event_rows[i].words[1] : "-b", got, event_rows[i].events);
		filter_done(&filter);
	}
	scratch_db_close(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_words_are_named),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_boot_words),
		cmocka_unit_test(test_grep_ignores_case_unless_asked),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_event_conditions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
