/* SPDX-License-Identifier: BSD-2-Clause */
/* Standard output as a verb sees it: terminal or not, colour or not, through a pager or not. */
#ifndef CRI_CONSUMER_CLI_OUTPUT_H
#define CRI_CONSUMER_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct command_common;

struct output {
	FILE *out;
	bool is_terminal;
	bool color;
	size_t width; /* columns of the terminal, 0 when it is none */
	pid_t pager;  /* 0: none */
};

/*
 * Also makes a closed pipe an error instead of a signal. page: start a pager if this is a terminal and
 * --no-pager was not given: $CRI_EBPF_PAGER, $PAGER or less; none where that program is missing. It takes the terminal
 * once there is output.
 */
void output_open(const struct command_common *common, bool page, struct output *ret);

/* Flushes, ends the pager and waits for it. r: what went wrong before, 0 or negative errno. Returns r, or
 * the negative errno of writing: -EPIPE when the reader of the output has closed it. */
int output_close(struct output *output, int r);

/* Logs that the answer is incomplete because of this error of writing; returns the exit code. */
int output_failed(int error);

/* Prints what to do next on stderr, if it and stdout are terminals and -q was not given. */
void output_hint(const struct command_common *common, const struct output *output, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
