/* SPDX-License-Identifier: BSD-2-Clause */
/* Any words as command line, one a line: refused with a printable reason, or all values are within their bounds. */
#include <errno.h>

#include "common/config.h"
#include "tests/fuzz/fuzz.h"
#include "tests/option_parse.h"

#define WORDS_MAX 64

struct target {
	bool follow;
	struct option_list type;
};

static const struct option_row rows[] = {
	{ "follow", 'f', OPTION_FLAG, .offset = offsetof(struct target, follow), .help = "x" },
	{ "type", 't', OPTION_LIST, .offset = offsetof(struct target, type), .help = "x" },
	{ "help", 'h', OPTION_HELP, .help = "x" },
	{ .name = NULL },
};

static void check_config(const struct config *config)
{
	FUZZ_ASSERT(config->buffer_size >= 1 && config->buffer_size <= 1000000);
	FUZZ_ASSERT(config->ring_buffer_size >= 64 << 10 && config->ring_buffer_size <= 1 << 30);
	FUZZ_ASSERT(config->bpf_log_level <= 2);
	FUZZ_ASSERT(memchr(config->name, '\0', sizeof(config->name)) && config->name[0]);
	FUZZ_ASSERT(memchr(config->user, '\0', sizeof(config->user)) && config->user[0]);
	FUZZ_ASSERT(*(const uint8_t *)&config->durability_full <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text, program[] = "prog";
	char *argv[WORDS_MAX + 2] = { program }, message[512] = "";
	struct target target = { 0 };
	struct config config;
	const struct option_group groups[] = { { "Own", rows, &target }, { "Keys", config_keys, &config }, { 0 } };
	int argc = 1, operands = -1, r;

	for (char *word; argc <= WORDS_MAX && (word = strsep(&rest, "\n"));)
		argv[argc++] = word;

	config_set_defaults(&config);
	r = option_parse(argc, argv, groups, &operands, message, sizeof(message));

	FUZZ_ASSERT(r == 0 || r == 1 || r == -EINVAL);
	FUZZ_ASSERT(memchr(message, '\0', sizeof(message)));
	FUZZ_ASSERT((r == -EINVAL) == (message[0] != '\0'));
	FUZZ_ASSERT(fuzz_is_printable(message));
	FUZZ_ASSERT(r == 0 ? operands >= 0 && operands < argc : operands == -1);
	FUZZ_ASSERT(target.type.count <= OPTION_LIST_MAX);
	for (size_t i = 0; i < target.type.count; i++)
		FUZZ_ASSERT(target.type.values[i] >= text && target.type.values[i] <= text + size);
	check_config(&config);
	free(text);

	return 0;
}
