/* SPDX-License-Identifier: BSD-2-Clause */
/* cri-ebpf-loader: loads, pins and leaves. Audit this folder, common/ and bpf/, and nothing else. */
#include <stdio.h>
#include <string.h>

#include "common/exit_code.h"
#include "common/log.h"
#include "loader/load.h"
#include "loader/report.h"
#include "loader/settings.h"

const struct verb verbs[] = {
	{ "load", verb_load, "load and pin the programs; once they are pinned, nothing more" },
	{ "unload", verb_unload, "remove every pin: nothing is recorded any more" },
	{ "reload", verb_reload, "load --replace" },
	{ "status", verb_status, "what is pinned and attached" },
	{ "check", verb_check, "what this kernel can observe; nothing is loaded for good" },
	{},
};

static int run(int argc, char **argv)
{
	for (const struct verb *verb = verbs; verb->name; verb++) {
		static struct settings settings;
		int exit_code;

		if (strcmp(verb->name, argv[0]))
			continue;
		if (settings_parse(argc, argv, &settings, &exit_code))
			return exit_code;
		return verb->run(&settings);
	}
	log_error("\"%s\" is not a command; there are load, unload, reload, status and check", argv[0]);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static char help_verb[] = "load", help_option[] = "--help";
	static char *help[] = { help_verb, help_option, NULL };

	log_init("cri-ebpf-loader", LOG_LEVEL_INFO);
	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts("cri-ebpf-loader " CRI_VERSION);
		return EXIT_FOUND;
	}
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")))
		return run(2, help);
	if (argc == 3 && !strcmp(argv[1], "help") && !strcmp(argv[2], "--table")) {
		settings_print_table();
		return EXIT_FOUND;
	}
	if (argc < 2) {
		log_error("a command is missing: load, unload, reload, status or check");
		return EXIT_USAGE;
	}
	return run(argc - 1, argv + 1);
}
