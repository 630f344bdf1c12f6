/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/exit_code.h"
#include "common/log.h"
#include "consumer/cli/command.h"
#include "consumer/text/error.h"

static size_t terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	long width = columns ? strtol(columns, NULL, 10) : 0;

	if (width > 0 && width < 10000)
		return (size_t)width;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

static bool wants_color(const struct command_common *common, bool is_terminal)
{
	const char *none = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (common->color != COMMAND_COLOR_AUTO)
		return common->color == COMMAND_COLOR_ALWAYS;
	return is_terminal && !(none && none[0]) && term && strcmp(term, "dumb") != 0;
}

static const char *pager_command(void)
{
	const char *own = getenv("CRI_EBPF_PAGER");
	const char *pager = own ? own : getenv("PAGER");

	if (!pager)
		return "less";
	return pager[0] && strcmp(pager, "cat") != 0 ? pager : NULL;
}

/* In the child: without output, as after an error, the pager is not started. */
static void wait_for_output(int input)
{
	struct pollfd end = { .fd = input, .events = POLLIN };

	while (poll(&end, 1, -1) < 0 && errno == EINTR)
		;
	if (!(end.revents & POLLIN))
		_exit(0);
}

/* In the child. LESSSECURE: a user who may run cri-ebpf only, as by sudo, must not get a shell from the pager. */
static void __attribute__((noreturn)) run_pager(const char *command, int input)
{
	wait_for_output(input);
	(void)dup2(input, STDIN_FILENO);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)setenv("LESS", "FRSXMK", 0);
	(void)setenv("LESSSECURE", "1", 1);
	(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static bool is_runnable(const char *command)
{
	char test[512];
	size_t length = strcspn(command, " \t");
	int status;

	/* Only the first word is looked up; with quotes or variables in it, it is assumed to exist. */
	if (strcspn(command, "'\"$\\`;&|<>()") < length)
		return true;
	(void)snprintf(test, sizeof(test), "command -v %.*s >/dev/null 2>&1", (int)(length < 400 ? length : 400),
		       command);
	status = system(test);
	return status == 0;
}

static pid_t start_pager(const char *command)
{
	int ends[2];
	pid_t pid;

	if (!is_runnable(command) || pipe2(ends, O_CLOEXEC) != 0)
		return 0;
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		(void)close(ends[1]);
		run_pager(command, ends[0]);
	}
	if (pid > 0)
		(void)dup2(ends[1], STDOUT_FILENO);
	(void)close(ends[0]);
	(void)close(ends[1]);
	return pid > 0 ? pid : 0;
}

void output_open(const struct command_common *common, bool page, struct output *ret)
{
	const char *pager = pager_command();

	(void)signal(SIGPIPE, SIG_IGN);
	*ret = (struct output){ .out = stdout, .is_terminal = isatty(STDOUT_FILENO) };
	ret->color = wants_color(common, ret->is_terminal);
	ret->width = ret->is_terminal ? terminal_width() : 0;
	if (page && ret->is_terminal && !common->no_pager && pager)
		ret->pager = start_pager(pager);
}

int output_close(struct output *output, int r)
{
	errno = 0;
	if (output->out && (fflush(output->out) != 0 || ferror(output->out)))
		r = r ? r : errno ? -errno : -EIO;
	if (output->pager) {
		/* The pager ends at the end of its input, or when the reader leaves it. */
		(void)close(STDOUT_FILENO);
		while (waitpid(output->pager, NULL, 0) < 0 && errno == EINTR)
			;
		output->pager = 0;
	}
	return r;
}

int output_failed(int error)
{
	log_error("cannot write to standard output: %s; the answer is incomplete", error_text(error));
	return EXIT_USAGE;
}

void output_hint(const struct command_common *common, const struct output *output, const char *format, ...)
{
	va_list arguments;

	if (common->quiet || !output->is_terminal || !isatty(STDERR_FILENO))
		return;
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputc('\n', stderr);
}
