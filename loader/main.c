/* SPDX-License-Identifier: BSD-2-Clause */
/* cri-ebpf-loader: loads, pins and leaves. Audit this folder, common/ and bpf/, and nothing else. */
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "loader/load.h"
#include "loader/report.h"
#include "loader/settings.h"

static const struct {
	const char *name;
	int (*run)(const struct settings *settings);
} verbs[] = {
	{ "load", verb_load }, { "unload", verb_unload }, { "reload", verb_reload },
	{ "status", verb_status }, { "check", verb_check },
};

static int run(int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		static struct settings settings;
		int exit_code;

		if (strcmp(verbs[i].name, argv[0]))
			continue;
		if (settings_parse(argc, argv, &settings, &exit_code))
			return exit_code;
		return verbs[i].run(&settings);
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
	if (argc < 2) {
		log_error("a command is missing: load, unload, reload, status or check");
		return EXIT_USAGE;
	}
	return run(argc - 1, argv + 1);
}
