/* SPDX-License-Identifier: BSD-2-Clause */
/* The layout of the database as SQL text. Tables are private; the views named v_* are a public interface. */
#ifndef CRI_CONSUMER_STORE_SCHEMA_H
#define CRI_CONSUMER_STORE_SCHEMA_H

#define SCHEMA_APPLICATION_ID 0x63726542 /* "creB" */
#define SCHEMA_VERSION        2 /* raised with every change of a table or view: schema_check.h compares exactly */
/* Key in the table status of the mark of clean_stop.h. */
#define SCHEMA_CLEAN_STOP     "clean_stop"

/*
 * Expressions about a container c. index: " INDEXED BY NAME" for the events e, or "" in a view, which must work without
 * an index. `what`: of the last exit of the container's init process; NULL when that was not seen.
 */
#define SCHEMA_INIT_EXIT(index, what)                                              \
	"(SELECT " what " FROM cgroup k JOIN event e" index " ON e.cgroup = k.cgroup" \
	" WHERE k.container = c.container AND e.flags & 3 AND e.flags & 2 AND e.type = 3 ORDER BY e.id DESC LIMIT 1)"
#define SCHEMA_OOM_KILLS(index)                                                      \
	"(SELECT count(*) FROM cgroup k JOIN event e" index " ON e.cgroup = k.cgroup" \
	" WHERE k.container = c.container AND e.type = 1)"

/* Creates everything but the indexes (schema_index.h) in an empty database. */
extern const char schema_create[];

#endif
