/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One more kind of record, made by common/event.h and one file in each of three rooms: a record of it is decoded,
 * enriched, stored, counted, queried and deleted like any other. Its table is made here, because the schema is one text.
 */
#include "consumer/print/event_look.h"
#include "consumer/query/event_kind.h"
#include "consumer/query/query.h"
#include "consumer/record/kind.h"
#include "consumer/store/retention.h"
#include "tests/pipeline_rig.h"

#define ID "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

struct test_record {
	struct ev_test e;
	char names[sizeof(ID "\0docker")];
};

static struct test_record make_record(void)
{
	struct test_record record = { .e = { .task = rig_task(7, "seven"), .cgroup = rig_cgroup(42), .number = 77 },
				      .names = ID "\0docker" };

	record.e.names = (struct ev_tail){ offsetof(struct test_record, names), sizeof(record.names) };
	return record;
}

static void start(struct recorder_rig *r)
{
	struct test_record record = make_record();

	recorder_rig_open(r, 65536);
	assert_int_equal(recorder_rig_start(r), 0);
	assert_int_equal(rig_emit(&r->rig, 0, EV_TEST, &record, sizeof(record)), 1);
}

static void test_a_record_is_stored(void **state)
{
	struct ring_counters counters;
	struct recorder_rig r;

	(void)state;
	start(&r);
	assert_int_equal(pipeline_scan(r.pipeline), BATCH_NOW); /* KIND_PROMPT */
	assert_int_equal(pipeline_commit(r.pipeline), 0);
	assert_answer(&r, "SELECT count(*) FROM event WHERE type = 8 AND pid = 7 AND comm = 'seven'", 1);
	assert_answer(&r, "SELECT number FROM test JOIN event USING(id)", 77);
	assert_text(&r, "SELECT type || ' ' || container_id FROM v_events", "test " ID);
	assert_true(pipeline_counters(r.pipeline, EV_TEST, &counters));
	assert_int_equal(counters.stored, 1);
	recorder_rig_close(&r);
}

static void test_a_bad_record_is_rejected(void **state)
{
	struct ev_test bad = { .names = { 4, 4 } };
	struct recorder_rig r;

	(void)state;
	start(&r);
	(void)rig_emit(&r.rig, 0, EV_TEST, &bad, sizeof(bad));
	(void)rig_emit(&r.rig, 0, EV_TEST, &bad, sizeof(bad) - 1);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	assert_answer(&r, "SELECT lost FROM gap WHERE reason = 'rejected' AND lost_type = 8", 2);
	recorder_rig_close(&r);
}

static int keep_row(void *context, const struct value *row)
{
	event_describe(row, context, 64);
	return 0;
}

static void test_an_event_is_queried(void **state)
{
	struct filter_options options;
	struct filter filter = { .options = &options, .since = INT64_MIN, .until = INT64_MAX };
	struct query *query = NULL;
	struct recorder_rig r;
	char text[64] = "";

	(void)state;
	start(&r);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	filter_options_init(&options);
	assert_int_equal(query_open(pipeline_db(r.pipeline), &filter, 0, INT64_MAX, false, &query), 0);
	while (query_page(query, keep_row, text) > 0)
		;
	query_close(query);
	assert_string_equal(text, "number 77");
	recorder_rig_close(&r);
}

static void test_retention_removes_it(void **state)
{
	const struct retention_settings settings = { .age_ns = 1, .storages = kind_storages };
	struct recorder_rig r;

	(void)state;
	start(&r);
	assert_int_equal(pipeline_drain(r.pipeline), 0);
	while (retention_step(pipeline_db(r.pipeline), &settings, INT64_MAX) > 0)
		;
	assert_answer(&r, "SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM test)", 0);
	recorder_rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_record_is_stored),
		cmocka_unit_test(test_a_bad_record_is_rejected),
		cmocka_unit_test(test_an_event_is_queried),
		cmocka_unit_test(test_retention_removes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
