/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Probes and their rungs. A probe is one thing to observe; its rungs are the ways to do so, each a set of BPF
 * programs, best first. The rung is chosen by trying it on the running kernel (load, attach, pin), never by the
 * kernel's version.
 */
#ifndef CRI_LOADER_PROBE_H
#define CRI_LOADER_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/config.h"

enum probe_id {
	PROBE_OOM_KILL,
	PROBE_PRESSURE_HIGH,
	PROBE_PRESSURE_LIMIT,
	PROBE_PROCESS_EXIT,
	PROBE_PROCESS_EXIT_LATE,
	PROBE_PROCESS_FORK,
	PROBE_CGROUP_MKDIR,
	PROBE_CGROUP_EXEC,
	PROBE_CGROUP_RMDIR,
	PROBE_COUNT,
};

#define PROBE_RUNGS    6
#define PROBE_PROGRAMS 3

struct probe_rung {
	const char *name;                     /* NULL ends the table */
	const char *programs[PROBE_PROGRAMS]; /* all must work; attached last first */
	const char *before; /* an iterator that is run once before any program is attached; NULL: none */
	bool derived;    /* no program: the events come from the programs of PROBE_OOM_KILL */
	bool per_cpu;    /* attached to a perf clock event on each CPU */
	bool exit_twice; /* two threads that exit together may both look like the last one */
	bool kill_noted; /* distinguishes a mark without a kill from a kill */
	bool kill_seen;  /* `seen` gets every process before it is killed */
	bool scans;      /* needs the map in which scans are noted */
	bool second_chance; /* needs the maps in which exits are noted */
	bool needs_probe_read; /* useless where bpf_probe_read_kernel() is refused */
};

struct probe {
	const char *name;
	size_t enabled;  /* offset of the bool in struct config */
	bool essential;  /* "check" is unhealthy when no rung works */
	bool if_preempted; /* tried only where tracepoints can be preempted, or when its rung is forced */
	const char *program_pin; /* pin name of the rung's first program, whose skipped events are counted; NULL: none */
	struct probe_rung rungs[PROBE_RUNGS + 1];
};

extern const struct probe probes[PROBE_COUNT];

struct probe_choice {
	bool enabled;
	bool unneeded;                   /* this kernel does not need it: no rung was tried */
	const struct probe_rung *rung;   /* NULL: none works, unneeded, or not enabled */
	int errors[PROBE_RUNGS];         /* of each rung that was tried and does not work, a negative errno */
};

struct probe_choices {
	struct probe_choice probe[PROBE_COUNT];
	bool probe_read; /* bpf_probe_read_kernel is allowed */
	bool preempted;  /* tracepoints can be preempted */
	bool iterators;  /* iterators over tasks work */
};

/*
 * Tries the rungs of every enabled probe in order. pin_dir: a writable directory on bpffs in which pinning is tried,
 * or NULL. forced: NULL-terminated words "PROBE=RUNG", or NULL; such a probe may use only that rung (for tests). 0, or
 * a negative errno: the kernel's types cannot be read.
 */
int probe_choose(const struct config *config, const char *pin_dir, const char *const *forced,
		 struct probe_choices *ret);

/* The first of the forced words that names no probe with a rung of its; NULL: all do. Reads only the table. */
const char *probe_find_wrong(const char *const *forced);

/* True when a forced word names this probe. */
bool probe_is_forced(const char *const *forced, const char *probe);

/* False for a rung that reports leave out: of two forms of a rung for different kernels, the one whose function does
 * not exist here. */
bool probe_rung_is_reported(const struct probe *probe, const struct probe_choice *choice, size_t rung);

/* The rung as the info map and reports name it: its name, INFO_RUNG_OFF, INFO_RUNG_UNNEEDED, or none when no rung works.
 * The text is static. */
const char *probe_rung_shown(const struct probe_choice *choice, const char *none);

/* Why a rung does not work, as a static sentence. error: a negative errno. */
const char *probe_reason(int error);

#endif
