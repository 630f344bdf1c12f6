/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes of a container runtime that run in a container's cgroup before or beside the container's own. */
#ifndef CRI_CONSUMER_TEXT_RUNTIME_PROCESS_H
#define CRI_CONSUMER_TEXT_RUNTIME_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/* The name of the i-th one, or, if it ends with '[', the beginning of its name; NULL behind the last. Static. */
const char *runtime_process_name(size_t i);
/* Whether a process of that name is one. A container may call its own so. */
bool runtime_process_is(const char *comm, size_t length);

#endif
