/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps from a kernel and a configuration to pinned, running programs. */
#ifndef CRI_LOADER_PLAN_H
#define CRI_LOADER_PLAN_H

#include "common/maps.h"
#include "loader/host.h"
#include "loader/object.h"
#include "loader/pin.h"
#include "loader/probe.h"
#include "loader/settings.h"

struct plan {
	const struct settings *settings;
	const char *shown; /* the pin directory, for people; it is the current one */
	struct host host;
	struct probe_choices choices;
	struct map_info info; /* plan_replace: as it is pinned */
	struct object *object;
	struct pin_set pins;
};

/* Comes after privilege_take(). Look, choose, load, attach and pin all-or-nothing, seed. 0, or a negative errno after saying why; then
 * nothing this run pinned is left. */
int plan_run(struct plan *plan);

/*
 * Swaps the programs under the pinned maps without a hole: the new ones are attached and pinned beside the
 * old ones, then renamed over them. On failure before the renames the old ones run on untouched.
 */
int plan_replace(struct plan *plan);

void plan_free(struct plan *plan);

#endif
