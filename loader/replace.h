/* SPDX-License-Identifier: BSD-2-Clause */
/* Replacing the programs while the pinned maps stay. */
#ifndef CRI_LOADER_REPLACE_H
#define CRI_LOADER_REPLACE_H

#include "loader/plan.h"

/*
 * Replaces the programs without missing an event: new ones are attached and pinned beside the old ones, then only the
 * new ones record, then their links are renamed over the old links (enum info_overlap). plan->info: as it is pinned. A
 * replacement that was interrupted is completed or undone first. 0, or a negative errno after logging it; then either
 * all the old programs record, or all the new ones.
 */
int replace_run(struct plan *plan);

#endif
