/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The maps of the BPF object, by name: which are made, how large, and which pinned ones are used again. All of it before
 * the object is loaded. Functions that return an int: 0 or a negative errno.
 */
#ifndef CRI_LOADER_OBJECT_MAPS_H
#define CRI_LOADER_OBJECT_MAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config.h"

struct bpf_object;

/* Maps that only some rungs need. None is made unless object_maps_make() asks for it. */
enum object_maps_need {
	OBJECT_MAPS_KILL_NOTES,
	OBJECT_MAPS_SCANS,
	OBJECT_MAPS_SECOND, /* pin_second_maps */
};

void object_maps_make_none(struct bpf_object *object);
void object_maps_make(struct bpf_object *object, enum object_maps_need need);

/* The sizes of a load: by the configuration, and of LRU hashes by the number of CPUs. */
void object_maps_size_pinned(struct bpf_object *object, const struct config *config);
/* Of maps that are not pinned, which every set of programs has for itself. */
void object_maps_size_own(struct bpf_object *object);
/* Separate, because these maps may be new although the others are used again. */
void object_maps_size_second(struct bpf_object *object);
/* The smallest sizes that the kernel accepts, because a rung that is only tried should cost little. */
void object_maps_size_small(struct bpf_object *object);

/* Uses the maps of pin_maps that are pinned in dir, with the sizes that they have. -EPROTO: one has another layout,
 * -ENOENT: one is missing. */
int object_maps_reuse(struct bpf_object *object, const char *dir);
/* Uses the pinned maps of the second chance, or sizes new ones when there are none or dir is NULL. *ret_new: new. */
int object_maps_take_second(struct bpf_object *object, const char *dir, bool *ret_new);

/* Bytes of kernel memory that the maps take with their sizes on this host (map_memory.h). */
uint64_t object_maps_memory(const struct bpf_object *object);

#endif
