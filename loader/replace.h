/* SPDX-License-Identifier: BSD-2-Clause */
/* New programs under pinned maps. */
#ifndef CRI_LOADER_REPLACE_H
#define CRI_LOADER_REPLACE_H

#include "loader/plan.h"

/*
 * Swaps the programs under the pinned maps without a hole: the new ones are attached and pinned beside the old ones,
 * take over, and are renamed over them (enum info_overlap). plan->info: as it is pinned; what a run that was killed
 * half way left is put right first. 0, or a negative errno after saying why: then either the old ones record on as
 * if nothing had been, or all the new ones do.
 */
int replace_run(struct plan *plan);

#endif
