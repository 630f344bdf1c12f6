/* SPDX-License-Identifier: BSD-2-Clause */
/* Expressions about a container c, by partial indexes: what it did apart from this is not read. */
#ifndef CRI_CONSUMER_QUERY_CONTAINER_SQL_H
#define CRI_CONSUMER_QUERY_CONTAINER_SQL_H

/* `what` of the event e that was the last exit of the container's init; NULL when there was none. */
#define CONTAINER_INIT_EXIT(what)                                                                 \
	"(SELECT " what " FROM cgroup k JOIN event e INDEXED BY event_end ON e.cgroup = k.cgroup" \
	" WHERE k.container = c.container AND e.flags & 3 AND e.flags & 2 AND e.type = 3 ORDER BY e.id DESC LIMIT 1)"

#define CONTAINER_OOM_KILLS                                                                        \
	"(SELECT count(*) FROM cgroup k JOIN event e INDEXED BY event_kill ON e.cgroup = k.cgroup" \
	" WHERE k.container = c.container AND e.type = 1)"

#endif
