/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>

#include "common/option.h"
#include "tests/harness.h"
#include "tests/option_parse.h"

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct target {
	bool follow, reverse, process_exit;
	uint64_t lines, size, wait;
	char name[8], user[8];
	uint64_t format;
	enum color color;
	bool full;
	struct option_list type;
};

static const char *const colors[] = { "auto", "always", "never", NULL };
static const char *const formats[] = { "short", "json", NULL };

#define AT(member) .offset = offsetof(struct target, member), .size = sizeof(((struct target *)0)->member)

static const struct option_row first_rows[] = {
	{ "follow", 'f', OPTION_FLAG, AT(follow), .help = "follow new events" },
	{ "reverse", 'r', OPTION_FLAG, AT(reverse), .help = "newest first" },
	{ "lines", 'n', OPTION_NUMBER, AT(lines), .min = 1, .max = 1000, .argument = "N", .help = "at most N" },
	{ "type", 't', OPTION_LIST, AT(type), .argument = "TYPE", .help = "of this type" },
	{ "help", 'h', OPTION_HELP, .help = "this text" },
	{ .name = NULL },
};

static const struct option_row second_rows[] = {
	{ "process_exit", 0, OPTION_BOOL, AT(process_exit), .argument = "BOOL", .help = "record exits" },
	{ "size", 's', OPTION_SIZE, AT(size), .min = 64 << 10, .max = 1 << 30, .argument = "SIZE", .help = "bytes" },
	{ "wait", 0, OPTION_DURATION, AT(wait), .min = 1000000000, .max = 60000000000, .argument = "TIME",
	  .help = "x" },
	{ "name", 0, OPTION_STRING, AT(name), .argument = "NAME", .help = "x" },
	{ "user", 0, OPTION_STRING, AT(user), .min = 1, .argument = "USER", .help = "x" },
	{ "format", 'o', OPTION_CHOICE, .offset = offsetof(struct target, format), .choices = formats },
	{ "color", 0, OPTION_CHOICE, AT(color), .choices = colors },
	{ "full", 0, OPTION_CHOICE, AT(full), .choices = formats },
	{ .name = NULL },
};

/* Splits a line at blanks into argv and parses it. The words are static because lists point to them. */
static char words[256], *argv[32];
static char message[512];

