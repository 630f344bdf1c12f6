/* SPDX-License-Identifier: BSD-2-Clause */
/* Event types as people and JSON name them; stored as numbers, so a number is never reused. */
#ifndef CRI_CONSUMER_TEXT_EVENT_TYPE_H
#define CRI_CONSUMER_TEXT_EVENT_TYPE_H

enum event_type {
	TYPE_OOM_KILL = 1,
	TYPE_MEMORY_PRESSURE = 2,
	TYPE_PROCESS_EXIT = 3,
	TYPE_PROCESS_FORK = 4,
	TYPE_CONTAINER_START = 5,
	TYPE_CONTAINER_STOP = 6,
	TYPE_GAP = 7,
	TYPE_COUNT = 8,
};

/* All of them, in this order, NULL-terminated. */
extern const char *const type_names[];
/* "oom_kill"; NULL for no such type. Static. */
const char *event_type_name(enum event_type type);
/* 0 for an unknown name. */
enum event_type event_type_from_name(const char *name);
/* The type whose counters a record kind (enum ev_kind) is counted under; 0 for an unknown kind. */
enum event_type event_type_of_kind(unsigned int kind);

/* Bits of the event.flags column. */
enum event_type_flags {
	EVENT_OOM_KILLED = 1 << 0,      /* process_exit */
	/* process_exit: of a container's init; container_start: by the exec of it */
	EVENT_CONTAINER_INIT = 1 << 1,
};

#endif
