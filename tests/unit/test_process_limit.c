/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits that end a process. Each test runs in a child. */
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "common/exit_code.h"
#include "common/log.h"
#include "consumer/sandbox/process_limit.h"
#include "tests/harness.h"

static uint64_t cpu_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void burn(uint64_t ms)
{
	uint64_t end = cpu_ms() + ms;

	while (cpu_ms() < end)
		;
}

static void sleep_ms(uint64_t ms)
{
	struct timespec left = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };

	while (nanosleep(&left, &left) != 0)
		;
}

/* Runs a function in a child, its standard error in text. Its exit code; 99: it returned. */
static int in_child(void (*function)(void), char *text, size_t size)
{
	FILE *file = tmpfile();
	int status = 0;
	pid_t child;

	assert_non_null(file);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)dup2(fileno(file), STDERR_FILENO);
		function();
		_exit(99);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	rewind(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	(void)fclose(file);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define WORDS "cannot read \"a\nb\""
#define SHOWN "prog: error: cannot read \"a\\x0ab\"\n"

static void spin(void)
{
	log_init("prog", LOG_LEVEL_INFO);
	process_limit_cpu(1, EXIT_STORE, WORDS);
	burn(20000);
}

static void renew(void)
{
	process_limit_cpu(2, EXIT_STORE, WORDS);
	for (int i = 0; i < 5; i++) {
		burn(600);
		process_limit_cpu_renew();
	}
}

static void lift(void)
{
	process_limit_cpu(1, EXIT_STORE, WORDS);
	process_limit_cpu_lift();
	burn(1500);
}

static void test_cpu_time(void **state)
{
	char text[256];

	(void)state;
	unsetenv("JOURNAL_STREAM");
	assert_int_equal(in_child(spin, text, sizeof(text)), EXIT_STORE);
	assert_string_equal(text, SHOWN);
	assert_int_equal(in_child(renew, text, sizeof(text)), 99);
	assert_int_equal(in_child(lift, text, sizeof(text)), 99);
}

static void stay_inside(void)
{
	log_init("prog", LOG_LEVEL_INFO);
	process_limit_prepare_time(EXIT_USAGE, WORDS);
	process_limit_time(1);
	process_limit_enter();
	sleep_ms(60000);
}

/* Long, but not in one call: such a process notices itself that its time is over. */
static void go_in_and_out(void)
{
	process_limit_prepare_time(EXIT_USAGE, WORDS);
	process_limit_time(1);
	for (int i = 0; i < 200; i++) {
		process_limit_enter();
		sleep_ms(5);
		process_limit_leave();
	}
	sleep_ms(1000);
}

static void stay_within(void)
{
	process_limit_prepare_time(EXIT_USAGE, WORDS);
	process_limit_time(3600000000000ULL);
	process_limit_enter();
	sleep_ms(1000);
}

static void test_time_inside_one_call(void **state)
{
	char text[256];

	(void)state;
	unsetenv("JOURNAL_STREAM");
	assert_int_equal(in_child(stay_inside, text, sizeof(text)), EXIT_USAGE);
	assert_string_equal(text, SHOWN);
	assert_int_equal(in_child(go_in_and_out, text, sizeof(text)), 99);
	assert_int_equal(in_child(stay_within, text, sizeof(text)), 99);
}

/* The program that reads the output, such as a pager, has the terminal: the process waits for it. */
static void wait_for_pager(void)
{
	int ends[2];

	if (pipe(ends) != 0)
		_exit(98);
	if (fork() == 0) {
		char byte;

		(void)close(ends[1]);
		while (read(ends[0], &byte, 1) > 0)
			;
		sleep_ms(300);
		(void)!write(STDERR_FILENO, "pager\n", 6);
		_exit(0);
	}
	(void)dup2(ends[1], STDOUT_FILENO);
	(void)close(ends[0]);
	(void)close(ends[1]);
	stay_inside();
}

static void test_a_pager_is_waited_for(void **state)
{
	char text[256];

	(void)state;
	unsetenv("JOURNAL_STREAM");
	assert_int_equal(in_child(wait_for_pager, text, sizeof(text)), EXIT_USAGE);
	assert_string_equal(text, SHOWN "pager\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpu_time),
		cmocka_unit_test(test_time_inside_one_call),
		cmocka_unit_test(test_a_pager_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