static int parse(const char *line, struct target *target, int *ret_operands)
{
	struct option_group groups[] = { { "First", first_rows, target }, { "Second", second_rows, target }, { 0 } };
	int argc = 0;

	(void)snprintf(words, sizeof(words), "prog %s", line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	message[0] = '\0';

	return option_parse(argc, argv, groups, ret_operands, message, sizeof(message));
}

static void test_all_forms(void **state)
{
	struct target target = { 0 };
	int operands = -1;

	(void)state;
	assert_int_equal(parse("a -fr -n10 -t oom --type=exit b --process-exit=yes --size 1M --wait=5s --name abc "
			       "--color never -ojson --full json -- -x --lines",
			       &target, &operands),
			 0);
	assert_true(target.follow && target.reverse && target.process_exit);
	assert_int_equal(target.lines, 10);
	assert_int_equal(target.size, 1 << 20);
	assert_int_equal(target.wait, 5000000000);
	assert_string_equal(target.name, "abc");
	assert_int_equal(target.color, COLOR_NEVER);
	assert_int_equal(target.format, 1);
	assert_true(target.full);
	assert_int_equal(target.type.count, 2);
	assert_string_equal(target.type.values[0], "oom");
	assert_string_equal(target.type.values[1], "exit");

	assert_int_equal(operands, 4);
	assert_string_equal(argv[1], "a");
	assert_string_equal(argv[2], "b");
	assert_string_equal(argv[3], "-x");
	assert_string_equal(argv[4], "--lines");
}

/* A flag letter before a letter with a value; a value that looks like an option; "-" as operand; the last value
 * counts. */
static void test_odd_forms(void **state)
{
	struct target target = { 0 };
	int operands = -1;

	(void)state;
	assert_int_equal(parse("-fn 20 --name -2h - --lines=30 --user=a=b", &target, &operands), 0);
	assert_true(target.follow);
	assert_int_equal(target.lines, 30);
	assert_string_equal(target.name, "-2h");
	assert_string_equal(target.user, "a=b");
	assert_int_equal(operands, 1);
	assert_string_equal(argv[1], "-");

	assert_int_equal(parse("", &target, &operands), 0);
	assert_int_equal(operands, 0);
	assert_int_equal(parse("--name= ", &target, &operands), 0);
	assert_string_equal(target.name, "");
}

static void test_errors(void **state)
{
	static const struct {
		const char *line, *message;
	} rows[] = {
		{ "--line=5", "unknown option \"--line\"; did you mean \"--lines\"?" },
		{ "--folow", "unknown option \"--folow\"; did you mean \"--follow\"?" },
		{ "--process_exit=no", "unknown option \"--process_exit\"; did you mean \"--process-exit\"?" },
		{ "--rev", "unknown option \"--rev\"" },
		{ "--nothing-like-it", "unknown option \"--nothing-like-it\"" },
		{ "--=x", "unknown option \"--\"" },
		{ "--\x1b[2J", "unknown option \"--\\x1b[2J\"" },
		{ "-z", "unknown option \"-z\"" },
		{ "-fz", "unknown option \"-z\" in \"-fz\"" },
		{ "--follow=yes", "option \"--follow\" takes no value" },
		{ "--help=x", "option \"--help\" takes no value" },
		{ "--lines", "option \"--lines\" needs a value: N" },
		{ "--lines --follow", "option \"--lines\" needs a value: N; \"--follow\" is an option (as a value:"
				      " --lines=--follow)" },
		{ "-n -f", "option \"-n\" needs a value: N; \"-f\" is an option (as a value: --lines=-f)" },
		{ "--nonsense --folow", "unknown option \"--nonsense\"" },
		{ "-n", "option \"-n\" needs a value: N" },
		{ "--color", "option \"--color\" needs a value" },
		{ "--lines=", "option \"--lines\" = \"\": must be a number from 1 to 1000" },
		{ "--lines=0", "option \"--lines\" = \"0\": must be a number from 1 to 1000" },
		{ "-n1001", "option \"-n\" = \"1001\": must be a number from 1 to 1000" },
		{ "--size 1K", "option \"--size\" = \"1K\": must be a size from 64K to 1G" },
		{ "--wait 2min", "option \"--wait\" = \"2min\": must be a duration from 1s to 1min" },
		{ "--process-exit maybe", "option \"--process-exit\" = \"maybe\": must be yes or no" },
		{ "--name 12345678", "option \"--name\" = \"12345678\": must be at most 7 characters" },
		{ "--user=", "option \"--user\" = \"\": must be 1 to 7 characters" },
		{ "--color red", "option \"--color\" = \"red\": must be auto, always or never" },
		{ "--color a", "option \"--color\" = \"a\": must be auto, always or never" },
		{ "-o x", "option \"-o\" = \"x\": must be short or json" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct target target, untouched;
		int operands = -1;

		memset(&target, 0, sizeof(target));
		memset(&untouched, 0, sizeof(untouched));
		row_equal(rows[i].line, parse(rows[i].line, &target, &operands), -EINVAL);
		row_string(rows[i].line, message, rows[i].message);
		row_equal(rows[i].line, operands, -1);
		untouched.follow = target.follow; /* options before the wrong word may be set */
		row_check(rows[i].line, memcmp(&target, &untouched, sizeof(target)) == 0);
	}
}

static void test_help_asked(void **state)
{
	struct target target = { 0 };
	int operands = -1;

	(void)state;
	assert_int_equal(parse("--help", &target, &operands), 1);
	assert_int_equal(parse("-fh --nonsense", &target, &operands), 1);
	assert_int_equal(parse("--nonsense -h", &target, &operands), 1);
	assert_int_equal(parse("--name -h", &target, &operands), 1);
	assert_string_equal(message, "");
	assert_int_equal(parse("-- -h", &target, &operands), 0);
}

static void test_list_full(void **state)
{
	struct target target = { 0 };
	char allowed[64];

	(void)state;
	for (int i = 0; i < OPTION_LIST_MAX; i++)
		assert_int_equal(option_set(&first_rows[3], &target, "x", allowed, sizeof(allowed)), 0);
	assert_int_equal(option_set(&first_rows[3], &target, "y", allowed, sizeof(allowed)), -ERANGE);
	assert_string_equal(allowed, "given at most 32 times");
	assert_int_equal(target.type.count, OPTION_LIST_MAX);
}

/* No byte of a longer string remains behind a shorter one. */
static void test_string_cleared(void **state)
{
	struct target target = { 0 };
	char allowed[64];

	(void)state;
	assert_int_equal(option_set(&second_rows[3], &target, "abcdefg", allowed, sizeof(allowed)), 0);
	assert_int_equal(option_set(&second_rows[3], &target, "x", allowed, sizeof(allowed)), 0);
	assert_memory_equal(target.name, "x\0\0\0\0\0\0\0", 8);
}

static void test_nearest(void **state)
{
	/* Two edits turn any two letters into any other two, so this is not similar. */
	static const struct option_row short_rows[] = { { .name = "db" }, { .name = NULL } };
	static const struct {
		const char *name, *nearest;
	} rows[] = {
		{ "proces_exit", "process_exit" },
		{ "process-exit", "process_exit" },
		{ "formatt", "format" },
		{ "colour", "color" },
		{ "sze", "size" },
		{ "", NULL },
		{ "fghij", NULL },
		{ "procss_xt", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct option_row *row = option_nearest(second_rows, rows[i].name);

		row_string(rows[i].name, row ? row->name : NULL, rows[i].nearest);
	}
	assert_null(option_nearest(short_rows, "xy"));
	assert_ptr_equal(option_nearest(short_rows, "dbx"), &short_rows[0]);
}

static void test_print_help(void **state)
{
	static const struct option_row last_rows[] = {
		{ "a_b", 0, OPTION_FLAG, AT(follow) },
		{ .name = NULL },
	};
	const struct option_group groups[] = { { "First", first_rows, NULL }, { "Last", last_rows, NULL }, { 0 } };
	static const char want[] = "First:\n"
				   "  -f, --follow     follow new events\n"
				   "  -r, --reverse    newest first\n"
				   "  -n, --lines N    at most N\n"
				   "  -t, --type TYPE  of this type\n"
				   "  -h, --help       this text\n"
				   "\n"
				   "Last:\n"
				   "      --a-b        \n";
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	option_print_help(out, groups);
	(void)fclose(out);
	assert_string_equal(text, want);
}

static void test_help_shows_default(void **state)
{
	static const struct option_row default_rows[] = {
		{ "size", 0, OPTION_SIZE, AT(size), .help = "bytes", .shows_default = true },
		{ "name", 0, OPTION_STRING, AT(name), .help = "none so far", .shows_default = true },
		{ .name = NULL },
	};
	struct target target = { .size = 3 << 20 };
	const struct option_group groups[] = { { NULL, default_rows, &target }, { 0 } };
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	option_print_help(out, groups);
	(void)fclose(out);
	assert_string_equal(text, "      --size  bytes (default 3M)\n      --name  none so far\n");
}

/* Each kind of completion; no field is empty or contains a tab or a newline. */
static void test_print_row(void **state)
{
	static const struct option_row rows[] = {
		{ "follow", 'f', OPTION_FLAG, AT(follow), .help = "follow\tnew\nevents" },
		{ "process_exit", 0, OPTION_BOOL, AT(process_exit), .argument = "BOOL", .shows_default = true },
		{ "lines", 'n', OPTION_NUMBER, AT(lines), .min = 1, .max = 9, .argument = "N", .allowed = "few" },
		{ "color", 0, OPTION_CHOICE, AT(color), .choices = colors, .shows_default = true },
		{ "full", 0, OPTION_CHOICE, AT(full), .choices = formats, .shows_default = true },
		{ "type", 0, OPTION_LIST, AT(type), .choices = formats },
		{ "name", 0, OPTION_STRING, AT(name), .argument = "FILE" },
		{ "user", 0, OPTION_STRING, AT(user), .argument = "[BOOT]" },
		{ "wait", 0, OPTION_DURATION, AT(wait), .argument = "TIME", .shows_default = true },
		{ .name = NULL },
	};
	static const char want[] = "\t-f,--follow\t-\tfollow new events\t-\tgiven without a value\t-\tTitle\n"
				   "\t--process-exit\tyes,no\t-\tBOOL\tyes or no\tyes\tTitle\n"
				   "\t-n,--lines\t=\t-\tN\tfew\t-\tTitle\n"
				   "\t--color\tauto,always,never\tauto, always or never\t-\tauto, always or never\tnever\tTitle\n"
				   "\t--full\tshort,json\tshort or json\t-\tshort or json\tjson\tTitle\n"
				   "\t--type\tshort,json\t-\t-\tgiven at most 32 times\t-\tTitle\n"
				   "\t--name\tFILE\t-\tFILE\tat most 7 characters\t-\tTitle\n"
				   "\t--user\t-\t-\t[BOOT]\tat most 7 characters\t-\tTitle\n"
				   "\t--wait\t=\t-\tTIME\ta duration\t1min\tTitle\n";
	struct target target = {
		.process_exit = true, .color = COLOR_NEVER, .full = true, .wait = 60000000000ULL
	};
	const struct option_group group = { "Title", rows, &target };
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	for (const struct option_row *row = rows; row->name; row++)
		option_print_row(out, &group, row);
	(void)fclose(out);
	assert_string_equal(text, want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_forms), cmocka_unit_test(test_odd_forms),
		cmocka_unit_test(test_errors),	  cmocka_unit_test(test_help_asked),
		cmocka_unit_test(test_list_full), cmocka_unit_test(test_string_cleared),
		cmocka_unit_test(test_nearest),	  cmocka_unit_test(test_print_help),
		cmocka_unit_test(test_help_shows_default), cmocka_unit_test(test_print_row),
	};

	return cmocka_run_group_tests_name("option", tests, NULL, NULL);
}
