/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>

#include "common/limits.h"
#include "consumer/record/decode.h"
#include "consumer/text/error.h"
#include "tests/harness.h"

static const struct {
	enum ev_kind kind;
	size_t size;
} sizes[] = {
	{ EV_OOM_KILL, sizeof(struct ev_oom_kill) },         { EV_MEMORY_HIGH, sizeof(struct ev_memory) },
	{ EV_MEMORY_LIMIT, sizeof(struct ev_memory) },       { EV_PROCESS_EXIT, sizeof(struct ev_process_exit) },
	{ EV_PROCESS_FORK, sizeof(struct ev_process_fork) }, { EV_CGROUP_MKDIR, sizeof(struct ev_lifecycle) },
	{ EV_CGROUP_EXEC, sizeof(struct ev_lifecycle) },     { EV_CGROUP_RMDIR, sizeof(struct ev_lifecycle) },
};

static void set_header(void *record, unsigned int kind, size_t length)
{
	const struct ev_header header = { .abi = EV_ABI, .kind = (__u16)kind, .length = (__u32)length, .cpu = 3,
					  .seq = 7, .time_ns = 9 };

	(void)memcpy(record, &header, sizeof(header));
}

/* One byte less is refused; the address sanitizer reports reads behind the end. */
static void test_every_kind_has_a_smallest_size(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_SIZE(sizes), EV_KIND_COUNT - 1);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct ev ev;

		for (size_t length = 0; length <= sizes[i].size; length++) {
			AUTO_FREE char *record = calloc(1, length ? length : 1);

			if (length >= sizeof(struct ev_header))
				set_header(record, sizes[i].kind, length);
			assert_int_equal(decode_record(record, length, &ev), length == sizes[i].size ? 0 : -EBADMSG);
		}
		assert_int_equal(ev.h.kind, sizes[i].kind);
		assert_int_equal(ev.h.seq, 7);
		assert_null(ev.tails[0].data);
	}
}

