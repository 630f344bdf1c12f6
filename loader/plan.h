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
	const char *shown; /* path of the pin directory in messages; it is the current directory */
	struct host host;
	struct probe_choices choices;
	struct map_info info; /* as it is, or will be, pinned */
	uint64_t set;         /* value of map_info.set for this run's programs: CLOCK_BOOTTIME, ns */
	struct object *object;
	const char *suffix; /* of the names of pins that may exist: "", or PIN_NEW_SUFFIX while programs are replaced */
	struct pin_set pins;
	uint32_t links[PROBE_COUNT]; /* attached and pinned by plan_attach() */
};

/*
 * Inspects the host, chooses the rungs, loads, pins, attaches, and seeds the metadata map, after privilege_drop(). 0, or
 * a negative errno after logging it; then all pins of this run have been removed.
 */
int plan_run(struct plan *plan);

void plan_free(struct plan *plan);

/* Steps of plan_run() that replace.c uses too. Those that return an int: 0, or a negative errno after logging it. */
int plan_prepare(struct plan *plan);
int plan_load(struct plan *plan, const char *reuse_dir);
/* Attaches the programs and pins links and programs, with plan->suffix. */
int plan_attach(struct plan *plan);
/* Describes the chosen rungs and the links of this run in plan->info. */
void plan_set_probes(struct plan *plan);
void plan_log_loaded(const struct plan *plan, const char *verb);

#endif
