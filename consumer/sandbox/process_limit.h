/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits that also end a process which is inside one long call: a signal handler writes the reason to standard error,
 * waits for the pager and exits. The timers are started before the sandbox is entered and need no system call later.
 */
#ifndef CRI_CONSUMER_SANDBOX_PROCESS_LIMIT_H
#define CRI_CONSUMER_SANDBOX_PROCESS_LIMIT_H

#include <stdint.h>

/* From now on the process may use so many seconds of CPU time. reason: of the error message; copied. */
void process_limit_cpu(uint64_t seconds, int exit_code, const char *reason);
/* So many seconds from now on, for a process that waits for more work. */
void process_limit_cpu_renew(void);
/* No limit of CPU time from now on. */
void process_limit_cpu_lift(void);

/* Prepares process_limit_time; before the sandbox is entered. */
void process_limit_prepare_time(int exit_code, const char *reason);
/*
 * Ends the process when a call between process_limit_enter and process_limit_leave still runs limit_ns from now on, and
 * half a second more: until then the call may notice itself that its time is over.
 */
void process_limit_time(uint64_t limit_ns);
void process_limit_enter(void);
void process_limit_leave(void);

#endif
