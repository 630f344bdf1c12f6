/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <sys/stat.h>

#include "common/log.h"
#include "common/log_limit.h"
#include "tests/harness.h"

/* Redirects stderr to a file between begin and end; end reads the file into text. */
struct capture {
	FILE *file;
	int saved_fd;
};

static struct capture capture_begin(void)
{
	struct capture capture = { tmpfile(), dup(STDERR_FILENO) };

	assert_non_null(capture.file);
	assert_true(capture.saved_fd >= 0);
	assert_true(dup2(fileno(capture.file), STDERR_FILENO) >= 0);
	return capture;
}

static void capture_end(struct capture *capture, char *text, size_t size)
{
	size_t length;

	assert_true(dup2(capture->saved_fd, STDERR_FILENO) >= 0);
	close(capture->saved_fd);
	rewind(capture->file);
	length = fread(text, 1, size - 1, capture->file);
	text[length] = '\0';
	(void)fclose(capture->file);
}

static void test_levels(void **state)
{
	struct capture capture;
	char text[1024];

	(void)state;
	unsetenv("JOURNAL_STREAM");
	capture = capture_begin();
	log_init("prog", LOG_LEVEL_WARNING);
	log_error("E %d", 1);
	log_warning("W");
	log_info("I");
	log_debug("D");
	log_init("prog", LOG_LEVEL_INFO);
	log_info("I");
	log_debug("D");
	log_init("prog", LOG_LEVEL_DEBUG);
	log_debug("D");
	capture_end(&capture, text, sizeof(text));

	assert_string_equal(text, "prog: error: E 1\nprog: warning: W\nprog: I\nprog: debug: D\n");
}

static void test_hostile(void **state)
{
	struct capture capture;
	char text[1024];

	(void)state;
	unsetenv("JOURNAL_STREAM");
	capture = capture_begin();
	log_init("prog", LOG_LEVEL_INFO);
	log_info("comm %s", "x\nprog: error: forged\x1b[2J");
	capture_end(&capture, text, sizeof(text));

	assert_string_equal(text, "prog: comm x\\x0aprog: error: forged\\x1b[2J\n");
}

static void test_long(void **state)
{
	char text[20000], message[8192];
	struct capture capture;

	(void)state;
	memset(message, '\x01', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	unsetenv("JOURNAL_STREAM");
	capture = capture_begin();
	log_init("prog", LOG_LEVEL_INFO);
	log_info("%s", message);
	capture_end(&capture, text, sizeof(text));

	assert_non_null(strstr(text, "\\x01 [cut]\n"));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

/* Priorities are printed only if stderr is the stream that JOURNAL_STREAM names. */
static void test_journal(void **state)
{
	struct capture capture;
	char text[1024], stream[64];
	struct stat st;

	(void)state;
	capture = capture_begin();
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	(void)snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		       (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_init("prog", LOG_LEVEL_DEBUG);
	log_error("E");
	log_warning("W");
	log_info("I");
	log_debug("D");
	(void)snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		       (unsigned long long)st.st_ino + 1);
	setenv("JOURNAL_STREAM", stream, 1);
	log_init("prog", LOG_LEVEL_INFO);
	log_info("I");
	unsetenv("JOURNAL_STREAM");
	capture_end(&capture, text, sizeof(text));

	assert_string_equal(text, "<3>prog: error: E\n<4>prog: warning: W\n<6>prog: I\n<7>prog: debug: D\nprog: I\n");
}

/* errno is kept even if the message cannot be written. */
static void test_errno(void **state)
{
	struct capture capture;
	char text[256];
	int kept;

	(void)state;
	capture = capture_begin();
	log_init("prog", LOG_LEVEL_INFO);
	close(STDERR_FILENO);
	errno = ENOTUNIQ;
	log_error("x");
	kept = errno;
	capture_end(&capture, text, sizeof(text));

	assert_int_equal(kept, ENOTUNIQ);
	assert_string_equal(text, "");
}

static void test_allowed(void **state)
{
	struct log_limit limit = { 0 };
	/* At most 2 in 10 ns. */
	static const struct {
		uint64_t now;
		bool allowed;
		unsigned int suppressed;
	} steps[] = {
		{ 100, true, 0 }, { 101, true, 0 },  { 102, false, 1 }, { 109, false, 2 }, { 110, true, 2 },
		{ 111, true, 0 }, { 112, false, 1 }, { 130, true, 1 },	{ 131, true, 0 },  { 140, true, 0 },
		{ 50, true, 0 },  { 51, true, 0 },   { 52, false, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		char row[32];

		(void)snprintf(row, sizeof(row), "%zu", i);
		row_equal(row, log_allowed(&limit, steps[i].now, 10, 2), steps[i].allowed);
		row_equal(row, limit.suppressed, steps[i].suppressed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),	cmocka_unit_test(test_hostile), cmocka_unit_test(test_long),
		cmocka_unit_test(test_journal), cmocka_unit_test(test_errno),	cmocka_unit_test(test_allowed),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
