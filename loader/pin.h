/* SPDX-License-Identifier: BSD-2-Clause */
/* The pin directory and the pins in it. Functions return 0 or a negative errno unless stated otherwise. */
#ifndef CRI_LOADER_PIN_H
#define CRI_LOADER_PIN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/maps.h"

/* The pin directory is the current directory. Pins are found below PIN_HERE, so that the user whom the loader has become
 * needs no search permission on the parents (systemd mounts bpffs with mode 0700). */
#define PIN_HERE "."

/* A descriptor of the directory. -ENOENT: it does not exist. */
int pin_dir_open(const char *dir);

/*
 * For root: makes the directory with mode 2750 for owner:group. A directory that exists and belongs to owner gets that
 * group and mode. Without CAP_CHOWN, owner must be the caller and group one of the caller's groups (-EPERM). Mounts
 * nothing. -ENOTTY: the directory would not be on bpffs. -EEXIST: it exists and belongs to another user, or is the
 * root of bpffs. -EINVAL: the path ends in ".", ".." or "/".
 */
int pin_dir_prepare(const char *dir, uid_t owner, gid_t group);

/* Checks that only this user can pin in the current directory. -ENOTTY: it is not on bpffs. -EACCES: it belongs to
 * another user. -EMEDIUMTYPE: it is not setgid, or writable for group or others. */
int pin_dir_check(void);
/* -EUCLEAN: an entry of the current directory belongs to another user. */
int pin_dir_check_entries(void);

/* -ENOTTY when the current directory is not on bpffs. */
int pin_dir_is_bpffs(void);

/* Maps that no process can change any more, for good (BPF_MAP_FREEZE); BPF programs still write them. The ring's group
 * may open two maps for writing, and so freeze them. */
struct pin_frozen {
	size_t count;
	const char *names[2], *consequences[2];
};
void pin_find_frozen(const char *dir, struct pin_frozen *ret);
/* Logs for each what follows and what to do; end: the end of the sentence. */
void pin_log_frozen(const char *shown, const struct pin_frozen *frozen, const char *end);

/* Names of all pinned maps: for the recorder, and for programs that replace these. `info` is last. */
#define PIN_MAPS 6
extern const char *const pin_maps[PIN_MAPS];
/* Names of the maps that exist only with a second chance for exits (common/maps.h, `exited`). */
#define PIN_SECOND_MAPS 2
extern const char *const pin_second_maps[PIN_SECOND_MAPS];

/* Reads or writes the value of the info map pinned in dir. -ENOENT: nothing is loaded. -EPROTO: the map has another
 * layout. */
int pin_read_info(const char *dir, struct map_info *ret);
int pin_write_info(const char *dir, const struct map_info *info);

/* Names of the pins that this run has made, in order, so that they can be removed again. */
struct pin_set {
	const char *dir;
	size_t count;
	struct {
		char name[NAME_MAX + 1];
	} *names;
};
/* Adds a pin that exists and gives it the mode (chmod(2)). On failure the pin is removed or in the set. */
int pin_set_add(struct pin_set *set, const char *name, mode_t mode);
/* Removes the pins of the set, last first, and empties the set. Ignores errors. */
void pin_set_undo(struct pin_set *set);
void pin_set_free(struct pin_set *set);

/* Writes "dir/name" to out. -ENAMETOOLONG. */
int pin_path(char *out, size_t size, const char *dir, const char *name);

/* Calls visit for each name in dir, in no particular order. A non-zero result of visit ends the loop and is
 * returned. */
int pin_each(const char *dir, int (*visit)(const char *name, void *context), void *context);

/* Removes all pins with names of common/pins.h from the current directory, links and programs first. Returns their number. Other
 * entries stay. */
int pin_remove_all(void);

/* Removes pins from the current directory that a killed loader of this user or of root made while it tried rungs. The
 * caller holds the lock, so that no other loader tries any. */
int pin_remove_tries(void);

/* True when the name is that of a pinned link or program: what a replacement swaps. */
bool pin_is_swapped(const char *name);

/* True when the name is in pin_second_maps, or one of these with PIN_NEW_SUFFIX. */
bool pin_is_second_map(const char *name);

/* True when the pin is a link that is still attached to its hook. Needs CAP_BPF or read permission. */
bool pin_link_is_attached(const char *dir, const char *name);

#endif
