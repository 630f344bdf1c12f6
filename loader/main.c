/* SPDX-License-Identifier: BSD-2-Clause */
/* cri-ebpf-loader: loads and pins the BPF programs, then exits. README.md has the reading order of the privileged
 * code. */
#include <stdio.h>
#include <string.h>

#include "common/answer.h"
#include "common/descriptor.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/text.h"
#include "loader/load.h"
#include "loader/report.h"
#include "loader/settings.h"

const struct verb verbs[] = {
	{ .name = "load", .run = verb_load, .help = "load and pin the programs; does nothing when they are loaded already" },
	{ .name = "unload", .run = verb_unload, .help = "remove every pin, which ends the recording", .plain = true },
	{ .name = "reload", .run = verb_reload, .help = "load --replace" },
	{ .name = "status", .run = verb_status, .help = "show what is pinned and attached", .plain = true },
	{ .name = "check", .run = verb_check, .help = "show what this kernel can observe; nothing stays loaded" },
	{},
};

static int fail_usage(const char *wrong)
{
	char names[128] = "";

	for (const struct verb *verb = verbs; verb->name; verb++)
		(void)snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", verb == verbs ? "" : ", ",
			       verb->name);
	log_error("%s; expected one of: %s. See --help", wrong, names);
	return EXIT_USAGE;
}

static int run(int argc, char **argv)
{
	char wrong[128], shown[64];

	for (const struct verb *verb = verbs; verb->name; verb++) {
		static struct settings settings;
		int exit_code;

		if (strcmp(verb->name, argv[0]))
			continue;
		if (settings_parse(verb, argc, argv, &settings, &exit_code))
			return exit_code;
		return verb->run(&settings);
	}
	(void)text_escape(shown, sizeof(shown), argv[0], strlen(argv[0]));
	(void)snprintf(wrong, sizeof(wrong), "\"%s\" is not a command", shown);
	return fail_usage(wrong);
}

static int dispatch(int argc, char **argv)
{
	static char help_verb[] = "load", help_option[] = "--help";
	static char *help[] = { help_verb, help_option, NULL };

	if (argc == 2 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))) {
		puts("cri-ebpf-loader " CRI_VERSION);
		return EXIT_FOUND;
	}
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")))
		return run(2, help);
	if (argc == 3 && !strcmp(argv[1], "help") && !strcmp(argv[2], "--table")) {
		settings_print_table();
		return EXIT_FOUND;
	}
	if (argc < 2)
		return fail_usage("the command is missing");
	return run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int r = descriptor_open_standard();

	log_init("cri-ebpf-loader", LOG_LEVEL_INFO);
	if (r < 0) {
		log_error("cannot open /dev/null for a closed descriptor: %s; nothing was done", strerror(-r));
		return EXIT_DENIED;
	}
	return answer_end(dispatch(argc, argv));
}
