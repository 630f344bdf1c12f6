/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sources of names: they say to which container and pod a cgroup belongs. A source is one file and one row of the table
 * in name_source.c. The first source that knows a cgroup decides, and its name is stored as meta_source.
 */
#ifndef CRI_CONSUMER_CONTAINER_NAMES_NAME_SOURCE_H
#define CRI_CONSUMER_CONTAINER_NAMES_NAME_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "consumer/container/names/cgroup_path.h"

/* What is known of a cgroup when its name is looked up. */
struct name_query {
	const char *path; /* as cgroup_path_parse takes it */
	size_t path_length;
	const char *containerd_namespaces;
};

struct name_source {
	const char *name; /* the word in the column meta_source */
	/* A directory that it reads while the recorder is in its sandbox; NULL: none. */
	const char *directory;
	/* Opens what cannot be opened in the sandbox. 0 or a negative errno. NULL: nothing. */
	int (*open)(void);
	/* False, with *ret unchanged: the source does not know the cgroup. */
	bool (*identify)(const struct name_query *query, struct cgroup_identity *ret);
	/* Whether its answers may have changed since the last call. NULL: they never change. */
	bool (*changed)(void);
};

extern const struct name_source name_source_cgroup_path;

/* Opens all sources, before the sandbox. 0, or the first error; *ret_failed: the name of that source. */
int name_source_open(const char **ret_failed);
/* Writes the directories of the sources and returns how many there are, of which at most `max` are written. */
size_t name_source_directories(const char **out, size_t max);
/* The name of the source that knows the cgroup, which has filled *ret. NULL: no source does. Static. */
const char *name_source_identify(const struct name_query *query, struct cgroup_identity *ret);
/* Whether any answer may have changed since the last call. */
bool name_source_changed(void);

#endif
