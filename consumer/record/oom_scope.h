/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose memory ran out, seen from the victim. Pure. */
#ifndef CRI_CONSUMER_RECORD_OOM_SCOPE_H
#define CRI_CONSUMER_RECORD_OOM_SCOPE_H

#include <stdint.h>

#include "consumer/container/place_cache.h"

/*
 * "container": a limit of the victim's container or inside it; "pod": its pod's; "cgroup": the victim's own
 * cgroup outside any container; "ancestor": any other above it; "node", "cpuset", "mempolicy". NULL when it
 * is not known. constraint: enum ev_constraint; limit->key.id 0: no cgroup's limit. Static text.
 */
const char *oom_scope_name(const struct place *victim, const struct place *limit, uint32_t constraint);

#endif
