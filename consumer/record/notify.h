/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages to the service manager, as sd_notify(3) describes the protocol. */
#ifndef CRI_CONSUMER_RECORD_NOTIFY_H
#define CRI_CONSUMER_RECORD_NOTIFY_H

#include <stdint.h>

/* Connects to $NOTIFY_SOCKET, before the sandbox. The descriptor, or -1 when there is no manager. */
int notify_open(void);
/* Sends "READY=1" and the like. Does nothing for -1; a failure is ignored. */
void notify_send(int fd, const char *state);
/* The longest time between two "WATCHDOG=1" that the manager accepts from this process; 0: it does not watch. */
uint64_t notify_watchdog_ns(void);

#endif
