/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Probes and their ladders: which BPF programs can observe a thing, best first. The rung is chosen by
 * trying on the running kernel (load, attach, pin), never by its version.
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
	PROBE_PROCESS_FORK,
	PROBE_CGROUP_MKDIR,
	PROBE_CGROUP_EXEC,
	PROBE_CGROUP_RMDIR,
	PROBE_COUNT,
};

#define PROBE_RUNGS    6
#define PROBE_PROGRAMS 3

struct probe_rung {
	const char *name;                     /* NULL: no further rung */
	const char *programs[PROBE_PROGRAMS]; /* all of them, or the rung does not hold */
	bool derived;    /* no program: another probe tells it */
	bool per_cpu;    /* a perf event clock on each CPU */
	bool exit_twice; /* two threads leaving together look like two exits */
	bool kill_noted; /* a mark without a kill can be told from a kill */
	bool needs_probe_read; /* without bpf_probe_read_kernel it would tell nothing */
};

struct probe {
	const char *name;
	size_t enabled;  /* offset of the bool in struct config */
	bool essential;  /* without it there is little to tell: check is unhealthy */
	struct probe_rung rungs[PROBE_RUNGS + 1];
};

extern const struct probe probes[PROBE_COUNT];

struct probe_choice {
	bool enabled;
	const struct probe_rung *rung;   /* NULL: none holds, or not enabled */
	int errors[PROBE_RUNGS];         /* negative errno of each rung that was tried and refused */
};

struct probe_choices {
	struct probe_choice probe[PROBE_COUNT];
	bool probe_read; /* bpf_probe_read_kernel is allowed */
};

/*
 * Tries every enabled probe's rungs in order. pin_dir: a writable directory on bpffs to try pinning in, or
 * NULL. forced: "PROBE=RUNG" words that leave only that rung, for tests; NULL-terminated or NULL.
 * 0; -EINVAL when a forced word names no such probe or rung; or why the kernel's types cannot be read.
 */
int probe_choose(const struct config *config, const char *pin_dir, const char *const *forced,
		 struct probe_choices *ret);

/* False for a rung not worth a line: of two forms of it for different kernels the one whose function is not there. */
bool probe_rung_is_told(const struct probe *probe, const struct probe_choice *choice, size_t rung);

/* Why a rung was refused, for people. Static. */
const char *probe_reason(int error);

#endif
