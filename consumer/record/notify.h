/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages to the service manager, as sd_notify(3) describes the protocol. */
#ifndef CRI_CONSUMER_RECORD_NOTIFY_H
#define CRI_CONSUMER_RECORD_NOTIFY_H

#include <stdint.h>

/* Connects to $NOTIFY_SOCKET, before the sandbox. The descriptor, or -1 when nobody listens. */
int notify_open(void);
/* "READY=1" and the like. Does nothing for -1; a manager that does not listen is no failure. */
void notify_send(int fd, const char *state);
/* How often the manager wants a sign of life from this process; 0: never. */
uint64_t notify_watchdog_ns(void);

#endif
