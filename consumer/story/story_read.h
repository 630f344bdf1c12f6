/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the story of what the user named from the database. */
#ifndef CRI_CONSUMER_STORY_STORY_READ_H
#define CRI_CONSUMER_STORY_STORY_READ_H

#include "consumer/query/filter.h"
#include "consumer/store/db.h"
#include "consumer/story/story.h"

#define STORY_PLACES 256

/* Where the events of a story are. */
struct story_place {
	int64_t container; /* number of its row, 0: none */
	int64_t pod;	   /* number of its row, 0: none */
	int64_t boot;	   /* number of its row: gaps of other boots do not concern the story */
	int64_t cgroups[STORY_PLACES];
	size_t cgroup_count;
	int64_t since, until; /* only events from and up to these times, and the start of a container before them */
};

/*
 * Finds the subject that the word names, within the filter's times and boot, in this order: a container by id, id prefix
 * (4 hex digits or more), name or [ns/]pod/container; a pod by name, ns/pod or uid prefix, of which it takes the
 * container that was OOM-killed last, else failed last, else ran last; a cgroup path or a component of one, such as a
 * unit's name; a process id. Of several instances it takes the latest and lists the others.
 *
 * Returns 1 and fills the identity, times and others of *story (zeroed before) and *place; 0: nothing
 * matches; -ERROR_AMBIGUOUS: an id prefix matches several containers or pods, which message lists; else negative errno.
 */
int story_find(struct db *db, const struct filter *filter, const char *word, struct story *story,
	       struct story_place *place, char *message, size_t message_size);

/* Reads the events, counts and gaps of the story. 0 or negative errno. */
int story_read(struct db *db, const struct story_place *place, struct story *story);

#endif
