/* SPDX-License-Identifier: BSD-2-Clause */
/* A verb is its row: parsing, help and completion come from the row alone. */
#include <unistd.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "consumer/cli/command.h"
#include "consumer/cli/help_table.h"
#include "consumer/query/filter.h"
#include "tests/harness.h"

/* ------------------------------------------------------------------ a verb that only this table has */

struct extra_options {
	uint64_t depth;
	bool deep;
	struct filter_options filter;
};

static struct {
	unsigned int runs;
	struct extra_options options;
	struct command_common common;
	char operand[32];
	int operand_count;
} seen;

static int run_extra(const struct command_call *call)
{
	seen.runs++;
	seen.options = *(const struct extra_options *)call->settings;
	seen.common = call->common;
	seen.operand_count = call->operand_count;
	(void)snprintf(seen.operand, sizeof(seen.operand), "%s", call->operand_count ? call->operands[0] : "");
	return EXIT_GAP;
}

static const struct option_row extra_rows[] = {
	{ "depth", 'd', OPTION_NUMBER, offsetof(struct extra_options, depth), .max = 9, .argument = "N",
	  .help = "how deep", .shows_default = true },
	{ "deep", 0, OPTION_FLAG, offsetof(struct extra_options, deep), .help = "deeper" },
	{ .name = NULL },
};

static void set_depth(void *options)
{
	((struct extra_options *)options)->depth = 7;
}

static void set_filter(void *options)
{
	filter_options_init(options);
}

static const char *const extra_words[] = { "sea", "well", NULL };

static const struct command_group extra_groups[] = {
	{ "Digging", extra_rows, 0, 0, set_depth },
	{ "What to show", filter_rows, offsetof(struct extra_options, filter), FILTER_TIMES, set_filter },
	{ 0 },
};

static const struct command extra = {
	.name = "dig",
	.help = "digs",
	.example = "cri-ebpf dig well",
	.synopsis = "cri-ebpf dig WHERE [OPTION...]",
	.description = "Digs somewhere.",
	.operands = "one or two places",
	.operands_min = 1,
	.operands_max = 2,
	.words = extra_words,
	.groups = extra_groups,
	.settings_size = sizeof(struct extra_options),
	.run = run_extra,
};

static const struct command *const commands[] = { &cmd_events, &cmd_why, &extra, &cmd_help, NULL };

/* ------------------------------------------------------------------ running it */

static char config_option[64], config_path[48];

static int make_config(void **state)
{
	int fd;

	(void)state;
	(void)snprintf(config_path, sizeof(config_path), "/tmp/cri-ebpf-command-XXXXXX");
	fd = mkstemp(config_path);
	if (fd < 0)
		return -1;
	(void)snprintf(config_option, sizeof(config_option), "--config=%s", config_path);
	return close(fd);
}

static int remove_config(void **state)
{
	(void)state;
	return unlink(config_path);
}

/* What a function writes to stdout and stderr, and what it returns. */
struct answer {
	char *out, *err;
	int exit_code;
};

static void answer_done(struct answer *answer)
{
	free(answer->out);
	free(answer->err);
}

/* line: words between blanks, the first may be a verb. All but help, which takes none, get an empty configuration. */
static struct answer run(const char *line)
{
	FILE *const own_out = stdout, *const own_err = stderr;
	struct answer answer = { NULL, NULL, -1 };
	char text[256], *argv[24] = { NULL };
	size_t size;
	int argc = 0;

	memset(&seen, 0, sizeof(seen));
	(void)snprintf(text, sizeof(text), "cri-ebpf %s %s", line,
		       strncmp(line, "help", 4) && strncmp(line, "--help", 6) ? config_option : "");
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	stdout = open_memstream(&answer.out, &size);
	stderr = open_memstream(&answer.err, &size);
	answer.exit_code = command_dispatch(commands, "dig", argc, argv);
	(void)fclose(stdout);
	(void)fclose(stderr);
	stdout = own_out;
	stderr = own_err;
	return answer;
}

