/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>

#include "consumer/record/ring.h"
#include "tests/harness.h"
#include "tests/ring_rig.h"

#define SIZE 4096

struct fixture {
	struct rig rig;
	struct ring *ring;
};

static void open_fixture(struct fixture *f)
{
	rig_open(&f->rig, SIZE);
	assert_int_equal(ring_attach(&f->rig.consumer, &f->rig.producer, f->rig.data, SIZE, &f->ring), 0);
}

static void close_fixture(struct fixture *f)
{
	ring_close(f->ring);
	rig_close(&f->rig);
}

static int next(struct fixture *f, struct ring_span *span)
{
	return ring_next(f->ring, ring_producer(f->ring), span);
}

static void test_nothing_moves_before_the_acknowledgement(void **state)
{
	struct fixture f;
	struct ring_span span;

	(void)state;
	open_fixture(&f);
	assert_int_equal(rig_push(&f.rig, "first", 5, 0), 1);
	assert_int_equal(next(&f, &span), 1);
	assert_int_equal(span.length, 5);
	assert_memory_equal(span.data, "first", 5);
	assert_int_equal(next(&f, &span), 0);
	assert_int_equal(f.rig.consumer, 0);
	assert_int_equal(ring_unread(f.ring), 16);

	ring_rewind(f.ring);
	assert_int_equal(next(&f, &span), 1);
	ring_ack(f.ring);
	assert_int_equal(f.rig.consumer, 16);
	assert_int_equal(ring_unread(f.ring), 0);
	close_fixture(&f);
}

static void test_records_wrap(void **state)
{
	struct fixture f;
	struct ring_span span;
	char record[200];

	(void)state;
	open_fixture(&f);
	for (int i = 0; i < 1000; i++) {
		(void)memset(record, i & 0xff, sizeof(record));
		assert_int_equal(rig_push(&f.rig, record, sizeof(record), 0), 1);
		assert_int_equal(next(&f, &span), 1);
		assert_int_equal(span.length, sizeof(record));
		assert_memory_equal(span.data, record, sizeof(record));
		ring_ack(f.ring);
	}
	assert_true(f.rig.consumer > 40 * SIZE);
	close_fixture(&f);
}

static void test_a_busy_record_holds_up_those_behind_it(void **state)
{
	struct fixture f;
	struct ring_span span;
	uint32_t ready = 4;

	(void)state;
	open_fixture(&f);
	(void)rig_push(&f.rig, "busy", 4, RIG_BUSY);
	(void)rig_push(&f.rig, "next", 4, 0);
	assert_int_equal(next(&f, &span), 0);
	assert_int_equal(ring_position(f.ring), 0);

	rig_poke(&f.rig, 0, &ready, sizeof(ready));
	assert_int_equal(next(&f, &span), 1);
	assert_memory_equal(span.data, "busy", 4);
	assert_int_equal(next(&f, &span), 1);
	assert_memory_equal(span.data, "next", 4);
	close_fixture(&f);
}

static void test_discarded_records_are_passed_over(void **state)
{
	struct fixture f;
	struct ring_span span;

	(void)state;
	open_fixture(&f);
	(void)rig_push(&f.rig, "gone", 4, RIG_DISCARD);
	(void)rig_push(&f.rig, "kept", 4, 0);
	(void)rig_push(&f.rig, "gone", 4, RIG_DISCARD);
	assert_int_equal(next(&f, &span), 1);
	assert_memory_equal(span.data, "kept", 4);
	assert_int_equal(next(&f, &span), 0);
	assert_int_equal(ring_position(f.ring), f.rig.producer);
	close_fixture(&f);
}

