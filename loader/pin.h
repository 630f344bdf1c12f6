/* SPDX-License-Identifier: BSD-2-Clause */
/* The pin directory: made, checked, filled all-or-nothing, emptied. Failures are negative errno. */
#ifndef CRI_LOADER_PIN_H
#define CRI_LOADER_PIN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/maps.h"

/* The current directory, once pin_dir_enter() has made it the pin directory: its parents need not be passable
 * then for whoever the loader has become (systemd mounts bpffs with mode 0700). */
#define PIN_HERE "."
int pin_dir_enter(const char *dir);

/*
 * Root only: mounts nothing, makes the directory 2750 owner:group if it is missing and gives it to them; one that is
 * there and the owner's gets that group and mode. Without CAP_CHOWN the owner must be the caller and the group one
 * of its own (-EPERM). -ENOTTY: the place is not on bpffs. -EEXIST: it is there and belongs to somebody else, or is
 * the root of bpffs. -EINVAL: its path does not end in a name.
 */
int pin_dir_prepare(const char *dir, uid_t owner, gid_t group);

/* Of the directory entered: 0 when we may pin there and nobody else may: our own, setgid, not writable for group
 * or others, on bpffs, and all that is in it is our own. -ENOTTY (not bpffs), -EACCES (not ours), -EMEDIUMTYPE (wrong
 * mode), -EUCLEAN (somebody else's pins). */
int pin_dir_check(void);

/* Of the directory entered: 0, or -ENOTTY when it is not on bpffs. */
int pin_dir_is_bpffs(void);

/* Every map that the loader pins, for the recorder or for the next set of programs; info last. */
#define PIN_MAPS 6
extern const char *const pin_maps[PIN_MAPS];

/* The info map pinned there. -ENOENT: nothing is loaded. -EPROTO: another layout. */
int pin_read_info(const char *dir, struct map_info *ret);
int pin_write_info(const char *dir, const struct map_info *info);

/* What this run has pinned, in order, to take it back. */
struct pin_set {
	const char *dir;
	size_t count;
	struct {
		char name[NAME_MAX + 1];
	} *names;
};
/* Remembers the name. mode as chmod(2). */
int pin_set_add(struct pin_set *set, const char *name, mode_t mode);
/* Unlinks what the set holds, last first; errors do not stop it. */
void pin_set_undo(struct pin_set *set);
void pin_set_free(struct pin_set *set);

/* dir/name; -ENAMETOOLONG. */
int pin_path(char *out, size_t size, const char *dir, const char *name);

/* Calls visit for each name in dir, in no order; a non-zero result ends it. */
int pin_each(const char *dir, int (*visit)(const char *name, void *context), void *context);

/* Removes everything in the entered directory that has one of our names, links first; whatever else is there
 * stays. Returns how many pins were removed. */
int pin_remove_all(void);

/* Removes what a loader that is gone was trying in the entered directory. */
int pin_remove_tries(void);

/* Is this pin a link that is still attached to its hook? Needs CAP_BPF or read permission. */
bool pin_link_is_attached(const char *dir, const char *name);

#endif
