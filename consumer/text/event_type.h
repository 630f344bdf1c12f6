/* SPDX-License-Identifier: BSD-2-Clause */
/* Event types: numbers as stored, names as shown and as given on the command line. */
#ifndef CRI_CONSUMER_TEXT_EVENT_TYPE_H
#define CRI_CONSUMER_TEXT_EVENT_TYPE_H

#include "common/event.h"

/* TYPE_OOM_KILL = 1 and so on, from the table in common/event.h. 0: no type. */
enum event_type {
#define EVENT_TYPE_CONSTANT(number, NAME, name) TYPE_##NAME = (number),
	EV_TYPES(EVENT_TYPE_CONSTANT)
#undef EVENT_TYPE_CONSTANT
	TYPE_COUNT, /* size of tables indexed by type */
};

/* All names, in the order of their numbers, NULL-terminated. */
extern const char *const type_names[];
/* "oom_kill"; NULL for no such type. Static. */
const char *event_type_name(enum event_type type);
/* 0 for an unknown name. */
enum event_type event_type_from_name(const char *name);

/* Bits of the event.flags column. */
enum event_type_flags {
	EVENT_OOM_KILLED = 1 << 0,     /* process_exit: the OOM killer killed the process */
	EVENT_CONTAINER_INIT = 1 << 1, /* process_exit, container_start: the process is a container's init */
	EVENT_LATE = 1 << 2,           /* process_exit: the time is that of the release of the process */
	EVENT_INIT_UNKNOWN = 1 << 3,   /* process_exit: whether the process is a container's init is not known */
};

#endif
