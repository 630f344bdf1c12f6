/* SPDX-License-Identifier: BSD-2-Clause */
/* cri-ebpf-loader: loads and pins the BPF programs, then exits. README.md has the reading order of the privileged
 * code. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/answer.h"
#include "common/cleanup.h"
#include "common/descriptor.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/text.h"
#include "loader/load.h"
#include "loader/privilege.h"
#include "loader/report.h"
#include "loader/settings.h"

const struct verb verbs[] = {
	{ .name = "load", .run = verb_load, .help = "load and pin the programs; does nothing when they are loaded already",
	  .makes_dir = true },
	{ .name = "unload", .run = verb_unload, .help = "remove every pin, which ends the recording", .plain = true,
	  .removes_dir = true },
	{ .name = "reload", .run = verb_reload, .help = "load --replace", .makes_dir = true },
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

/* One verb with its arguments; argv[0] is its name. */
struct call {
	const struct verb *verb;
	int argc;
	char **argv;
	const char *dir; /* the pin directory; NULL: the arguments are wrong, or ask for help */
};

static int drop_and_parse(const void *context)
{
	const struct call *call = context;
	static struct settings settings;
	const char *note;
	int exit_code, none;

	if (privilege_drop(PRIVILEGE_NONE, NULL, &none) < 0)
		return EXIT_DENIED;
	if (settings_parse(call->verb, call->argc, call->argv, &settings, &note, &exit_code))
		return exit_code;
	return EXIT_FOUND;
}

static int drop_and_run(const void *context)
{
	const struct call *call = context;
	const enum privilege_need need = !call->dir ? PRIVILEGE_NONE :
					 call->verb->makes_dir ? PRIVILEGE_MAKE_PINS :
					 call->verb->removes_dir ? PRIVILEGE_REMOVE_PINS : PRIVILEGE_PINS;
	static struct settings settings;
	AUTO_CLOSE int dir = -1;
	const char *note;
	int exit_code;

	if (privilege_drop(need, call->dir, &dir) < 0)
		return EXIT_DENIED;
	if (settings_parse(call->verb, call->argc, call->argv, &settings, &note, &exit_code))
		return exit_code;
	if (note[0])
		log_info("%s", note);
	settings.dir_error = dir < 0 ? dir : fchdir(dir) < 0 ? -errno : 0;
	return call->verb->run(&settings);
}

/* Root that can become another user parses nothing but the name of the verb and of the pin directory, and does nothing
 * but make or remove that directory; what is wrong with the arguments or the configuration is found before it is made. */
static int call_verb(const struct call *call)
{
	const bool as_root = call->dir && privilege_is_root();
	int exit_code = EXIT_FOUND;

	if (as_root && call->verb->makes_dir)
		exit_code = privilege_run_child(drop_and_parse, call);
	if (exit_code != EXIT_FOUND)
		return exit_code;
	if (!as_root || !call->verb->removes_dir)
		return drop_and_run(call);
	exit_code = privilege_run_child(drop_and_run, call);
	if (exit_code == EXIT_FOUND)
		(void)rmdir(call->dir); /* fails where it is a mount point or holds something else */
	return exit_code;
}

static int run(int argc, char **argv)
{
	char wrong[128], shown[64];

	for (const struct verb *verb = verbs; verb->name; verb++)
		if (!strcmp(verb->name, argv[0]))
			return call_verb(&(struct call){ verb, argc, argv, settings_find_pin_dir(argc, argv) });
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
