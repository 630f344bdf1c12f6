/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CRI_CONSUMER_TEXT_SIGNAL_NAME_H
#define CRI_CONSUMER_TEXT_SIGNAL_NAME_H

#include <stddef.h>

/* "SIGKILL"; "signal 34" for a signal without a name. out: at least 16 bytes. */
void signal_name(char *out, size_t size, int signal);

/* "9", "KILL", "sigkill": the number, or -EINVAL. */
int signal_parse(const char *word);

/*
 * A wait status as text: "exit 0", "exit 137 (SIGKILL)", "exit 139 (SIGSEGV, core dumped)". extra: added in the
 * brackets, NULL: nothing. out: at least 64 bytes.
 */
void signal_format_status(char *out, size_t size, unsigned int wait_status, const char *extra);

#endif
