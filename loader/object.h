/* SPDX-License-Identifier: BSD-2-Clause */
/* The BPF object: the only place that knows the skeleton. Failures are negative errno. */
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

/* Remembers libbpf's last complaint instead of printing it; verbosity: bpf_log_level of the
 * configuration, 0 to 2 (1, 2: the complaints and the verifier's log go to stderr). */
void object_log_init(unsigned int verbosity);
/* The last complaint, one line; "" when there was none. Valid until the next libbpf call. */
const char *object_log_last(void);

/* Loads, attaches and (pin_dir) pins one rung's programs on small maps of its own, then takes all of it
 * away again. kernel: the running kernel's types. */
int object_try(const struct config *config, const struct probe_rung *rung, const struct btf *kernel, bool probe_read,
	       const char *pin_dir);

/*
 * Opens, configures and loads the chosen programs with maps of the configured sizes. set: what they go by in
 * map_info.set. reuse_dir: take the maps pinned there instead of making new ones; their sizes stand. -EPROTO: one of
 * them has another layout. The caller frees with object_free, which detaches whatever was not pinned.
 */
int object_load(const struct config *config, const struct probe_choices *choices, const struct map_info *info,
		uint64_t set, const char *reuse_dir, struct object **ret);
void object_free(struct object *object);

/* By pin name (common/pins.h). -ENOENT for no such map. The descriptor belongs to the object. */
int object_map_fd(const struct object *object, const char *name);
int object_pin_map(struct object *object, const char *name, const char *path);

/*
 * Attaches all programs of the chosen rung of one probe and calls publish for each link, with its pin name
 * ("link_oom_kill", "link_oom_kill_1", "link_memory_pressure_high_3"). publish returns 0 or a negative
 * errno, which ends it; the link belongs to the object either way.
 */
typedef int object_publish(struct bpf_link *link, const char *name, void *context);
int object_attach(struct object *object, const struct config *config, enum probe_id probe,
		  const struct probe_choice *choice, object_publish *publish, void *context);

#endif
