/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What belongs to an event or a cgroup, joined the same way by the views and by the queries of the command line. A change
 * here changes the view v_events of new databases, hence SCHEMA_VERSION.
 */
#ifndef CRI_CONSUMER_STORE_EVENT_JOIN_H
#define CRI_CONSUMER_STORE_EVENT_JOIN_H

/* To a cgroup g: its container c and pod p. A cgroup below a container's may not have a pod of its own. */
#define CGROUP_JOIN                                            \
	" LEFT JOIN container c ON c.container = g.container" \
	" LEFT JOIN pod p ON p.pod = coalesce(g.pod, c.pod)"

/* To an event e: its type t, boot b, cgroup g, container c and pod p. */
#define EVENT_JOIN                                                                      \
	" LEFT JOIN type t ON t.type = e.type LEFT JOIN boot b ON b.boot = e.boot"     \
	" LEFT JOIN cgroup g ON g.cgroup = e.cgroup" CGROUP_JOIN

#endif
