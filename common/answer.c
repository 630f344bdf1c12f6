/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/answer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/exit_code.h"
#include "common/log.h"

int answer_end(int exit_code)
{
	if (exit_code != EXIT_FOUND || fflush(stdout) == 0 || errno == EPIPE)
		return exit_code;
	log_error("cannot write to standard output: %s; the answer is incomplete", strerror(errno));
	return EXIT_USAGE;
}
