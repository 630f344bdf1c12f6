/* SPDX-License-Identifier: BSD-2-Clause */
/* Expressions about a container c. They use partial indexes, so its other events are not read. */
#ifndef CRI_CONSUMER_QUERY_CONTAINER_SQL_H
#define CRI_CONSUMER_QUERY_CONTAINER_SQL_H

#include "consumer/query/access_path.h"

#define CONTAINER_EVENTS(index, condition)                                      \
	" FROM cgroup k JOIN event e" index " ON e.cgroup = k.cgroup WHERE k.container = c.container" condition

/* `what` of the event e that was the last exit of the container's init; NULL when there was none. */
#define CONTAINER_INIT_EXIT(what)                                              \
	"(SELECT " what CONTAINER_EVENTS(INDEX_END, CONDITION_END)             \
	" AND e.flags & 2 AND e.type = 3 ORDER BY e.id DESC LIMIT 1)"

#define CONTAINER_OOM_KILLS "(SELECT count(*)" CONTAINER_EVENTS(INDEX_KILL, CONDITION_KILL) ")"

#endif
