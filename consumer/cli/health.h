/* SPDX-License-Identifier: BSD-2-Clause */
/* Why recording is not healthy, in sentences for the user. Pure: the caller reads the facts. */
#ifndef CRI_CONSUMER_CLI_HEALTH_H
#define CRI_CONSUMER_CLI_HEALTH_H

#include <stdbool.h>
#include <stddef.h>

#include "consumer/store/recorder_state.h"

#define HEALTH_REASONS_MAX 16
#define HEALTH_REASON_SIZE 1024

/* Starts as all bytes zero. */
struct health {
	char reasons[HEALTH_REASONS_MAX][HEALTH_REASON_SIZE];
	size_t count; /* 0: healthy; reasons beyond HEALTH_REASONS_MAX are dropped */
};

/* What is known of the recorder. */
struct health_recorder {
	const struct recorder_state *state;
	const char *as_of;   /* state->time as text */
	const char *fault;   /* why the recorder could not store (recorder_fault_read); NULL: no fault is known */
	const char *db_path; /* as the user named it */
	const char *pin_dir;
};

/* Adds the reasons that concern the recorder: it does not run, it cannot store, or no programs were loaded. */
void health_check_recorder(struct health *health, const struct health_recorder *recorder);

/*
 * Adds the reason that concerns a probe of the loader. name and rung may be NULL. A probe without a rung is switched off
 * or not available on this kernel; that is a reason only for OOM kills, if these are to be recorded.
 */
void health_check_probe(struct health *health, const char *name, const char *rung, bool attached, bool wants_oom_kills);

#endif
