/* SPDX-License-Identifier: BSD-2-Clause */
/* What lasts and keeps events from being recorded, in sentences for the user. Pure: the caller reads the facts. */
#ifndef CRI_CONSUMER_CLI_HEALTH_H
#define CRI_CONSUMER_CLI_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consumer/store/recorder_state.h"

#define HEALTH_PROBLEMS_MAX 16
#define HEALTH_TEXT_SIZE    1024

struct health_problem {
	const char *name; /* for programs */
	int64_t since;	  /* wall time; 0: not known; of a recorder that is gone its last sign of life */
	char text[HEALTH_TEXT_SIZE]; /* what, its consequence and what to do */
};

/* Starts as all bytes zero. */
struct health {
	struct health_problem problems[HEALTH_PROBLEMS_MAX];
	size_t count; /* 0: healthy; problems beyond HEALTH_PROBLEMS_MAX are dropped */
};

/* What the caller itself sees of the programs. */
enum health_pins {
	HEALTH_PINS_UNKNOWN, /* it may not look */
	HEALTH_PINS_FOUND,
	HEALTH_PINS_ABSENT,
};

/* What is known of the recorder. */
struct health_recorder {
	const struct recorder_state *state;
	const char *fault;   /* why the recorder could not store (recorder_fault_read); NULL: no fault is known */
	int64_t fault_since;
	const char *db_path; /* as the user named it */
	const char *pin_dir;
	enum health_pins pins;
};

/* The process exists: it holds its lock, or its pid is that of a recorder. */
bool health_recorder_is_alive(const struct recorder_state *state);

/* Adds the problems that concern the recorder: no programs are loaded, it does not run, or it cannot store. */
void health_check_recorder(struct health *health, const struct health_recorder *recorder);

/*
 * Adds a problem that the recorder reported (recorder_problem.h). name: one that is not known adds nothing. detail: NULL is
 * allowed. Of a recorder that does not run only what goes on without it is added.
 */
void health_check_reported(struct health *health, const struct health_recorder *recorder, const char *name, int64_t since,
			   const char *detail);

/* Which essential events the configuration wants. */
struct health_wanted {
	bool oom_kills, exits;
};

/*
 * Adds the problem that an essential probe could not be attached on this kernel. name and rung may be NULL: a probe
 * without a rung.
 */
void health_check_probe(struct health *health, const char *name, const char *rung, const struct health_wanted *wanted);

#endif
