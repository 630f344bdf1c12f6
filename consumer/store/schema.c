/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/schema.h"

#include <stddef.h>

#include "consumer/store/event_join.h"

/* For the kind of event that a build with -DCRI_TEST_KIND has. */
#ifdef CRI_TEST_KIND
#define SCHEMA_OF_TESTS \
	"CREATE TABLE test(id INTEGER PRIMARY KEY, number INTEGER);INSERT INTO type VALUES(8, 'test');"
#else
#define SCHEMA_OF_TESTS
#endif

/*
 * event.id is the order of arrival; ring_rows.c assigns it and never reuses one. Side tables hold what only one
 * type has, under the same id; process_exit, by far the most frequent type, needs event alone. Indexes are few and
 * partial, because each slows down inserts.
 *
 * All times are nanoseconds since 1970 (UTC). kernfs ids and ring positions are unsigned 64 bits, kept as
 * SQLite's signed ones.
 *
 * ring       one row per ring ever read: every record before `position` is in this file
 * tally      records per ring and kind that were stored, rejected, or recorded as lost; retention does not change it
 * sequence   last sequence number seen per ring, CPU and kind, to detect missing records
 * container  one row per container instance; cgroup: its outermost; born: when that cgroup was created, started: its
 *            first exec, stopped: when the cgroup was removed; each NULL when it was not seen
 * oom        incident: the id of the first kill of the same decision of the OOM killer; decision: its boot time, NULL
 *            when not known; trigger_start: boot time at which the process started that ran out of memory
 * event      start: boot time at which the process started
 * lifecycle  inferred: the record was lost, but another event proves the start or the stop
 * cgroup     kind: 0 unknown, 1 none, 2 container, 3 pod, 4 infra
 * status     the state that the recorder last wrote, as JSON, and the mark of clean_stop.h
 */
