/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps from a kernel and a configuration to pinned, running programs. */
#ifndef CRI_LOADER_PLAN_H
#define CRI_LOADER_PLAN_H

#include <stdint.h>

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
	struct map_info info; /* replace: as it is pinned */
	uint64_t set;         /* map_info.set of this run's programs */
	struct object *object;
	struct pin_set pins;
};

/* Comes after privilege_take(). Look, choose, load, attach and pin all-or-nothing, seed. 0, or a negative errno after saying why; then
 * nothing this run pinned is left. */
int plan_run(struct plan *plan);

void plan_free(struct plan *plan);

/* The steps of it, for replace.c. Those that return an int: 0, or a negative errno after saying why. */
int plan_prepare(struct plan *plan);
int plan_load(struct plan *plan, const char *reuse_dir);
int plan_attach(struct plan *plan, object_publish *publish);
/* Pins one link and notes it in plan->pins; an object_publish, context: the plan. Says nothing. */
int plan_publish_link(struct bpf_link *link, const char *name, void *context);
void plan_set_probes(struct plan *plan);
void plan_say_loaded(const struct plan *plan, const char *verb);

#endif
