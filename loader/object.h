/* SPDX-License-Identifier: BSD-2-Clause */
/* The BPF object: the only user of the generated skeleton. Functions return 0 or a negative errno. */
#ifndef CRI_LOADER_OBJECT_H
#define CRI_LOADER_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "common/maps.h"
#include "loader/probe.h"

struct bpf_link;
struct btf;
struct object;

/* Keeps the last warning of libbpf. verbosity is bpf_log_level of the configuration: 0 prints nothing, 1 prints
 * warnings and the verifier's log of a failure to stderr, 2 everything. */
void object_log_init(unsigned int verbosity);
/* The last warning of libbpf, one line; "" when there was none. Valid until the next call of libbpf. */
const char *object_log_last(void);

/* Tries a rung: loads its programs with small maps of their own, attaches them, pins the links for a moment in pin_dir
 * (NULL: does not pin), and undoes all of it. kernel: the running kernel's types. 0 when all of this works. */
int object_try(const struct config *config, const struct probe_rung *rung, const struct btf *kernel, bool probe_read,
	       const char *pin_dir);

/* Loads and runs an iterator over tasks with small maps of its own. 0 when that works. */
int object_try_iterator(const struct config *config, const char *program);

/*
 * Opens, configures and loads the chosen programs. set: their value of map_info.set. skip_exits: the exit program ignores
 * processes whose pid is a multiple of it (for tests; 0: none). reuse_dir NULL: makes new maps of the configured sizes;
 * else uses the maps pinned there, with the sizes that they have (-EPROTO: a map has another layout, -ENOENT: one is
 * missing). The caller frees *ret with object_free(), which detaches every link that is not pinned.
 */
int object_load(const struct config *config, const struct probe_choices *choices, const struct map_info *info,
		uint64_t set, unsigned int skip_exits, const char *reuse_dir, struct object **ret);
void object_free(struct object *object);

/* Bytes of kernel memory that the maps of a load with these choices take on this host (map_memory.h). Loads nothing. */
int object_measure_maps(const struct config *config, const struct probe_choices *choices, uint64_t *ret);

/* The map with this pin name (common/pins.h). -ENOENT: there is none. The object owns the descriptor. */
int object_map_fd(const struct object *object, const char *name);
int object_pin_map(struct object *object, const char *name, const char *path);
int object_pin_program(struct object *object, const char *program, const char *path);
/* True when object_load() made the maps in pin_second_maps; false when they were pinned before, or there are none. */
bool object_second_maps_made(const struct object *object);

/* Runs an iterator over all tasks once. */
int object_run_iterator(struct object *object, const char *program);

/*
 * Attaches all programs of the chosen rung of one probe and calls publish for each link with its pin name: the
 * probe's, followed by the index of the program or the number of the CPU ("link_oom_kill", "link_oom_kill_1",
 * "link_memory_pressure_high_3"). A negative errno from publish ends the loop and is returned. The object owns the
 * links.
 */
typedef int object_publish(struct bpf_link *link, const char *name, void *context);
int object_attach(struct object *object, const struct config *config, enum probe_id probe,
		  const struct probe_choice *choice, object_publish *publish, void *context);

#endif