const char schema_create[] =
	"CREATE TABLE boot(boot INTEGER PRIMARY KEY, boot_id TEXT NOT NULL UNIQUE);"
	"CREATE TABLE ring(generation INTEGER PRIMARY KEY, boot INTEGER NOT NULL, position INTEGER NOT NULL,"
	" next_id INTEGER NOT NULL, updated INTEGER NOT NULL);"
	"CREATE TABLE tally(generation INTEGER NOT NULL, kind INTEGER NOT NULL,"
	" stored INTEGER NOT NULL, rejected INTEGER NOT NULL, lost INTEGER NOT NULL DEFAULT 0,"
	" PRIMARY KEY(generation, kind)) WITHOUT ROWID;"
	"CREATE TABLE sequence(generation INTEGER NOT NULL, cpu INTEGER NOT NULL, kind INTEGER NOT NULL,"
	" seq INTEGER NOT NULL, time INTEGER NOT NULL, PRIMARY KEY(generation, cpu, kind)) WITHOUT ROWID;"
	"CREATE TABLE pod(pod INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, name TEXT, namespace TEXT, qos TEXT);"
	"CREATE TABLE container(container INTEGER PRIMARY KEY, boot INTEGER NOT NULL, id TEXT NOT NULL,"
	" runtime TEXT, name TEXT, image TEXT, pod INTEGER, outer_id TEXT, owner_uid INTEGER,"
	" delegated INTEGER NOT NULL DEFAULT 0, cgroup INTEGER, born INTEGER, started INTEGER, stopped INTEGER);"
	"CREATE TABLE cgroup(cgroup INTEGER PRIMARY KEY, boot INTEGER NOT NULL, hierarchy INTEGER NOT NULL,"
	" kernfs_id INTEGER NOT NULL, path TEXT, kind INTEGER NOT NULL, container INTEGER, pod INTEGER,"
	" meta_source TEXT NOT NULL, removed INTEGER, UNIQUE(boot, hierarchy, kernfs_id));"
	"CREATE TABLE event(id INTEGER PRIMARY KEY, type INTEGER NOT NULL, time INTEGER NOT NULL,"
	" boot INTEGER NOT NULL, cgroup INTEGER, pid INTEGER, ppid INTEGER, uid INTEGER, comm TEXT,"
	" status INTEGER, flags INTEGER, duration INTEGER, start INTEGER);"
	"CREATE TABLE oom(id INTEGER PRIMARY KEY, incident INTEGER NOT NULL, decision INTEGER, trigger_start INTEGER,"
	" rss_anon INTEGER, rss_file INTEGER, rss_shmem INTEGER, swap INTEGER, pgtables INTEGER, oom_score_adj INTEGER,"
	" trigger_pid INTEGER, trigger_comm TEXT, trigger_cgroup INTEGER, scope TEXT, limit_cgroup INTEGER,"
	" limit_bytes INTEGER, usage_bytes INTEGER, limit_source TEXT NOT NULL, group_kill INTEGER NOT NULL,"
	" chosen INTEGER NOT NULL);"
	"CREATE TABLE pressure(id INTEGER PRIMARY KEY, level TEXT NOT NULL, usage_bytes INTEGER, limit_bytes INTEGER,"
	" working_set INTEGER);"
	"CREATE TABLE fork(id INTEGER PRIMARY KEY, child_pid INTEGER NOT NULL, child_comm TEXT);"
	"CREATE TABLE lifecycle(id INTEGER PRIMARY KEY, container INTEGER NOT NULL, memory_limit INTEGER, peak INTEGER,"
	" oom_kills INTEGER, throttled INTEGER, inferred INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE gap(id INTEGER PRIMARY KEY, reason TEXT NOT NULL, lost_type INTEGER, lost INTEGER,"
	" from_time INTEGER, to_time INTEGER);"
	"CREATE TABLE status(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
	"INSERT INTO status VALUES('" SCHEMA_CLEAN_STOP "', '');"

	/* Common to all events. container_pk, cgroup_pk, boot: row numbers for joins. */
	"CREATE VIEW v_events AS SELECT e.id AS id, t.name AS type, e.type AS type_number, e.time AS time_unix_nano,"
	" b.boot_id AS boot_id, g.kernfs_id AS cgroup_id, g.path AS cgroup, c.id AS container_id, c.name AS container_name,"
	" c.runtime AS runtime, c.image AS image, c.owner_uid AS owner_uid, p.uid AS pod_uid, p.name AS pod_name,"
	" p.namespace AS namespace,"
	" g.meta_source AS meta_source, e.pid AS pid, e.ppid AS ppid, e.uid AS uid, e.comm AS comm,"
	" e.status AS wait_status, e.flags AS flags, e.duration AS duration_ns,"
	" g.container AS container_pk, e.cgroup AS cgroup_pk, e.boot AS boot"
	" FROM event e" EVENT_JOIN ";"
	"CREATE TABLE type(type INTEGER PRIMARY KEY, name TEXT NOT NULL);"
	"INSERT INTO type VALUES(1,'oom_kill'),(2,'memory_pressure'),(3,'process_exit'),(4,'process_fork'),"
	"(5,'container_start'),(6,'container_stop'),(7,'gap');"

	"CREATE VIEW v_oom AS SELECT v.*, o.incident AS incident, o.rss_anon AS victim_rss_anon_bytes,"
	" o.rss_file AS victim_rss_file_bytes, o.rss_shmem AS victim_rss_shmem_bytes, o.swap AS victim_swap_bytes,"
	" o.pgtables AS victim_pgtables_bytes, o.oom_score_adj AS oom_score_adj, o.trigger_pid AS trigger_pid,"
	" o.trigger_comm AS trigger_comm, tg.path AS trigger_cgroup, o.scope AS scope, lg.path AS limit_cgroup,"
	" o.limit_bytes AS limit_bytes, o.usage_bytes AS usage_bytes, o.limit_source AS limit_source,"
	" o.group_kill AS group_kill, o.chosen AS chosen"
	" FROM oom o JOIN v_events v ON v.id = o.id LEFT JOIN cgroup tg ON tg.cgroup = o.trigger_cgroup"
	" LEFT JOIN cgroup lg ON lg.cgroup = o.limit_cgroup;"

	/* exit_code NULL when a signal ended it. */
	"CREATE VIEW v_exit AS SELECT v.*, iif(wait_status & 127, NULL, (wait_status >> 8) & 255) AS exit_code,"
	" wait_status & 127 AS signal, (wait_status >> 7) & 1 AS core_dumped, flags & 1 AS oom_killed,"
	" iif(flags & 8, NULL, (flags >> 1) & 1) AS container_init, (flags >> 2) & 1 AS late FROM v_events v WHERE type_number = 3;"

	"CREATE VIEW v_pressure AS SELECT v.*, p.level AS level,"
	" CAST(p.usage_bytes AS REAL) / p.limit_bytes AS utilization, p.usage_bytes AS usage_bytes,"
	" p.limit_bytes AS limit_bytes, v.cgroup AS limit_cgroup, p.working_set AS working_set_bytes"
	" FROM pressure p JOIN v_events v ON v.id = p.id;"

	"CREATE VIEW v_lifecycle AS SELECT v.*, l.memory_limit AS memory_limit_bytes, l.inferred AS inferred, l.peak AS peak_bytes,"
	" l.oom_kills AS oom_kills, l.throttled AS cpu_throttled_ns FROM lifecycle l JOIN v_events v ON v.id = l.id;"

	"CREATE VIEW v_fork AS SELECT v.*, f.child_pid AS child_pid, f.child_comm AS child_comm"
	" FROM fork f JOIN v_events v ON v.id = f.id;"

	"CREATE VIEW v_gap AS SELECT v.*, a.reason AS reason, t.name AS lost_type, a.lost AS lost,"
	" a.from_time AS from_unix_nano, a.to_time AS to_unix_nano"
	" FROM gap a JOIN v_events v ON v.id = a.id LEFT JOIN type t ON t.type = a.lost_type;"

	/* One row per container instance. init_*: NULL unless the exit of its init process was seen. */
	"CREATE VIEW v_container AS SELECT c.container AS container_pk, c.id AS container_id, c.name AS container_name,"
	" c.runtime AS runtime, c.image AS image, c.owner_uid AS owner_uid, p.uid AS pod_uid, p.name AS pod_name,"
	" p.namespace AS namespace,"
	" p.qos AS qos, c.outer_id AS outer_id, b.boot_id AS boot_id, g.path AS cgroup, c.started AS started_unix_nano,"
	" c.stopped AS stopped_unix_nano,"
	" " SCHEMA_OOM_KILLS("") " AS oom_kills, " SCHEMA_INIT_EXIT("", "e.status") " AS init_wait_status, "
	SCHEMA_INIT_EXIT("", "e.flags & 1") " AS init_oom_killed"
	" FROM container c LEFT JOIN pod p ON p.pod = c.pod LEFT JOIN boot b ON b.boot = c.boot"
	" LEFT JOIN cgroup g ON g.cgroup = c.cgroup;" SCHEMA_OF_TESTS;
