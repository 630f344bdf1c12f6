/* SPDX-License-Identifier: BSD-2-Clause */
/* OOM kills: which limit a kill enforced. Pure. */
#ifndef CRI_CONSUMER_RECORD_KIND_OOM_H
#define CRI_CONSUMER_RECORD_KIND_OOM_H

#include <stdint.h>

#include "consumer/container/place_cache.h"
#include "consumer/text/oom_scope.h"

/* constraint: enum ev_constraint. limit->key.id 0: the limit was not that of a cgroup. */
enum oom_scope kind_oom_scope(const struct place *victim, const struct place *limit, uint32_t constraint);

#endif
