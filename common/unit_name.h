/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Recognises the cgroups of plain systemd units, which are the host's own. The loader uses it for the cgroups that
 * exist, the BPF programs for new ones, so that a booting host does not fill the ring before the recorder runs. False
 * when in doubt: events of an unknown cgroup are recorded.
 */
#ifndef CRI_COMMON_UNIT_NAME_H
#define CRI_COMMON_UNIT_NAME_H

#include <stdbool.h>

#include "common/limits.h"

static inline __attribute__((always_inline)) bool unit_name_ends(const char *name, unsigned int length,
								 const char *suffix, unsigned int size)
{
	if (length <= size || length >= LIMIT_NAME)
		return false;
	for (unsigned int i = 0; i < size; i++)
		if (name[(length - size + i) & (LIMIT_NAME - 1)] != suffix[i])
			return false;
	return true;
}

static inline __attribute__((always_inline)) bool unit_name_begins(const char *name, const char *prefix,
								   unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		if (name[i] != prefix[i])
			return false;
	return true;
}

/* name: LIMIT_NAME bytes can be read. length: without NUL. */
static inline __attribute__((always_inline)) bool unit_name_is_host(const char *name, unsigned int length)
{
	/* SLICE:PREFIX:ID is how a runtime on cgroupfs names a container below a systemd slice. */
	for (unsigned int i = 0; i < LIMIT_NAME && i < length; i++)
		if (name[i] == ':')
			return false;
	if (unit_name_begins(name, "systemd-nspawn@", 15))
		return false;
	return unit_name_begins(name, "session-", 8) || unit_name_begins(name, "user@", 5) ||
	       unit_name_ends(name, length, ".service", 8) || unit_name_ends(name, length, ".slice", 6);
}

#endif