static void test_headers(void **state)
{
	static const struct {
		const char *what;
		uint16_t abi, kind;
		uint32_t length, cpu;
		int want;
	} rows[] = {
		{ "good", EV_ABI, EV_PROCESS_EXIT, 104, 0, 0 },
		{ "newer", EV_ABI + 1, EV_PROCESS_EXIT, 104, 0, -ERROR_RECORD_NEWER },
		{ "newer, and nothing else fits", EV_ABI + 7, 999, 1, 99999, -ERROR_RECORD_NEWER },
		{ "abi 0", 0, EV_PROCESS_EXIT, 104, 0, -EBADMSG },
		{ "kind 0", EV_ABI, 0, 104, 0, -ENOTSUP },
		{ "unknown kind", EV_ABI, EV_KIND_COUNT, 104, 0, -ENOTSUP },
		{ "last kind there is", EV_ABI, 0xffff, 104, 0, -ENOTSUP },
		{ "longer than the span", EV_ABI, EV_PROCESS_EXIT, 200, 0, -EBADMSG },
		{ "length 0", EV_ABI, EV_PROCESS_EXIT, 0, 0, -EBADMSG },
		{ "length of a header", EV_ABI, EV_PROCESS_EXIT, 32, 0, -EBADMSG },
		{ "impossible cpu", EV_ABI, EV_PROCESS_EXIT, 104, LIMIT_CPUS, -EBADMSG },
		{ "highest cpu", EV_ABI, EV_PROCESS_EXIT, 104, LIMIT_CPUS - 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ev_process_exit record = { .status = 256 };
		struct ev ev;

		record.h = (struct ev_header){ .abi = rows[i].abi, .kind = rows[i].kind, .length = rows[i].length,
					       .cpu = rows[i].cpu };
		row_equal(rows[i].what, decode_record(&record, sizeof(record), &ev), rows[i].want);
		row_equal(rows[i].what, ev.h.kind, rows[i].kind);
	}
}

struct oom_record {
	struct ev_oom_kill e;
	char tails[64];
};

static void test_tails(void **state)
{
	const size_t fixed = sizeof(struct ev_oom_kill);
	const struct {
		const char *what;
		const char *bytes;
		size_t offset, length;
		int want;
	} rows[] = {
		{ "absent", "", 0, 0, 0 },
		{ "two names", "leaf\0top", fixed, 9, 0 },
		{ "one name", "a", fixed, 2, 0 },
		{ "not ended", "leaf\0topx", fixed, 9, -EBADMSG },
		{ "empty name", "leaf\0\0top", fixed, 10, -EBADMSG },
		{ "empty first name", "\0leaf", fixed, 6, -EBADMSG },
		{ "slash in a name", "le/af", fixed, 6, -EBADMSG },
		{ "begins in the fixed part", "leaf", fixed - 1, 5, -EBADMSG },
		{ "begins in the header", "leaf", 4, 5, -EBADMSG },
		{ "ends behind the record", "leaf", fixed + 60, 5, -EBADMSG },
		{ "begins behind the record", "leaf", fixed + 65, 1, -EBADMSG },
		{ "length that wraps", "leaf", fixed + 2, 0xffff, -EBADMSG },
		{ "offset without a length", "leaf", fixed, 0, -EBADMSG },
		{ "at the very end", "leaf", fixed + 59, 5, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct oom_record record = { 0 };
		size_t at = rows[i].offset >= fixed && rows[i].offset < sizeof(record) ? rows[i].offset - fixed : 0;
		size_t room = sizeof(record.tails) - at;
		struct ev ev;

		set_header(&record, EV_OOM_KILL, sizeof(record));
		record.e.limit_names = (struct ev_tail){ (__u16)rows[i].offset, (__u16)rows[i].length };
		(void)memcpy(record.tails + at, rows[i].bytes, rows[i].length <= room ? rows[i].length : 0);
		row_equal(rows[i].what, decode_record(&record, sizeof(record), &ev), rows[i].want);
		if (rows[i].want == 0)
			row_equal(rows[i].what, ev.tails[2].length, rows[i].length);
	}
}

/* The bytes behind the record in the ring may look valid, but belong to another record. */
static void test_a_tail_may_not_reach_into_the_next_record(void **state)
{
	struct oom_record record = { .tails = "leaf\0top" };
	struct ev ev;

	(void)state;
	for (uint32_t inside = 0; inside <= 9; inside++) {
		set_header(&record, EV_OOM_KILL, sizeof(record.e) + inside);
		record.e.names = (struct ev_tail){ sizeof(record.e), 9 };
		assert_int_equal(decode_record(&record, sizeof(record), &ev), inside == 9 ? 0 : -EBADMSG);
	}
}

static void test_paths(void **state)
{
	static const struct {
		const char *path;
		size_t length;
		int want;
	} rows[] = { { "/a/b", 4, 0 }, { "a/b", 3, -EBADMSG }, { "/a\0b", 4, -EBADMSG }, { "/\n\xff", 3, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct {
			struct ev_lifecycle e;
			char path[8];
		} record = { .e = { .flags = 0 } };
		struct ev ev;

		set_header(&record, EV_CGROUP_MKDIR, sizeof(record));
		record.e.path = (struct ev_tail){ sizeof(record.e), (__u16)rows[i].length };
		(void)memcpy(record.path, rows[i].path, rows[i].length);
		row_equal(rows[i].path, decode_record(&record, sizeof(record), &ev), rows[i].want);
	}
}

static void test_names_become_a_path(void **state)
{
	static const struct {
		const char *names;
		size_t length;
		const char *want;
	} rows[] = {
		{ "c\0b\0a", 6, "/a/b/c" },
		{ "docker-1.scope\0system.slice", 28, "/system.slice/docker-1.scope" },
		{ "x", 2, "/x" },
		{ "", 0, "/" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct text_span names = { rows[i].names, rows[i].length };

		row_equal(rows[i].want, name_list_path(names, out, sizeof(out)), strlen(rows[i].want));
		row_string(rows[i].want, out, rows[i].want);
		row_equal(rows[i].want, name_list_path(names, out, rows[i].length), 0);
	}
}

static void test_a_comm_ends_at_its_size(void **state)
{
	char comm[EV_COMM_LEN + 1] = "sixteen bytes ok";

	(void)state;
	assert_int_equal(decode_comm_length(comm), 16);
	comm[3] = '\0';
	assert_int_equal(decode_comm_length(comm), 3);
	comm[0] = '\0';
	assert_int_equal(decode_comm_length(comm), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_has_a_smallest_size), cmocka_unit_test(test_headers),
		cmocka_unit_test(test_a_tail_may_not_reach_into_the_next_record),
		cmocka_unit_test(test_tails),			       cmocka_unit_test(test_paths),
		cmocka_unit_test(test_names_become_a_path),	       cmocka_unit_test(test_a_comm_ends_at_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