static void test_settings_come_from_the_row(void **state)
{
	CLEANUP(answer_done) struct answer answer = run("dig sea -d 3 --deep -b --wakeup-events 5 --color=never -q");

	(void)state;
	assert_string_equal(answer.err, "");
	assert_int_equal(answer.exit_code, EXIT_GAP);
	assert_int_equal(seen.runs, 1);
	assert_int_equal(seen.options.depth, 3);
	assert_true(seen.options.deep);
	assert_string_equal(seen.options.filter.boot, "0");
	assert_true(seen.options.filter.lines == FILTER_ALL);
	assert_int_equal(seen.common.config.wakeup_events, 5);
	assert_int_equal(seen.common.color, COMMAND_COLOR_NEVER);
	assert_true(seen.common.quiet);
	assert_int_equal(seen.operand_count, 1);
	assert_string_equal(seen.operand, "sea");
}

static void test_defaults(void **state)
{
	CLEANUP(answer_done) struct answer answer = run("dig well sea");

	(void)state;
	assert_int_equal(answer.exit_code, EXIT_GAP);
	assert_int_equal(seen.options.depth, 7);
	assert_int_equal(seen.operand_count, 2);
	assert_int_equal(seen.common.config.wakeup_events, 64);
}

/* The verb does not run; the message has this text. */
static void test_usage_errors(void **state)
{
	static const struct {
		const char *line, *message;
	} rows[] = {
		{ "dig", "expected one or two places, got 0 words; try \"cri-ebpf dig --help\"" },
		{ "dig a b c", "expected one or two places, got 3 words" },
		{ "dig sea -f", "dig does not take --follow" },
		{ "dig sea --pod x", "dig does not take --pod" },
		{ "dig sea --dept 3", "unknown option \"--dept\"; did you mean \"--depth\"?" },
		{ "dig sea -d 10", "option \"-d\" = \"10\": must be a number from 0 to 9" },
		{ "dig sea -d --deep", "option \"-d\" needs a value: N; \"--deep\" is an option" },
		{ "dig sea --config --deep", "option \"--config\" needs a value: FILE" },
		{ "dig sea -d", "option \"-d\" needs a value: N; \"--config=" },
		{ "dig sea --pressure-threshold=5", "pressure_rearm = 85: must be below" },
		{ "fly sea", "unknown verb \"fly\"" },
		{ "-d 3 sea why", "the verb comes first: cri-ebpf why" },
		{ "--nonsense why", "the verb comes first: cri-ebpf why" },
		{ "why a b", "expected exactly one container, pod, unit, path or pid, got 2 words" },
		{ "why a -f", "why does not take --follow" },
		{ "events word", "unexpected word \"word\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *line = rows[i].line;
		CLEANUP(answer_done) struct answer answer = run(line);

		row_equal(line, answer.exit_code, EXIT_USAGE);
		row_equal(line, seen.runs, 0);
		if (!strstr(answer.err, rows[i].message))
			fail_msg("%s: \"%s\" lacks \"%s\"", line, answer.err, rows[i].message);
	}
}

/* Without a verb: the default one's options; one of its operands may be no verb's name. */
static void test_default_verb(void **state)
{
	CLEANUP(answer_done) struct answer answer = run("-d 2 sea");

	(void)state;
	assert_int_equal(answer.exit_code, EXIT_GAP);
	assert_int_equal(seen.options.depth, 2);
	assert_string_equal(seen.operand, "sea");
}

/* ------------------------------------------------------------------ what is printed about it */

static void test_help(void **state)
{
	static const char *const ways[] = { "dig --help", "dig -d 10 -h", "help dig", "dig --nonsense --help" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		CLEANUP(answer_done) struct answer answer = run(ways[i]);

		row_equal(ways[i], seen.runs, 0);
		row_equal(ways[i], strncmp(answer.out, "Example: cri-ebpf dig well\n\nUsage: cri-ebpf dig WHERE", 50), 0);
		row_check(ways[i], strstr(answer.out, "Digging:\n  -d, --depth N"));
		row_check(ways[i], strstr(answer.out, "how deep (default 7)\n"));
		row_check(ways[i], strstr(answer.out, "--since TIME"));
		row_check(ways[i], !strstr(answer.out, "--follow"));
		row_check(ways[i], !strstr(answer.out, "--wakeup-events"));
		row_check(ways[i], strstr(answer.out, "--db FILE"));
	}
}

static void test_list(void **state)
{
	CLEANUP(answer_done) struct answer answer = run("--help");

	(void)state;
	assert_int_equal(answer.exit_code, EXIT_FOUND);
	assert_non_null(strstr(answer.out, "\n  dig        digs\n"));
}

static void test_words_behind_list(void **state)
{
	static const char *const lines[] = { "--help --no-such-option", "-h dig", "--help why why" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		CLEANUP(answer_done) struct answer answer = run(lines[i]);

		row_equal(lines[i], answer.exit_code, EXIT_FOUND);
		row_check(lines[i], strstr(answer.out, "\n  dig        digs\n"));
	}
}

static void test_table(void **state)
{
	static const char *const lines[] = {
		"verb\tdig\tsea,well\tdigs\n",
		"verb\thelp\tevents,why,dig,help\t",
		"option\tdig\t-d,--depth\t=\thow deep\tN\ta number from 0 to 9\t7\tDigging\n",
		"option\tdig\t--deep\t-\tdeeper\t",
		"option\tevents,why,dig\t-S,--since\t=\t",
		"option\tevents\t-f,--follow\t",
		"option\t*\t-q,--quiet\t",
		"option\tevents,why,dig\t--db\tFILE\t",
		"usage\tdig\tcri-ebpf dig WHERE [OPTION...]\tcri-ebpf dig well\tDigs somewhere.\n",
	};
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(help_table_print(commands, HELP_TABLE_ALL, out), 0);
	(void)fclose(out);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		row_check(lines[i], strstr(text, lines[i]));
}

static void test_completion(void **state)
{
	static const struct command *const with_completion[] = { &extra, &cmd_completion, NULL };
	static char program[] = "cri-ebpf", verb[] = "completion", shell[] = "bash";
	char *argv[] = { program, verb, shell, NULL }, *text = NULL;
	FILE *const own_out = stdout;
	size_t size = 0;
	int r;

	(void)state;
	stdout = open_memstream(&text, &size);
	r = command_dispatch(with_completion, "dig", 3, argv);
	(void)fclose(stdout);
	stdout = own_out;
	assert_int_equal(r, EXIT_FOUND);
	assert_non_null(strstr(text, "verb\tdig\tsea,well\tdigs\n"));
	assert_non_null(strstr(text, "option\tdig\t-d,--depth\t="));
	free(text);
}

/* ------------------------------------------------------------------ the program's own verbs */

static void test_which_verb_takes_what(void **state)
{
	static const struct {
		const struct command *command;
		const char *taken, *refused; /* names between blanks */
	} rows[] = {
		{ &cmd_events, " since follow lines container grep strict ", " " },
		{ &cmd_oom, " since follow lines container grep strict ", " " },
		{ &cmd_why, " since until boot strict ", " lines reverse follow type container pid exit-code grep " },
		{ &cmd_show, " strict ", " since until boot lines reverse follow type container grep " },
		{ &cmd_ps, " since lines container grep all ", " follow " },
		{ &cmd_stats, " since lines container key ", " follow grep " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(command_options_done) struct command_options options;
		size_t taken = 0, words = 0;

		assert_int_equal(command_options_of(rows[i].command, &options), 0);
		for (const struct option_group *group = options.groups; group->rows; group++)
			for (const struct option_row *row = group->rows; row->name; row++) {
				char word[40];

				(void)snprintf(word, sizeof(word), " %s ", row->name);
				row_check(row->name, !strstr(rows[i].refused, word));
				taken += strstr(rows[i].taken, word) != NULL;
			}
		for (const char *at = rows[i].taken; (at = strchr(at + 1, ' '));)
			words++;
		row_equal(rows[i].command->name, taken, words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings_come_from_the_row),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_usage_errors),
		cmocka_unit_test(test_default_verb),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_words_behind_list),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_completion),
		cmocka_unit_test(test_which_verb_takes_what),
	};

	return cmocka_run_group_tests_name("command", tests, make_config, remove_config);
}