static void test_a_length_beyond_the_end_is_no_record(void **state)
{
	static const uint32_t lengths[] = { 64, SIZE, 0x3fffffff };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct fixture f;
		struct ring_span span;

		open_fixture(&f);
		(void)rig_push(&f.rig, "12345678", 8, 0);
		rig_poke(&f.rig, 0, &lengths[i], sizeof(lengths[i]));
		assert_int_equal(next(&f, &span), -EBADMSG);
		assert_int_equal(ring_position(f.ring), f.rig.producer);
		assert_int_equal(f.rig.consumer, 0);
		assert_int_equal(next(&f, &span), 0);
		close_fixture(&f);
	}
}

static void test_an_end_in_the_middle_is_respected(void **state)
{
	struct fixture f;
	struct ring_span span;

	(void)state;
	open_fixture(&f);
	(void)rig_push(&f.rig, "one", 3, 0);
	(void)rig_push(&f.rig, "two", 3, 0);
	assert_int_equal(ring_next(f.ring, 16, &span), 1);
	assert_int_equal(ring_next(f.ring, 16, &span), 0);
	close_fixture(&f);
}

static void test_sizes_that_are_no_power_of_two_are_refused(void **state)
{
	uint64_t position = 0;
	struct ring *ring = NULL;

	(void)state;
	assert_int_equal(ring_attach(&position, &position, "", 4097, &ring), -EINVAL);
	assert_int_equal(ring_attach(&position, &position, "", 0, &ring), -EINVAL);
	assert_null(ring);
}

static void test_where_to_begin(void **state)
{
	static const struct {
		const char *what;
		uint64_t consumer, producer;
		int known;
		uint64_t stored;
		enum ring_start start;
		uint64_t position;
	} rows[] = {
		{ "new ring", 0, 800, 0, 0, RING_START_HERE, 0 },
		{ "clean stop", 400, 800, 1, 400, RING_START_HERE, 400 },
		{ "crash between commit and acknowledgement", 400, 800, 1, 640, RING_START_FORWARD, 640 },
		{ "the same, all of it stored", 400, 800, 1, 800, RING_START_FORWARD, 800 },
		{ "another reader went on", 640, 800, 1, 400, RING_START_SKIPPED, 640 },
		{ "another ring's position", 400, 800, 1, 808, RING_START_FOREIGN, 400 },
		{ "consumer position reset to zero", 0, 80000, 1, 79200, RING_START_FORWARD, 79200 },
		{ "consumer position beyond the producer's", 8000, 800, 1, 400, RING_START_CORRUPT, 800 },
		{ "huge consumer position", 1ULL << 63, 800, 1, 400, RING_START_CORRUPT, 800 },
		{ "misaligned consumer position", 401, 800, 0, 0, RING_START_CORRUPT, 800 },
		{ "consumer position further back than the ring is long", 0, 80000, 0, 0, RING_START_CORRUPT, 80000 },
		{ "misaligned stored position", 400, 800, 1, 641, RING_START_CORRUPT, 400 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f;
		uint64_t position = 12345;

		rig_open(&f.rig, SIZE);
		f.rig.consumer = rows[i].consumer;
		f.rig.producer = rows[i].producer;
		assert_int_equal(ring_attach(&f.rig.consumer, &f.rig.producer, f.rig.data, SIZE, &f.ring), 0);
		row_equal(rows[i].what, ring_start(f.ring, rows[i].known, rows[i].stored, &position), rows[i].start);
		row_equal(rows[i].what, position, rows[i].position);
		row_equal(rows[i].what, f.rig.consumer, rows[i].consumer);
		close_fixture(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_moves_before_the_acknowledgement),
		cmocka_unit_test(test_records_wrap),
		cmocka_unit_test(test_a_busy_record_holds_up_those_behind_it),
		cmocka_unit_test(test_discarded_records_are_passed_over),
		cmocka_unit_test(test_a_length_beyond_the_end_is_no_record),
		cmocka_unit_test(test_an_end_in_the_middle_is_respected),
		cmocka_unit_test(test_sizes_that_are_no_power_of_two_are_refused),
		cmocka_unit_test(test_where_to_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
