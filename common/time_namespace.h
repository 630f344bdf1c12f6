/* SPDX-License-Identifier: BSD-2-Clause */
/* The time namespace of the process (time_namespaces(7)), in which boot time may differ from the kernel's. */
#ifndef CRI_COMMON_TIME_NAMESPACE_H
#define CRI_COMMON_TIME_NAMESPACE_H

#include <stdint.h>

/* Nanoseconds by which CLOCK_BOOTTIME of this process is ahead of the kernel's own, from /proc/self/timens_offsets. 0
 * in the initial time namespace and where the kernel has none. */
int64_t time_namespace_offset(void);

#endif
