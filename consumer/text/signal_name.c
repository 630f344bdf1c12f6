/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/text/signal_name.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"

#define SIGNAL_MAX 64

void signal_name(char *out, size_t size, int signal)
{
	const char *name = sigabbrev_np(signal);

	if (name)
		(void)snprintf(out, size, "SIG%s", name);
	else
		(void)snprintf(out, size, "signal %d", signal);
}

int signal_parse(const char *word)
{
	uint64_t number;

	if (text_parse_u64(word, &number) == 0)
		return number >= 1 && number <= SIGNAL_MAX ? (int)number : -EINVAL;
	if (strncasecmp(word, "SIG", 3) == 0)
		word += 3;
	for (int i = 1; i <= SIGNAL_MAX; i++) {
		const char *name = sigabbrev_np(i);

		if (name && strcasecmp(name, word) == 0)
			return i;
	}
	return -EINVAL;
}

void signal_format_status(char *out, size_t size, unsigned int wait_status, const char *extra)
{
	unsigned int signal = wait_status & 127;
	char name[16];

	if (!signal) {
		(void)snprintf(out, size, "exit %u%s%s%s", (wait_status >> 8) & 255, extra ? " (" : "",
			       extra ? extra : "", extra ? ")" : "");
		return;
	}
	signal_name(name, sizeof(name), (int)signal);
	(void)snprintf(out, size, "exit %u (%s%s%s%s)", 128 + signal, name, wait_status & 128 ? ", core dumped" : "",
		       extra ? ", " : "", extra ? extra : "");
}
